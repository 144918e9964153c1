"""The change log: who changed what, when, through which dialect.

Entities write it as they are stored, so that no dialect can forget it, and with the
change itself: there is no change without its entry. Each entry also tells all who cache
to look again: on this machine by the shared revision, on others by PostgreSQL's NOTIFY,
from a trigger on this table.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple, Self
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from kongadmin import revision
from kongadmin.bulk import insert_rows
from kongadmin.prepared import insert

if TYPE_CHECKING:
    from kongadmin.entities import Entity


class Actor(NamedTuple):
    """Who is writing, through what, in which request."""

    name: str = "system"
    dialect: str = "command"
    request_id: str = ""


NOBODY = Actor()
# What is told of every entry as it is written, inside of the transaction.
observers: list[Callable[["Change"], None]] = []
ENTRY = (
    *("verb", "entity_type", "entity_id", "entity_name", "subject_id", "related_id"),
    *("before", "after"),
)
current: ContextVar[Actor] = ContextVar("actor", default=NOBODY)


@contextmanager
def acting(name: str, dialect: str, request_id: str = "") -> Iterator[None]:
    """Attribute every write inside to `name`."""
    token = current.set(Actor(name, dialect, request_id))
    try:
        yield
    finally:
        current.reset(token)


def identify(name: str) -> None:
    """Put a name to who is acting, once it is known."""
    current.set(current.get()._replace(name=name))


class ChangeQuerySet(models.QuerySet):
    def in_scope(self, scope) -> Self:
        return self.filter(scope_id=scope.pk)

    def about(self, entity: "Entity") -> Self:
        """Return the changes of an entity and of what belongs to it, newest first."""
        mine = Q(subject_id=entity.pk) | Q(related_id=entity.pk)
        return self.filter(mine).order_by("-id")


class Change(models.Model):
    """One write, or one deliberate look at a secret."""

    created_at = models.DateTimeField(default=timezone.now)
    scope = models.ForeignKey(
        "realms.Scope",
        null=True,
        on_delete=models.DB_SET_NULL,
        related_name="+",
        db_index=False,
    )
    actor = models.TextField()
    dialect = models.TextField()
    request_id = models.TextField(blank=True)
    verb = models.TextField()
    entity_type = models.TextField()
    entity_id = models.UUIDField(null=True)
    entity_name = models.TextField()
    subject_id = models.UUIDField(
        null=True, help_text="Whose page shows it: a credential's consumer, or itself."
    )
    related_id = models.UUIDField(
        null=True, help_text="Whose page shows it too: a membership's group."
    )
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["scope", "id"], name="change_by_scope"),
            models.Index(fields=["scope", "actor", "id"], name="change_by_actor"),
            models.Index(fields=["scope", "entity_type", "id"], name="change_by_kind"),
            models.Index(fields=["scope", "dialect", "id"], name="change_by_dialect"),
            models.Index(fields=["subject_id", "id"], name="change_by_subject"),
            models.Index(
                fields=["related_id", "id"],
                name="change_by_related",
                condition=Q(related_id__isnull=False),
            ),
            models.Index(
                fields=["id"],
                name="change_outside_scopes",
                condition=models.Q(scope=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.entity_type} {self.entity_name}"


def write(verb: str, scope_id: UUID | None, entity_type: str, **fields) -> None:
    """Append an entry by the current actor, and make it known once it is committed.

    Users and their tokens belong to no scope: theirs is None.
    """
    append(by_actor(verb, scope_id, entity_type, **fields))


def by_actor(verb: str, scope_id: UUID | None, entity_type: str, **fields) -> Change:
    actor = current.get()
    return Change(
        scope_id=scope_id,
        actor=actor.name,
        dialect=actor.dialect,
        request_id=actor.request_id,
        verb=verb,
        entity_type=entity_type,
        **fields,
    )


def append(change: Change) -> None:
    insert(change)
    announce(change)


def announce(change: Change) -> None:
    """Make an entry known that has been written."""
    for observe in observers:
        observe(change)
    transaction.on_commit(revision.bump)


def entry(
    verb: str, entity: "Entity", before: dict | None = None, after: dict | None = None
) -> Change:
    """Return what is to be written down when the current actor does `verb`."""
    about = described(entity, str(entity))
    return by_actor(verb, entity.scope_id, before=before, after=after, **about)


def record(
    verb: str, entity: "Entity", before: dict | None = None, after: dict | None = None
) -> None:
    """Write down that the current actor did `verb` to `entity`."""
    append(entry(verb, entity, before, after))


def record_update(entity: "Entity") -> None:
    """Write down what the current actor changed, if anything."""
    before, after = difference(entity)
    if after:
        record("update", entity, before, after)


def write_many(scope, entries: Iterable[dict]) -> None:
    """Append an entry for each of many entities, as `write` does for one.

    An entry has a verb, the fields of `described`, before and after. Observers are told
    once of every verb and kind.
    """
    actor, now = current.get(), timezone.now()
    common = {
        "created_at": now,
        "scope_id": scope.pk,
        "actor": actor.name,
        "dialect": actor.dialect,
        "request_id": actor.request_id,
    }
    seen = set()

    def rows() -> Iterator[tuple]:
        for entry in entries:
            seen.add((entry["verb"], entry["entity_type"]))
            yield (*common.values(), *(entry.get(name) for name in ENTRY))

    insert_rows(Change, (*common, *ENTRY), rows())
    for verb, kind in sorted(seen):
        announce(Change(**common, verb=verb, entity_type=kind))


def described(entity: "Entity", name: str) -> dict:
    """Return what an entry says of an entity that is called `name`."""
    return {
        "entity_type": entity.schema.name,
        "entity_id": entity.pk,
        "entity_name": name,
        "subject_id": entity.parent_id or entity.pk,
        "related_id": entity.related_id,
    }


def record_bulk(scope, verb: str, entity_type: str, summary: str) -> None:
    """Write down one change of many rows; `summary` says how many of what."""
    write(verb, scope.pk, entity_type, entity_name=summary)


def difference(entity: "Entity") -> tuple[dict, dict]:
    """Return before and after of the fields that differ from what was last read."""
    after, before = entity.snapshot(), entity.snapshot_before() or {}
    # Two secrets may look the same once they are masked.
    secrets = entity.changed_secrets()
    changed = [n for n in after if n in secrets or before.get(n) != after[n]]
    return ({n: before.get(n) for n in changed}, {n: after[n] for n in changed})
