"""Foreign references in bodies: by id, or by anything unique. Contract §1.5, §4."""

from kongadmin.dialects.admin_api import errors
from kongadmin.entities import Entity, EntityQuerySet
from kongadmin.fields import can_store
from kongadmin.schema import Schema

ENTITIES: dict[str, type[Entity]] = {}


def resolve_references(schema: Schema, values: dict, scope) -> dict:
    """Return `values` with {"username": …} and the like replaced by {"id": …}.

    One query for each reference that is not by id. Refuses with code 13 all that name
    nobody; what is no reference at all stays, for the schema to refuse.
    """
    resolved, missing = dict(values), {}
    for field, kind in foreign_fields(schema):
        given = values.get(field)
        model = ENTITIES.get(kind["reference"])
        if not isinstance(given, dict) or given.get("id") or model is None:
            continue
        for name in model.unique_keys:
            key = {name: given.get(name)}
            if not (key[name] and isinstance(key[name], str)):
                continue
            if found := first(model.objects.in_scope(scope), key):
                resolved[field] = {"id": str(found.pk)}
                break
            missing.setdefault(field, {})[name] = errors.no_parent(key, model)
    if missing:
        raise errors.unresolved(missing)
    return resolved


def first(rows: EntityQuerySet, key: dict[str, str]) -> Entity | None:
    return rows.filter(**key).first() if all(map(can_store, key.values())) else None


def check_references(schema: Schema, values: dict, scope, known: tuple = ()) -> None:
    """Refuse with code 4 an id that nothing has; `known` fields need no look."""
    for field, kind in foreign_fields(schema):
        target = values.get(field)
        if target is None or field in known:
            continue
        model = ENTITIES.get(kind["reference"])
        if model is None or not model.objects.in_scope(scope).by_ref(target["id"]):
            raise errors.missing_foreign(field, target, kind["reference"])


def foreign_fields(schema: Schema) -> list[tuple[str, dict]]:
    fields = schema.fields.items()
    return [(name, kind) for name, kind in fields if kind["type"] == "foreign"]
