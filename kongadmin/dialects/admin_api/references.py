"""Foreign references in bodies: by id, or by anything unique. Contract §1.5, §4."""

from kongadmin.dialects.admin_api import errors
from kongadmin.entities import Entity
from kongadmin.fields import can_store
from kongadmin.schema import Schema

ENTITIES: dict[str, type[Entity]] = {}


def resolve_references(schema: Schema, values: dict, scope) -> dict:
    """Return `values` with {"username": …} and the like replaced by {"id": …}.

    One query for each reference that is not by id. Refuses with code 13 what names
    nobody; what is no reference at all stays, for the schema to refuse.
    """
    resolved = dict(values)
    for field, kind in foreign_fields(schema):
        given = values.get(field)
        model = ENTITIES.get(kind["reference"])
        if not isinstance(given, dict) or given.get("id") or model is None:
            continue
        key = {k: v for k, v in given.items() if k in model.unique_keys and v}
        if key:
            rows = model.objects.in_scope(scope).filter(**key)
            is_possible = all(can_store(str(value)) for value in key.values())
            found = rows.first() if is_possible else None
            if found is None:
                raise errors.unresolved(field, key, kind["reference"])
            resolved[field] = {"id": str(found.pk)}
    return resolved


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
