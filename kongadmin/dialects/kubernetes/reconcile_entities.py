"""One entity made, changed or deleted as an object says, through the ordinary models.

What a schema or a name that is taken forbids comes back as a refusal, never as an
exception: the object's condition tells it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kongadmin.conflicts import Conflict
from kongadmin.dialects.kubernetes.conditions import Refusal, refusal_of
from kongadmin.dialects.kubernetes.mapping import mirrored
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.entities import Entity, Violation
from realms.models import ControlPlane, refused_name


@dataclass(frozen=True, slots=True)
class Made:
    """What became of an attempt.

    `entity` is what there is now, if anything; `is_taken` says that another holds what
    must be unique, so that it is worth another attempt later.
    """

    entity: Entity | ControlPlane | None = None
    refusal: Refusal | None = None
    is_new: bool = False
    is_changed: bool = False
    is_taken: bool = False


def current(object: Object, model: type) -> Any | None:
    """Return what an object became, for nobody else to write."""
    if object.entity_id is None:
        return None
    rows = model.objects.select_for_update(of=("self",))
    return rows.filter(pk=object.entity_id).first()


def put(
    object: Object,
    model: type[Entity],
    scope_id,
    values: dict[str, Any],
    ttl: int | None = None,
) -> Made:
    """Let `values`, in Kong's terms, be what the object's entity is in a scope.

    What an object became elsewhere is deleted. An entity that somebody else deleted
    comes back under its id.
    """
    entity = current(object, model)
    if entity and entity.scope_id != scope_id:
        entity.delete()
        return put_again(object, model, scope_id, values, ttl)
    is_new = entity is None
    if is_new:
        entity = model(scope_id=scope_id)
        values = values | ({"id": str(object.entity_id)} if object.entity_id else {})
    until = object.created_at + timedelta(seconds=ttl) if ttl else None
    return attempt(entity, is_new, lambda: write(entity, values, until))


def put_again(object: Object, *given) -> Made:
    """Put what was in another scope; it is not the same any more."""
    object.entity_id = None
    return put(object, *given)


def write(entity: Entity, values: dict[str, Any], until) -> bool:
    """Judge and store values; say whether there was anything to store."""
    is_new = entity._state.adding
    schema = getattr(entity, "konnect_schema", None) or entity.schema_for(values)
    whole = schema.fill(values if is_new else entity.to_dict() | values)
    whole.pop("ttl", None)
    errors = schema.errors(whole, updating=not is_new)
    if errors:
        raise Violation(errors)
    entity.assign(whole if is_new else {name: whole[name] for name in values})
    if schema.ttl:
        entity.expires_at = until
    if not is_new and is_as_loaded(entity):
        return False
    entity.save()
    return True


def is_as_loaded(entity: Entity) -> bool:
    names, values = entity._loaded
    return all(
        getattr(entity, name) == value
        for name, value in zip(names, values, strict=True)
    )


def put_plane(object: Object, values: dict[str, Any]) -> Made:
    """Let `values` be what the object's control plane is."""
    plane = current(object, ControlPlane)
    is_new = plane is None
    if is_new:
        plane = ControlPlane()
        plane.id = object.entity_id or plane.id
    return attempt(plane, is_new, lambda: write_plane(plane, values))


def write_plane(plane: ControlPlane, values: dict[str, Any]) -> bool:
    """Judge and store a control plane; say whether there was anything to store."""
    schema, is_new = plane.konnect_schema, plane._state.adding
    whole = schema.fill(values)
    errors = schema.errors(whole, updating=not is_new)
    if not errors and (reason := refused_name(plane, whole["name"])):
        errors = {"name": reason}
    if errors:
        raise Violation(errors)
    before = {name: getattr(plane, name) for name in schema.fields}
    if not is_new and before == {name: whole[name] for name in before}:
        return False
    for name in before:
        setattr(plane, name, whole[name])
    plane.save()
    return True


def attempt(entity, is_new: bool, write) -> Made:
    """Call `write`, which saves all or nothing; say what came of it."""
    try:
        is_changed = write()
    except (Violation, Conflict) as error:
        stored = None if is_new else type(entity).objects.get(pk=entity.pk)
        is_taken = isinstance(error, Conflict)
        refusal = refusal_of(error, is_new)
        return Made(stored, refusal, is_taken=is_taken)
    return Made(entity, is_new=is_new, is_changed=is_changed)


def drop(object: Object, model: type) -> Made:
    """Delete what an object became, if it still is; a mirror deletes nothing."""
    entity = None if mirrored(object) else current(object, model)
    if entity is not None:
        entity.delete()
    return Made(is_changed=entity is not None)


def binding(made: Made) -> dict[str, Any]:
    """Return what is kept with an object: what it became, whether it awaits a name."""
    entity = made.entity
    return {
        "entity_type": entity.schema.name if entity else "",
        "entity_id": entity.pk if entity else None,
        "is_waiting": made.is_taken,
    }
