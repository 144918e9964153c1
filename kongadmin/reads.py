"""The reads that every dialect repeats: one entity, one page of them, as rows.

A row is a dict by column attribute; `model.wire(row)` says it in Kong's terms.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from types import SimpleNamespace
from uuid import UUID, uuid4

from django.db import DEFAULT_DB_ALIAS, models
from django.utils import timezone

from kongadmin.entities import UUID_TEXT, Entity, read_columns
from kongadmin.fields import can_store
from kongadmin.prepared import Prepared, Row
from kongadmin.tags import TagFilter

SAMPLE_TIME = datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=UTC)


def find(model: type[Entity], scope, ref: str, **within: UUID) -> Row | None:
    """Return the live row that a path segment names, None if there is none; one query.

    `within` narrows to a parent: consumer_id=…
    """
    if UUID_TEXT.fullmatch(ref):
        return first(model, id=UUID(ref), scope_id=scope.pk, **within)
    if not can_store(ref):
        return None
    if not has_text_key(model):
        rows = model.objects.in_scope(scope).filter(**within).live().by_ref(ref)
        found = rows.first()
        return found and found.__dict__
    return first(model, **{model.endpoint_key: ref}, scope_id=scope.pk, **within)


def first(model: type[Entity], **values) -> Row | None:
    rows = item_query(model, tuple(values)).rows(**values, **clock(model))
    return rows[0] if rows else None


def entity(model: type[Entity], row: Row) -> Entity:
    """Return a whole row as the entity it is."""
    return model.from_db(DEFAULT_DB_ALIAS, list(row), list(row.values()))


def locked(model: type[Entity], scope, ref: str, **within: UUID) -> Entity | None:
    """Return the entity that a path segment names, for nobody else to write; one query.

    Expired ones are found as well.
    """
    key, value = "id", None
    if UUID_TEXT.fullmatch(ref):
        value = UUID(ref)
    elif has_text_key(model) and can_store(ref):
        key, value = model.endpoint_key, ref
    if value is None:
        rows = model.objects.in_scope(scope).filter(**within).by_ref(ref)
        return rows.select_for_update(of=("self",)).first()
    query = lock_query(model, (key, "scope_id", *within))
    rows = query.rows(**{key: value}, scope_id=scope.pk, **within)
    return entity(model, rows[0]) if rows else None


def has_text_key(model: type[Entity]) -> bool:
    """Say whether an endpoint key is a column by itself, not the digest of one."""
    key = model.endpoint_key
    return key is not None and isinstance(model._meta.get_field(key), models.TextField)


def page(
    model: type[Entity],
    scope,
    size: int,
    after: UUID | None = None,
    wanted: TagFilter | None = None,
    **within: UUID,
) -> list[Row]:
    """Return up to `size` live rows by id, from behind `after`; one query.

    They have what `model.wire` reads, and ids as text. `wanted` says which by tags.
    """
    values = {"scope_id": scope.pk, **within, **({"id": after} if after else {})}
    names, shape = tuple(values), None
    if wanted:
        tags = {f"tag{place}": tag for place, tag in enumerate(wanted.tags)}
        values, shape = values | tags, replace(wanted, tags=tuple(tags))
    query = page_query(model, names, size, shape)
    return query.rows(**values, **clock(model))


def clock(model: type[Entity]) -> dict[str, datetime]:
    """Return the time that expiry is judged by, for models that expire."""
    return {"expires_at": timezone.now()} if hasattr(model, "expires_at") else {}


@cache
def item_query(model: type[Entity], names: tuple[str, ...]) -> Prepared:
    def build(expires_at: datetime | None = None, **given):
        return model.objects.filter(**given).live(expires_at)

    return Prepared(build, **samples(model, names))


@cache
def lock_query(model: type[Entity], names: tuple[str, ...]) -> Prepared:
    def build(**given):
        return model.objects.filter(**given).select_for_update(of=("self",))

    return Prepared(build, **samples(model, names, expiring=False))


@lru_cache(512)
def page_query(
    model: type[Entity], names: tuple[str, ...], size: int, shape: TagFilter | None
) -> Prepared:
    """Return the query for a page; in `shape` are names that stand for the tags."""
    tags = shape.tags if shape else ()

    def build(expires_at: datetime | None = None, **given):
        scope, after = SimpleNamespace(pk=given["scope_id"]), given.pop("id", None)
        wanted = shape and replace(shape, tags=[given.pop(name) for name in tags])
        rows = model.objects.filter(**given).live(expires_at)
        if wanted and expires_at is None:
            rows = rows.first_tagged(wanted, scope, size, after)
        elif wanted:  # of the first ones some may have expired
            rows = rows.tagged(wanted, scope)
        rows = rows.filter(id__gt=after) if after else rows
        return rows.order_by("pk").values(*read_columns(model))[:size]

    given = samples(model, names) | {name: f"sample of {name}" for name in tags}
    return Prepared(build, ids_as_text=True, **given)


def samples(model: type[Entity], names: tuple[str, ...], expiring: bool = True) -> dict:
    """Return a value for each field, unlike all others."""
    found = {}
    for name in names:
        field = model._meta.get_field(name)
        is_text = isinstance(field, models.TextField)
        found[name] = f"sample of {name}" if is_text else uuid4()
    if expiring and hasattr(model, "expires_at"):
        found["expires_at"] = SAMPLE_TIME
    return found
