"""Where key-auth looks keys up, in words: its `identity_realms`. Data-plane §1.4."""

from collections.abc import Iterable, Mapping
from typing import Any

from realms.models import ControlPlane, Realm

CONTROL_PLANE = {"scope": "cp", "id": None, "region": None}
NO_SOURCE = "No source: every key fails."


def sources_of(config: Mapping[str, Any]) -> list[dict]:
    """Return the sources of a key-auth plugin; null stands for the control plane."""
    sources = config.get("identity_realms", [CONTROL_PLANE])
    return [CONTROL_PLANE] if sources is None else sources


def realms_named(sources: Iterable[dict]) -> dict[str, Realm]:
    """Return the realms that sources name and that there are, by id; one query."""
    ids = {source["id"].lower() for source in sources if source.get("id")}
    rows = Realm.objects.filter(pk__in=ids) if ids else ()
    return {str(realm.pk): realm for realm in rows}


def name_of(source: dict, realms: Mapping[str, Realm], plane: str) -> str:
    """Return what a source is called in a sentence; `plane` is the control plane."""
    if source.get("scope") != "realm":
        return plane
    id_ = (source.get("id") or "").lower()
    return f"realm {realms.get(id_, id_)}" if id_ else "a realm that is not chosen yet"


def order_in_words(
    sources: list[dict], realms: Mapping[str, Realm], plane: str = "this control plane"
) -> str:
    """Say in what order sources are asked, and what that means."""
    names = [name_of(source, realms, plane) for source in sources]
    if not names:
        return NO_SOURCE
    if len(names) == 1:
        is_realm = sources[0].get("scope") == "realm"
        rest = f": keys of {plane} are not known" if is_realm else ""
        return f"Only {names[0]} is asked{rest}."
    first, *others = names
    then = ", ".join(f"then {name}" for name in others)
    return f"First {first} is asked, {then}; the first that knows the key wins."


def asked(config: Mapping[str, Any], plane: ControlPlane) -> dict[str, Any]:
    """Return where a key-auth plugin looks keys up; one query, if it names realms.

    `places` are the sources in words, in order, each with its realm if there is one in
    the region; `order` and `warnings` are sentences.
    """
    sources = sources_of(config)
    realms = realms_named(sources)
    here = {id_: realm for id_, realm in realms.items() if realm.region == plane.region}
    names = [name_of(source, realms, "this control plane") for source in sources]
    found = [here.get((source.get("id") or "").lower()) for source in sources]
    return {
        "places": list(zip(names, found, strict=True)),
        "order": order_in_words(sources, realms),
        "warnings": warnings(sources, realms, plane),
    }


def warnings(
    sources: list[dict], realms: Mapping[str, Realm], plane: ControlPlane
) -> list[str]:
    """Say which realms among the sources know no key here, and why."""
    found = [(s, realms.get((s.get("id") or "").lower())) for s in sources]
    return [
        text
        for source, realm in found
        if source.get("scope") == "realm" and source.get("id")
        for text in [_trouble(source, realm, plane)]
        if text
    ]


def _trouble(source: dict, realm: Realm | None, plane: ControlPlane) -> str:
    if realm is None:
        return f"There is no realm {source['id']} any more: no key is found there."
    if not realm.allows(plane.pk):
        return f"Realm {realm} does not allow {plane}: no key is found there."
    region = source.get("region") or plane.region
    if {region, realm.region} != {plane.region}:
        away = region if realm.region == plane.region else realm.region
        return f"Realm {realm} is asked in region {away}, not in {plane.region}."
    return ""
