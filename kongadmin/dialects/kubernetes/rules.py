"""What no schema can say: the rules that Kong's resources carry, by name.

Each gets the value that it stands at, and the one there before or None, and yields the
messages of what is wrong; a pair gives the field and its whole message. Contract
kubernetes.md §1.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any

from kongadmin.dialects.kubernetes.paths import at

type Found = Iterator[str | tuple[str, str]]
REF = "spec.controlPlaneRef"
NAMED_REF = "konnectNamespacedRef"
ORIGIN, MIRROR = "Origin", "Mirror"
LONGEST_TAG = 128
TOKENS = ("kpat_", "spat_")


def tag_lengths(tags: list[str], old: Any) -> Found:
    if not all(1 <= len(tag) <= LONGEST_TAG for tag in tags):
        yield "tags entries must not be longer than 128 characters"


def control_plane_ref(ref: dict, old: Any) -> Found:
    """One rule for each type: what it needs, and what it must not have."""
    kind = ref.get("type")
    if kind == "konnectID":
        yield "'konnectID' type is not supported"
    needed = {"konnectID": "konnectID", NAMED_REF: NAMED_REF}.get(kind)
    if needed and needed not in ref:
        yield f"when type is {kind}, {needed} must be set"
    for name in ("konnectID", NAMED_REF):
        if name != needed and name in ref:
            yield f"when type is {kind}, {name} must not be set"


def is_named(consumer: dict, old: Any) -> Found:
    if "username" not in consumer and "custom_id" not in consumer:
        yield "Need to provide either username or custom_id"


def control_plane_ref_kept(thing: dict, old: Any) -> Found:
    if at(old, REF) and not at(thing, REF):
        yield "controlPlaneRef is required once set"


def control_plane_ref_within(thing: dict, old: Any) -> Found:
    if at(thing, f"{REF}.{NAMED_REF}.namespace"):
        yield "spec.controlPlaneRef cannot specify namespace for namespaced resource"


def is_programmed(thing: Any) -> bool:
    conditions = at(thing, "status.conditions") or ()
    return any(
        one.get("type") == "Programmed" and one.get("status") == "True"
        for one in conditions
    )


def immutable(path: str) -> Callable[[dict, Any], Found]:
    """Return the rule that what is at `path` stays while the object is Programmed."""

    def rule(thing: dict, old: Any) -> Found:
        if is_programmed(old) and at(thing, path) != at(old, path):
            yield f"{path} is immutable when an entity is already Programmed"

    return rule


def rsa_public_key(spec: dict, old: Any) -> Found:
    is_shared = spec.get("algorithm", "HS256").startswith("HS")
    if not is_shared and not spec.get("rsa_public_key"):
        yield (
            "spec.rsa_public_key is required when algorithm is RS*, ES*, PS* or EdDSA*"
        )


def api_token(spec: dict, old: Any) -> Found:
    token = spec.get("token")
    if spec["type"] == "token":
        if not token:
            yield "spec.token is required if auth type is set to token"
        elif not token.startswith(TOKENS):
            yield "Konnect tokens have to start with spat_ or kpat_"
    elif not at(spec, "secretRef.name"):
        yield "spec.secretRef is required if auth type is set to secretRef"


def control_plane_source(plane: dict, old: Any) -> Found:
    """Judge a control plane in either version: made here, or one that is mirrored."""
    spec, before = plane.get("spec") or {}, at(old, "spec") or {}
    given = fields_of(spec)
    if spec.get("source", ORIGIN) == ORIGIN:
        if not given.get("name"):
            yield "spec.name must be set when spec.source is Origin"
        if "mirror" in spec:
            yield "mirror field cannot be set when source is Origin"
    else:
        if "mirror" not in spec:
            yield "mirror field must be set when source is Mirror"
        if given:
            yield "spec.createControlPlaneRequest fields cannot be set for type Mirror"
    if before and spec.get("source", ORIGIN) != before.get("source", ORIGIN):
        yield "spec.source is immutable"
    if before and given.get("cluster_type") != fields_of(before).get("cluster_type"):
        yield "spec.cluster_type is immutable"


def fields_of(spec: dict) -> dict:
    """Return what the control plane shall be; one version keeps it a level deeper."""
    common = ("source", "mirror", "konnect", "createControlPlaneRequest")
    deeper = spec.get("createControlPlaneRequest") or {}
    return deeper | {name: spec[name] for name in spec if name not in common}


def is_base64(secret: dict, old: Any) -> Found:
    for name, value in (secret.get("data") or {}).items():
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            yield f"data.{name}", "Invalid value: illegal base64 data"


def secret_type(secret: dict, old: Any) -> Found:
    if old and secret.get("type") != old.get("type"):
        yield "type", f'Invalid value: "{secret.get("type")}": field is immutable'


def secret_immutable(secret: dict, old: Any) -> Found:
    if not (old and old.get("immutable")):
        return
    why = "field is immutable when `immutable` is set"
    if not secret.get("immutable"):
        yield "immutable", f"Forbidden: {why}"
    if secret.get("data") != old.get("data"):
        yield "data", f"Forbidden: {why}"


RULES: dict[str, Callable[[Any, Any], Found]] = {
    "api_token": api_token,
    "base64": is_base64,
    "consumer_ref_programmed": immutable("spec.consumerRef"),
    "control_plane_ref": control_plane_ref,
    "control_plane_ref_kept": control_plane_ref_kept,
    "control_plane_ref_programmed": immutable(REF),
    "control_plane_ref_within": control_plane_ref_within,
    "control_plane_source": control_plane_source,
    "is_named": is_named,
    "rsa_public_key": rsa_public_key,
    "secret_immutable": secret_immutable,
    "secret_type": secret_type,
    "tag_lengths": tag_lengths,
}
