"""From what a row says to the entity it is, by the rules of the model's own schema."""

from collections.abc import Iterator
from typing import Any

from consumers.models import BasicAuth, OAuth2
from consumers.models.credentials import is_hash_of
from kongadmin.declarative.columns import columns_of
from kongadmin.declarative.document import Problem, Ref, Row
from kongadmin.declarative.kinds import Kind
from kongadmin.declarative.moulds import mould_of
from kongadmin.declarative.names import Found
from kongadmin.entities import Entity, Violation

LONGEST_TTL = 100_000_000
BAD_TTL = "must be an integer between 0 and 100000000"
HASHED = "$pbkdf2-sha512$"


def judge(
    kind: Kind, values: dict[str, Any], refs: dict[str, Found], is_hashed: bool
) -> Entity:
    """Return the entity that `values`, in Kong's terms, are; Violation if none.

    What is left out takes its default. `refs` is what some of them refer to.
    `is_hashed` says that a basic-auth password is the digest of one.
    """
    mould = mould_of(kind.name, tuple(values))
    return (mould and mould.cast(values, refs)) or judged(kind, values, is_hashed)


def judged(kind: Kind, values: dict[str, Any], is_hashed: bool) -> Entity:
    """Return the same with all the rules asked, so that all errors are found."""
    ttl = taken_ttl(kind, values)
    schema = kind.model.schema_for(values)
    filled = schema.fill(values)
    if errors := schema.errors(filled):
        raise Violation(errors)
    entity = columns_of(kind.model).blank()
    assign(entity, filled, is_hashed)
    if ttl is not None:
        entity.expire_in(ttl)
    if prepare := getattr(entity, "prepare", None):
        prepare()
    return entity


def taken_ttl(kind: Kind, values: dict[str, Any]) -> int | None:
    """Take the option `ttl` out of the values, where the kind has it."""
    if not kind.model.schema.ttl or "ttl" not in values:
        return None
    ttl = values.pop("ttl")
    if ttl is not None and not (type(ttl) is int and 0 <= ttl <= LONGEST_TTL):
        raise Violation({"ttl": BAD_TTL})
    return ttl


def assign(entity: Entity, values: dict[str, Any], is_hashed: bool) -> None:
    """Take over values; a digest of a secret stays as it is."""
    digest = None
    if isinstance(entity, BasicAuth) and is_hashed:
        digest = "password"
    elif isinstance(entity, OAuth2) and is_digest(values):
        digest = "client_secret"
    if digest is None:
        entity.assign(values)
        return
    entity.assign({**values, digest: None})
    setattr(entity, digest, values[digest])


def is_digest(values: dict[str, Any]) -> bool:
    secret = values["client_secret"]
    return bool(values["hash_secret"] and secret and secret.startswith(HASHED))


def keep_hash(entity: Entity, before: Entity, values: dict[str, Any]) -> None:
    """Leave the stored hash of a client secret if it is one of what the row says.

    Hashed once more it would be another.
    """
    if not isinstance(entity, OAuth2) or not values.get("client_secret"):
        return
    is_hashed = entity.hash_secret and (before.client_secret or "").startswith(HASHED)
    if is_hashed and is_hash_of(values["client_secret"], before.client_secret):
        entity.client_secret = before.client_secret


def loosely(kind: Kind, values: dict[str, Any]) -> Entity:
    """Return an entity that only has the texts which tell it from others.

    So that a row that is refused is still known to mean what is stored.
    """
    entity = columns_of(kind.model).blank()
    entity.assign({n: v for n, v in values.items() if is_telling(kind, n, v)})
    if prepare := getattr(entity, "prepare", None):
        prepare()
    return entity


def is_telling(kind: Kind, name: str, value: Any) -> bool:
    is_text = isinstance(value, str) and name in (*kind.keys, "instance_name")
    return is_text or (name in kind.refs and isinstance(value, dict))


def problems_of(row: Row, errors: dict[str, Any]) -> list[Problem]:
    """Return an error tree as problems at the place of the row."""
    about = said_of(row)
    return [
        Problem(f"{about}: {path}: {text}" if path else f"{about}: {text}", row.place)
        for path, text in leaves(errors)
    ]


def said_of(row: Row) -> str:
    """Return how a row is called in a sentence; never by a secret."""
    for name in ("username", "custom_id", "name", "group", "subject_name", "client_id"):
        value = row.values.get(name)
        if isinstance(value, str):
            return f"{row.kind} '{value}'"
    for value in row.values.values():
        if isinstance(value, Ref):
            return f"{row.kind} of '{value.text}'"
    return row.kind


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of an error tree with the path that leads to it."""
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, dict):
        for name, inner in tree.items():
            here = path if name == "@entity" else f"{path}.{name}".lstrip(".")
            yield from leaves(inner, here)
    else:
        for number, inner in enumerate(tree or (), 1):
            is_text = isinstance(inner, str)
            yield from leaves(inner, path if is_text else f"{path}[{number}]")


def differing(kind: Kind, before: Entity, after: Entity) -> tuple[str, ...]:
    """Return the fields in which two entities differ, as a client compares them.

    Tags are a set; when it was made, and by which id it is known, do not count.
    """
    old, new = before.to_dict(), after.to_dict()
    apart = {"id", "created_at", "updated_at"}
    changed = [name for name in new if name not in apart and old[name] != new[name]]
    if "tags" in changed and set(old["tags"] or ()) == set(new["tags"] or ()):
        changed.remove("tags")
    if kind.model.schema.ttl and "ttl" not in changed:
        ends = [bool(entity.expires_at) for entity in (before, after)]
        changed += ["ttl"] * (ends[0] != ends[1])
    return tuple(changed)
