"""Between the two versions of the control plane: which fields lie one level deeper."""

from kongadmin.dialects.kubernetes.kinds import Kind

REQUEST = "createControlPlaneRequest"
# Fields of v1alpha1's spec that v1alpha2 keeps below `createControlPlaneRequest`.
MOVED = (
    "name",
    "description",
    "cluster_type",
    "auth_type",
    "cloud_gateway",
    "labels",
    "proxy_urls",
)


def convert(body: dict, source: Kind, target: Kind) -> dict:
    """Return a body of one version in another; itself where they do not differ."""
    if source.schema == target.schema or "spec" not in body:
        return body
    spec = body["spec"]
    deepen = target.version == "v1alpha2"
    return {**body, "spec": deeper(spec) if deepen else flatter(spec)}


def deeper(spec: dict) -> dict:
    """v1alpha1 → v1alpha2."""
    moved = {name: spec[name] for name in MOVED if name in spec}
    rest = {name: value for name, value in spec.items() if name not in MOVED}
    return {**rest, REQUEST: moved} if moved else rest


def flatter(spec: dict) -> dict:
    """v1alpha2 → v1alpha1."""
    rest = {name: value for name, value in spec.items() if name != REQUEST}
    return {**rest, **(spec.get(REQUEST) or {})}
