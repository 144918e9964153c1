"""What Kong's custom resources are in Kong's own terms: pure functions of an object.

An object here is anything that has a stored object's name, namespace, uid, generation,
labels, annotations, body and kind. Contract kubernetes.md §1.3 and §4.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from consumers.credentials import CREDENTIALS, CredentialType
from kongadmin.managed import ORIGIN

CONSUMERS, GROUPS = "kongconsumers", "kongconsumergroups"
PLANES, SECRETS = "konnectgatewaycontrolplanes", "secrets"
AUTHORITIES = "konnectapiauthconfigurations"
INGRESS_CLASS, OUR_CLASS = "kubernetes.io/ingress.class", "kong"
TAGS, TTL = "konghq.com/tags", "konghq.com/ttl"
SECRET_LABEL = "konghq.com/credential"  # noqa: S105
MOST_TAGS, LONGEST_TAG = 20, 128
# The kinds of credentials that objects are made of, by plural: the type, its fields.
CREDENTIAL_FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "kongcredentialacls": ("acl", ("group",)),
    "kongcredentialapikeys": ("key-auth", ("key",)),
    "kongcredentialbasicauths": ("basic-auth", ("username", "password")),
    "kongcredentialhmacs": ("hmac-auth", ("username", "secret")),
    "kongcredentialjwts": ("jwt", ("key", "secret", "algorithm", "rsa_public_key")),
}
PLURALS = {kind: plural for plural, (kind, _) in CREDENTIAL_FIELDS.items()}
# What is made up where an object does not give it.
MADE_UP = {"kongcredentialhmacs": ("secret",), "kongcredentialjwts": ("key", "secret")}
PLANE_FIELDS = (
    *("name", "description", "labels", "cluster_type"),
    *("auth_type", "cloud_gateway", "proxy_urls"),
)


def plane_named(thing) -> str | None:
    """Return the control plane object that a consumer or group names.

    "" is the default control plane, as for the ingress controller; None is nobody's
    business: another class, or neither class nor reference.
    """
    ref = (thing.body.get("spec") or {}).get("controlPlaneRef") or {}
    if ref.get("type") == "konnectNamespacedRef":
        return ref["konnectNamespacedRef"]["name"]
    named = thing.annotations.get(INGRESS_CLASS)
    if named is None:
        return "" if ref.get("type") == "kic" else None
    return "" if named == OUR_CLASS else None


def tags_of(thing) -> list[str]:
    """Return an entity's tags: where it comes from, what it was given, at most 20.

    If they are too many, those of the annotation go first.
    """
    kind = thing.kind
    origin = {
        "generation": thing.generation,
        "group": kind.group,
        "kind": kind.name,
        "name": thing.name,
        "namespace": thing.namespace,
        "uid": thing.uid,
        "version": kind.version,
    }
    spec = thing.body.get("spec") or {}
    named = thing.annotations.get(TAGS, "").split(",")
    own = [f"{ORIGIN}{name}:{value}" for name, value in origin.items() if value]
    kept = cut([*own, *(spec.get("tags") or ())])
    room = max(MOST_TAGS - len(kept), 0)
    more = [tag for tag in cut(map(str.strip, named)) if tag not in kept]
    return sorted([*kept[:MOST_TAGS], *more[:room]])


def cut(tags: Iterable[str]) -> list[str]:
    """Return tags that are none too long, each once."""
    return list(dict.fromkeys(tag[:LONGEST_TAG] for tag in tags if tag))


def consumer_values(thing) -> dict[str, Any]:
    body = thing.body
    return {
        "username": body.get("username") or None,
        "custom_id": body.get("custom_id") or None,
        "tags": tags_of(thing),
    }


def group_values(thing) -> dict[str, Any]:
    name = (thing.body.get("spec") or {}).get("name") or thing.name
    return {"name": name, "tags": tags_of(thing)}


def plane_values(thing) -> dict[str, Any]:
    """Return what a control plane is said to be, as Konnect's schema has it."""
    given = thing.body["spec"].get("createControlPlaneRequest") or {}
    return {name: given[name] for name in PLANE_FIELDS if given.get(name) is not None}


def mirrored(thing) -> str | None:
    """Return the id of the control plane that an object only mirrors."""
    spec = thing.body.get("spec") or {}
    if spec.get("source") != "Mirror":
        return None
    return spec["mirror"]["konnect"]["id"]


def credential_values(thing) -> dict[str, Any]:
    """Return a credential; without what is made up, where that is not given."""
    _, names = CREDENTIAL_FIELDS[thing.plural]
    spec = thing.body["spec"]
    made_up = MADE_UP.get(thing.plural, ())
    given = {name: spec.get(name) for name in names}
    kept = {n: v for n, v in given.items() if v is not None or n not in made_up}
    return kept | {"tags": tags_of(thing)}


class Unusable(Exception):
    """A Secret that no credential can be made of; says why."""


@dataclass(frozen=True, slots=True)
class SecretType:
    """What a Secret of a type has to hold, and what it may."""

    kind: str
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()


SECRET_TYPES = {
    "acl": SecretType("acl", ("group",)),
    "basic-auth": SecretType("basic-auth", ("username", "password")),
    "hmac": SecretType("hmac-auth", ("username", "secret")),
    "hmac-auth": SecretType("hmac-auth", ("username", "secret")),
    "jwt": SecretType("jwt", ("key", "algorithm"), ("secret", "rsa_public_key")),
    "key-auth": SecretType("key-auth", ("key",), ("ttl",)),
    "mtls-auth": SecretType("mtls-auth", ("subject_name",)),
    "oauth2": SecretType(
        "oauth2",
        ("name", "client_id", "client_secret"),
        ("redirect_uris", "hash_secret"),
    ),
}


def secret_credential(secret) -> tuple[CredentialType, dict[str, Any]]:
    """Return the type and values of the credential that a Secret holds.

    Raises Unusable where it holds none.
    """
    label = secret.labels.get(SECRET_LABEL)
    if not label:
        raise Unusable(f'has no label "{SECRET_LABEL}"')
    type_ = SECRET_TYPES.get(label)
    if type_ is None or type_.kind not in CREDENTIALS:
        raise Unusable(f'has an unsupported credential type "{label}"')
    given = texts_of(secret)
    names = (*type_.needed, *type_.optional)
    values: dict[str, Any] = {name: given[name] for name in names if given.get(name)}
    needed = type_.needed
    if not values.get("algorithm", "HS").startswith("HS"):
        needed = (*needed, "rsa_public_key")
    if missing := [name for name in needed if name not in values]:
        raise Unusable(f"lacks {' and '.join(map(repr, missing))}".replace("'", '"'))
    return CREDENTIALS[type_.kind], values | parsed(values)


def texts_of(secret) -> dict[str, str]:
    """Return what a Secret holds, decoded; what is no text is left out."""
    found = {}
    for name, value in (secret.body.get("data") or {}).items():
        try:
            found[name] = base64.b64decode(value or "", validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found


def parsed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that are not texts; a Secret holds nothing but text."""
    found: dict[str, Any] = {}
    if "redirect_uris" in values:
        given = values["redirect_uris"].split(",")
        found["redirect_uris"] = [uri.strip() for uri in given if uri.strip()]
    if "hash_secret" in values:
        found["hash_secret"] = values["hash_secret"].strip().lower() == "true"
    if "ttl" in values:
        found["ttl"] = read_ttl(values["ttl"])
    return found


def ttl_of(thing) -> int | None:
    """Return for how many seconds a key counts; None if no end was said."""
    text = thing.annotations.get(TTL)
    return read_ttl(text) if text else None


def read_ttl(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Unusable('has a "ttl" that is no number of seconds')
    return int(text)
