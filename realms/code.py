"""What one can do to realms and control planes, as acts for `As code`."""

from typing import Any

from kongadmin.manager.code import Act, Verb
from realms.models import ControlPlane, Place, Realm

PATHS = {"realms": "/v1/realms", "control_planes": "/v2/control-planes"}
PLANE_FIELDS = (
    *("name", "description", "labels", "proxy_urls"),
    *("auth_type", "cluster_type"),
)


def list_of(kind: str) -> Act:
    return Act(Verb.LIST, kind, PATHS[kind], None)


def on_realm(verb: Verb, realm: Realm, values: dict[str, Any] | None = None) -> Act:
    """Return what is done to a realm; `values` are those typed so far, if any."""
    return on_place(verb, "realms", realm, values or values_of_realm(realm))


def values_of_realm(realm: Realm) -> dict[str, Any]:
    given = {"name": realm.name} | allowing(
        realm.allow_all_control_planes, realm.allowed_control_planes
    )
    names = ("ttl", "negative_ttl", "consumer_groups")
    return given | {name: getattr(realm, name) for name in names}


def allowing(everyone: bool, planes: list[str]) -> dict[str, Any]:
    """Return who may use a realm; a list counts only where not everyone may."""
    listed = {} if everyone else {"allowed_control_planes": planes}
    return {"allow_all_control_planes": everyone, **listed}


def on_plane(
    verb: Verb, plane: ControlPlane, values: dict[str, Any] | None = None
) -> Act:
    """Return what is done to a control plane; its kind is chosen once."""
    stored = {name: getattr(plane, name) for name in PLANE_FIELDS}
    fixed = {"cluster_type"} if verb == Verb.CHANGE else set()
    return on_place(verb, "control_planes", plane, values or stored, fixed)


def on_place(
    verb: Verb, kind: str, place: Place, values: dict, unsent: set[str] = frozenset()
) -> Act:
    is_new = verb == Verb.CREATE
    path = PATHS[kind] if is_new else f"{PATHS[kind]}/{place.pk}"
    said = values if verb == Verb.CHANGE else {n: v for n, v in values.items() if v}
    return Act(
        verb,
        kind,
        path,
        None,
        said,
        id="" if is_new else str(place.pk),
        name=values.get("name") or "",
        sends={n: v for n, v in said.items() if n not in unsent},
    )
