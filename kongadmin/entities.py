"""Entity: what a tenant owns, and how every such thing behaves.

The rules of an entity are its schema, in Kong's schema language. `to_dict` and
`assign` speak the same terms, so every dialect and every form meets the same rules.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, ClassVar, Self
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from uuid_utils.compat import uuid7

from kongadmin import changes, conflicts, dependents, tags
from kongadmin.fields import can_store
from kongadmin.masks import mask
from kongadmin.prepared import insert, update_of
from kongadmin.schema import Schema
from kongadmin.tags import TagFilter

UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Violation(ValidationError):
    """Values that an entity's schema refuses; `fields` is Kong's tree of errors."""

    def __init__(self, fields: dict) -> None:
        self.fields = fields
        super().__init__(
            {
                NON_FIELD_ERRORS if name == "@entity" else name: texts_of(tree)
                for name, tree in fields.items()
            }
        )


def texts_of(tree: Any) -> list[str]:
    """Return every text of an error tree."""
    if isinstance(tree, str):
        return [tree]
    branches = tree.values() if isinstance(tree, dict) else tree
    return [text for branch in branches if branch for text in texts_of(branch)]


class EntityQuerySet(models.QuerySet):
    """The questions that lists and look-ups ask."""

    def in_scope(self, scope) -> Self:
        return self.filter(scope_id=scope.pk)

    def by_ref(self, ref: str) -> Self:
        """Return what a path segment names; text like a UUID is only ever an id."""
        if UUID_TEXT.fullmatch(ref):
            return self.filter(pk=UUID(ref))
        if self.model.endpoint_key is None or not can_store(ref):
            return self.none()
        return self.filter(**self.model.named(ref))

    def containing(self, field: str, text: str) -> Self:
        """Keep the rows whose `field` contains `text`; case does not count."""
        if not can_store(text):
            return self.none()
        return self.filter(**{f"{field}__icontains": text})

    def live(self, now: datetime | None = None) -> Self:
        """Leave out what has expired by `now`."""
        return self

    def tagged(self, wanted: TagFilter, scope) -> Self:
        """Keep the rows of a scope that have all the tags of `wanted`, or any."""
        return self.filter(pk__in=tags.ids_with(wanted, scope))

    def first_tagged(
        self, wanted: TagFilter, scope, most: int, after: UUID | None = None
    ) -> Self:
        """Keep the first `most` of them by id, from behind `after`.

        However rare a tag is, only rows that have it are read.
        """
        ids = tags.ids_with(wanted, scope).filter(entity_type=self.model.schema.name)
        ids = ids.filter(entity_id__gt=after) if after else ids
        return self.filter(pk__in=ids.order_by("entity_id").distinct()[:most])


class Entity(models.Model):
    """Something a tenant owns in a scope."""

    schema: ClassVar[Schema]
    endpoint_key: ClassVar[str | None] = None
    unique_keys: ClassVar[tuple[str, ...]] = ()
    secret_fields: ClassVar[tuple[str, ...]] = ()
    # Model fields that cannot be called as in Kong's terms, by Kong's name.
    columns: ClassVar[dict[str, str]] = {}

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scope = models.ForeignKey(
        "realms.Scope",
        on_delete=models.CASCADE,
        editable=False,
        related_name="+",
        db_index=False,  # every entity has an index that begins with it
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    tags = models.JSONField(null=True, blank=True)

    objects = EntityQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values, *, fetch_mode=None) -> Self:
        entity = super().from_db(db, field_names, values, fetch_mode=fetch_mode)
        entity._loaded = field_names, values
        return entity

    @classmethod
    def named(cls, key: str) -> dict:
        """Return the filter that finds the entity by its endpoint key."""
        return {cls.endpoint_key: key}

    @classmethod
    def conflict_fields(cls, constraint: models.UniqueConstraint) -> tuple[str, ...]:
        """Return the fields, as clients know them, that a constraint is about."""
        names = (name for name in constraint.fields if name != "scope")
        return tuple(name.removesuffix("_digest") for name in names)

    @classmethod
    def schema_for(cls, values: dict) -> Schema:
        """Return the schema that judges `values`; Violation if none can."""
        return cls.schema

    @property
    def etag(self) -> str:
        return etag_of(self.__dict__)

    @property
    def parent_id(self) -> UUID | None:
        """The consumer on whose page this entity is shown, if it is."""
        return getattr(self, "consumer_id", None)

    @property
    def related_id(self) -> UUID | None:
        """Another entity on whose page this one is shown as well."""
        return None

    @classmethod
    def wire(cls, row: Mapping[str, Any]) -> dict:
        """Return a row, given as values by column attribute, in Kong's terms."""
        return {name: read(row) for name, read in readers(cls)}

    def to_dict(self) -> dict:
        """Return the entity in Kong's terms."""
        return self.wire(self.__dict__)

    @classmethod
    def masked(cls, values: dict) -> dict:
        """Return `values`, which are in Kong's terms, with every secret masked."""
        return values | {name: mask(values[name]) for name in cls.secret_fields}

    def assign(self, values: dict) -> None:
        """Take over `values`, which are in Kong's terms and have passed the schema."""
        known = writers(type(self))
        for name, value in values.items():
            if write := known.get(name):
                write(self, value)

    def snapshot(self) -> dict:
        """Return what the change log keeps: no secret, nothing that counts down."""
        values = self.masked(self.to_dict())
        values.pop("updated_at", None)
        return values

    def snapshot_before(self) -> dict | None:
        """Return the snapshot of the row as last read or written; None if new."""
        loaded = getattr(self, "_loaded", None)
        return loaded and type(self).from_db(self._state.db, *loaded).snapshot()

    def changed_secrets(self) -> set[str]:
        """Return the secret fields that differ from the row last read or written."""
        before = dict(zip(*getattr(self, "_loaded", ((), ())), strict=True))
        names = self.secret_fields
        return {name for name in names if before.get(name) != getattr(self, name)}

    def clean(self) -> None:
        """Raise Violation unless the schema accepts what the entity holds."""
        values = self.to_dict()
        errors = self.schema_for(values).errors(values, updating=not self._state.adding)
        if errors:
            raise Violation(errors)

    def save(self, force_insert: bool = False, **options) -> None:
        """Write the row, its tags and its change-log entry, or none of them.

        Raises Conflict when another row already holds what must be unique.
        """
        self.updated_at = timezone.now()
        self.created_at = self.created_at or self.updated_at
        is_new = force_insert or self._state.adding
        try:
            self.write(is_new)
        except IntegrityError as error:
            if conflicts.are_unexplained.get():
                raise
            conflict = conflicts.explain(self)
            if conflict and not conflict.make_way():
                raise conflict from error
            # Whatever stood in the way is gone by now.
            try:
                self.write(is_new)
            except IntegrityError as again:
                if conflict := conflicts.explain(self):
                    raise conflict from again
                raise
        fields = self._meta.concrete_fields
        names = [field.attname for field in fields]
        self._loaded = names, [getattr(self, name) for name in names]

    def write(self, is_new: bool) -> None:
        """Do what Model.save does, by statements that are compiled once."""
        conflicts.refuse_older_digests(self)
        if is_new or not self.update():
            self.insert()

    def insert(self) -> None:
        entry = changes.entry("create", self, after=self.snapshot())
        savepoint = not conflicts.are_unexplained.get()
        insert(self, *tags.rows_for(self), entry, savepoint=savepoint)
        self._state.adding, self._state.db = False, DEFAULT_DB_ALIAS
        changes.announce(entry)

    def update(self) -> bool:
        """Write the row anew; say whether it was there."""
        with transaction.atomic(savepoint=not conflicts.are_unexplained.get()):
            is_there = update_of(type(self)).run(self)
            if is_there:
                tags.update(self)
                changes.record_update(self)
        return is_there

    def delete(self, *args, **kwargs):
        """Delete it with all that hangs on it; quickly where nothing does."""
        with transaction.atomic(savepoint=False):
            if not dependents.delete_alone(self):
                return super().delete(*args, **kwargs)
            model = type(self)
            post_delete.send(model, instance=self, using=self._state.db, origin=self)
        return 1, {model._meta.label: 1}

    @property
    def is_expired(self) -> bool:
        """Say whether it counts no more though it is still stored."""
        return False

    def make_way(self) -> bool:
        """Give up what another row wants, if this one no longer counts."""
        return False


@receiver(post_delete)
def record_delete(sender, instance, **kwargs) -> None:
    """Note what is gone, be it with something else."""
    if isinstance(instance, Entity):
        tags.forget(instance)
        changes.record("delete", instance, before=instance.snapshot())


def etag_of(row: Mapping[str, Any]) -> str:
    """Return the entity tag of a stored row: when it was last written, in µs.

    Source: RFC 9110 §8.8.3.
    """
    return f'"{int(row["updated_at"].timestamp() * 1_000_000):x}"'


type Reader = Callable[[Mapping[str, Any]], Any]


@cache
def readers(model: type[Entity]) -> list[tuple[str, Reader]]:
    """Return for every field of the model's schema how a row yields its value."""
    attributes = {field.name: field.attname for field in model._meta.concrete_fields}
    return [
        (name, reader(attributes.get(model.columns.get(name, name)), kind))
        for name, kind in model.schema.fields.items()
    ]


@cache
def read_columns(model: type[Entity]) -> list[str]:
    """Return the column attributes that `wire` reads, and `id`."""
    names = {"id", "expires_at", *model.schema.fields}
    fields = model._meta.concrete_fields
    known = {model.columns.get(name, name) for name in names}
    return [field.attname for field in fields if field.name in known]


type Writer = Callable[[Entity, Any], None]


@cache
def writers(model: type[Entity]) -> dict[str, Writer]:
    """Return how an entity takes over the value of every field that it has."""
    names = {field.name for field in model._meta.concrete_fields}
    found = {}
    for name in (*names, *model.schema.fields):
        column, kind = model.columns.get(name, name), model.schema.fields.get(name, {})
        if column in names and (write := writer(column, kind)):
            found[name] = write
    return found


def writer(column: str, kind: dict) -> Writer | None:
    """Return how an entity takes over one value; None if it never does."""
    if kind.get("type") == "foreign":
        return lambda entity, value: setattr(
            entity, f"{column}_id", value and uuid_of(value["id"])
        )
    if kind.get("timestamp"):
        return write_created_at if column == "created_at" else None
    if kind.get("uuid"):
        return write_id
    return lambda entity, value: setattr(entity, column, value)


def write_created_at(entity: Entity, value: int | None) -> None:
    if value is not None:
        entity.created_at = datetime.fromtimestamp(value, UTC)


def write_id(entity: Entity, value: str | None) -> None:
    if value is not None:
        entity.id = UUID(value)


@lru_cache(1024)
def uuid_of(text: str) -> UUID:
    """Return the UUID that a text is; many rows in a row name the same one."""
    return UUID(text)


def reader(attribute: str | None, kind: dict) -> Reader:
    """Return how a row yields one field; a field without a column is null."""
    if attribute is None:
        return lambda row: None
    if kind["type"] == "foreign":
        return lambda row: row[attribute] and {"id": str(row[attribute])}
    if kind.get("timestamp"):
        return lambda row: int(row[attribute].timestamp())
    if kind.get("uuid"):
        return lambda row: str(row[attribute])
    return itemgetter(attribute)
