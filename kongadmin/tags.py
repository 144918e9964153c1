"""Tags: kept in the entity's row to be read, and here to be searched."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from django.db import models

from kongadmin.bulk import delete_rows
from kongadmin.fields import TextKey
from kongadmin.schema import Schema


class Tag(models.Model):
    """One tag of one entity: the index behind every search by tag."""

    schema: ClassVar = Schema.load(Path(__file__).parent / "schemas" / "tags.yaml")

    scope = models.ForeignKey(
        "realms.Scope", on_delete=models.DB_CASCADE, related_name="+", db_index=False
    )
    entity_type = models.TextField()
    tag = TextKey(null=False, blank=False)
    entity_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity_id", "tag"], name="tag_once_per_entity"
            )
        ]
        indexes = [
            models.Index(fields=["scope", "tag", "entity_id"], name="tag_lookup"),
            models.Index(fields=["scope", "entity_id", "id"], name="tag_listing"),
        ]

    def __str__(self) -> str:
        return self.tag


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Which tags a row must have: all of them, or any."""

    tags: tuple[str, ...]
    any: bool = False


def ids_with(wanted: TagFilter, scope) -> models.QuerySet:
    """Return the ids of what has all the tags of `wanted` in a scope, or any."""
    found = Tag.objects.filter(scope_id=scope.pk)
    if wanted.any:
        return found.filter(tag__in=wanted.tags).values("entity_id")
    first, *others = wanted.tags
    ids = found.filter(tag=first)
    for tag in others:
        ids = ids.filter(entity_id__in=found.filter(tag=tag).values("entity_id"))
    return ids.values("entity_id")


def rows_for(entity) -> list[Tag]:
    """Return the index rows that an entity's tags need."""
    return [
        Tag(
            scope_id=entity.scope_id,
            entity_type=entity.schema.name,
            tag=tag,
            entity_id=entity.pk,
        )
        for tag in entity.tags or ()
    ]


def loaded_tags(entity) -> list[str]:
    """Return the tags that an entity had when it was last read or written."""
    names, values = getattr(entity, "_loaded", ((), ()))
    return dict(zip(names, values, strict=True)).get("tags") or []


def update(entity) -> None:
    """Write the index rows anew, if the tags have changed."""
    if loaded_tags(entity) == (entity.tags or []):
        return
    delete_rows(Tag, [entity.pk], "entity_id")
    if entity.tags:
        Tag.objects.bulk_create(rows_for(entity))


def forget(entity) -> None:
    if entity.tags:
        delete_rows(Tag, [entity.pk], "entity_id")
