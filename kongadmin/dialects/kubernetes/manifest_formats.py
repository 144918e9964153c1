"""The formats that this dialect adds to those that documents come in."""

from functools import partial

from kongadmin.declarative.formats import Format
from kongadmin.dialects.kubernetes.manifests import NAME, read, recognises
from kongadmin.dialects.kubernetes.manifests_written import write

OPERATOR = Format(
    name=NAME,
    label="Kubernetes manifests",
    extension="yaml",
    content_type="application/yaml",
    recognises=recognises,
    read=read,
    write=write,
)
INGRESS = Format(
    name=f"{NAME}-ingress",
    label="Kubernetes manifests for the Ingress Controller",
    extension="yaml",
    content_type="application/yaml",
    recognises=lambda beginning, filename: False,  # both forms are read alike
    write=partial(write, is_ingress=True),
)
