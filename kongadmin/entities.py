"""Entity: what a tenant owns, and how every such thing behaves.

The rules of an entity are its schema, in Kong's schema language. `to_dict` and
`assign` speak the same terms, so every dialect and every form meets the same rules.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from kongadmin import conflicts
from kongadmin.masks import mask
from kongadmin.schema import Schema
from kongadmin.tags import Tag, TagFilter

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
        return self.filter(**self.model.named(ref))

    def live(self) -> Self:
        """Leave out what has expired."""
        return self

    def tagged(self, wanted: TagFilter) -> Self:
        """Keep rows that have all the tags of `wanted`, or any of them."""
        rows = Tag.objects.filter(entity_id=models.OuterRef("pk"))
        if wanted.any:
            return self.filter(models.Exists(rows.filter(tag__in=wanted.tags)))
        return self.filter(
            *(models.Exists(rows.filter(tag=tag)) for tag in wanted.tags)
        )


class Entity(models.Model):
    """Something a tenant owns in a scope."""

    schema: ClassVar[Schema]
    endpoint_key: ClassVar[str | None] = None
    unique_keys: ClassVar[tuple[str, ...]] = ()
    secret_fields: ClassVar[tuple[str, ...]] = ()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scope = models.ForeignKey(
        "realms.Scope", on_delete=models.CASCADE, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    tags = models.JSONField(null=True, blank=True)

    objects = EntityQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values) -> Self:
        entity = super().from_db(db, field_names, values)
        entity._loaded = field_names, values
        return entity

    @classmethod
    def named(cls, key: str) -> dict:
        """Return the filter that finds the entity by its endpoint key."""
        return {cls.endpoint_key: key}

    @classmethod
    def conflict_fields(cls, constraint: models.UniqueConstraint) -> tuple[str, ...]:
        """Return the fields that a broken unique constraint is about, as clients say."""
        names = (name for name in constraint.fields if name != "scope")
        return tuple(name.removesuffix("_digest") for name in names)

    @classmethod
    def schema_for(cls, values: dict) -> Schema:
        """Return the schema that judges `values`; Violation if none can."""
        return cls.schema

    @property
    def etag(self) -> str:
        """The entity tag of the stored row (RFC 9110 §8.8.3)."""
        return f'"{int(self.updated_at.timestamp() * 1_000_000):x}"'

    @property
    def parent_id(self) -> UUID | None:
        """The consumer on whose page this entity is shown, if it is."""
        return getattr(self, "consumer_id", None)

    def to_dict(self) -> dict:
        """Return the entity in Kong's terms."""
        return {name: read(self) for name, read in readers(type(self))}

    def assign(self, values: dict) -> None:
        """Take over `values`, which are in Kong's terms and have passed the schema."""
        names = {field.name for field in self._meta.concrete_fields}
        for name, value in values.items():
            kind = self.schema.fields.get(name, {})
            if kind.get("type") == "foreign":
                if name in names:
                    setattr(self, f"{name}_id", value and UUID(value["id"]))
            elif kind.get("timestamp"):
                if name == "created_at" and value is not None:
                    self.created_at = datetime.fromtimestamp(value, UTC)
            elif kind.get("uuid"):
                if value is not None:
                    self.id = UUID(value)
            elif name in names:
                setattr(self, name, value)

    def snapshot(self) -> dict:
        """Return what the change log keeps: no secret, nothing that counts by itself."""
        values = self.to_dict()
        for name in self.secret_fields:
            values[name] = mask(values[name])
        values.pop("updated_at", None)
        return values

    def snapshot_before(self) -> dict | None:
        """Return the snapshot of the row as last read or written, None for a new one."""
        loaded = getattr(self, "_loaded", None)
        return loaded and type(self).from_db(self._state.db, *loaded).snapshot()

    def clean(self) -> None:
        """Raise Violation unless the schema accepts what the entity holds."""
        values = self.to_dict()
        errors = self.schema_for(values).errors(values, updating=not self._state.adding)
        if errors:
            raise Violation(errors)

    def save(self, *args, **kwargs) -> None:
        """Write the row, its tags and its change-log entry, or none of them.

        Raises Conflict when another row already holds what must be unique.
        """
        self.updated_at = timezone.now()
        kwargs.setdefault("force_insert", self._state.adding)
        try:
            with transaction.atomic():
                super().save(*args, **kwargs)
        except IntegrityError as error:
            conflict = conflicts.explain(self)
            if conflict is None:
                raise
            if not conflict.make_way():
                raise conflict from error
            self._state.adding = kwargs["force_insert"]
            with transaction.atomic():
                super().save(*args, **kwargs)
        fields = self._meta.concrete_fields
        names = [field.attname for field in fields]
        self._loaded = names, [getattr(self, name) for name in names]

    def make_way(self) -> bool:
        """Give up what another row wants, if this one no longer counts."""
        return False


@cache
def readers(model: type[Entity]) -> list[tuple[str, Callable[[Entity], Any]]]:
    """Return for every field of the model's schema how an entity yields its value."""
    return [(name, reader(model, name, kind)) for name, kind in model.schema.fields.items()]


def reader(model: type[Entity], name: str, kind: dict) -> Callable[[Entity], Any]:
    """Return how an entity yields the value of one schema field."""
    known = {field.name for field in model._meta.get_fields()}
    if kind["type"] == "foreign":
        if name not in known:
            return lambda entity: None
        key = f"{name}_id"
        return lambda entity: (id_ := getattr(entity, key)) and {"id": str(id_)}
    if kind.get("timestamp"):
        return lambda entity: int(getattr(entity, name).timestamp())
    if kind.get("uuid"):
        return lambda entity: str(getattr(entity, name))
    return lambda entity: getattr(entity, name)
