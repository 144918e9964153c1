"""Objects in the database: found, made, changed, removed, each change with its event.

What changes anything here is inside of `writing()`: one writer at a time, whoever it
is, so that the numbers of changes grow in the order in which others come to see them.
"""

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from kongadmin import revision
from kongadmin.dialects.kubernetes.kinds import stored_as
from kongadmin.dialects.kubernetes.models import (
    Counter,
    Event,
    Object,
    Owner,
    Reference,
)
from kongadmin.dialects.kubernetes.paths import texts_at
from kongadmin.dialects.kubernetes.wire import say
from kongadmin.entities import UUID_TEXT

DEFAULT_NAMESPACE = "default"
NAMESPACES = "namespaces"
ACTIVE = {"phase": "Active"}
PENDING = {
    "conditions": [
        {
            "type": "Programmed",
            "status": "Unknown",
            "reason": "Pending",
            "message": "Waiting for controller",
            "lastTransitionTime": "1970-01-01T00:00:00Z",
        }
    ]
}
# Events are kept so that a watch may go on where it stopped, not for ever.
KEPT_EVENTS, TRIMMED_EVERY = 5_000, 500


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to an object; one that was deleted is as it was last."""

    verb: Literal["create", "update", "delete"]
    object: Object


class Ledger:
    """What one writer has done so far: the number of the last change, its events.

    Both are written at the end, at once; so many events at a time.
    """

    at_once = 500

    def __init__(self, last: int) -> None:
        self.last = self.written = last
        self.events: list[Event] = []

    def add(self, event: Event) -> None:
        self.events.append(event)
        if len(self.events) == self.at_once:
            self.write_events()

    def write_events(self) -> None:
        Event.objects.bulk_create(self.events)
        self.events.clear()

    def close(self) -> None:
        """Number what was done, and tell who watches, unless it is taken back."""
        if self.last == self.written or transaction.get_rollback():
            return
        self.write_events()
        Counter.objects.filter(pk=1).update(value=self.last)
        if self.last // TRIMMED_EVERY > self.written // TRIMMED_EVERY:
            oldest = self.last - KEPT_EVENTS
            Event.objects.filter(resource_version__lte=oldest).delete()
        transaction.on_commit(bump)


_ledger: ContextVar[Ledger | None] = ContextVar("ledger", default=None)


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that waits until no other writes here.

    Inside of another it is but a part of that.
    """
    if _ledger.get() is not None:
        yield
        return
    with transaction.atomic():
        ledger = Ledger(hold())
        token = _ledger.set(ledger)
        try:
            if not ledger.last:
                make(NAMESPACES, "", DEFAULT_NAMESPACE, status=ACTIVE)
            yield
            ledger.close()
        finally:
            _ledger.reset(token)


def hold() -> int:
    """Lock the counter until the commit; return the number of the last change, or 0."""
    counters = Counter.objects.select_for_update()
    if (last := last_number(counters)) is not None:
        return last
    # Of several who are the first, one makes it, and the others wait here for that.
    Counter.objects.bulk_create([Counter(pk=1)], ignore_conflicts=True)
    return last_number(counters) or 0


def last_number(counters: QuerySet[Counter]) -> int | None:
    return counters.filter(pk=1).values_list("value", flat=True).first()


def current_version() -> int:
    """Return the number of the last change."""
    if version := last_number(Counter.objects):
        return version
    with writing():  # the first of all: what exists from the beginning
        pass
    return last_number(Counter.objects) or 0


def is_forgotten(version: int) -> bool:
    """Say whether what happened after a version is not all kept, or never was."""
    current = current_version()
    if version >= current:
        return version > current
    return not Event.objects.filter(pk__lte=version + 1).exists()


def next_version() -> int:
    """Return the number of the change that is about to be made."""
    ledger = _ledger.get()
    ledger.last += 1
    return ledger.last


# Finding


def objects(plural: str, namespace: str | None = None) -> QuerySet[Object]:
    """Return the objects of a plural, also of an alias; of all namespaces if None."""
    kind = stored_as(plural)
    rows = Object.objects.filter(group=kind.group, plural=kind.plural)
    return rows if namespace is None else rows.filter(namespace=namespace)


def find(plural: str, namespace: str, name: str) -> Object | None:
    return objects(plural, namespace).filter(name=name).first()


def named(plural: str, namespace: str, names: Iterable[str]) -> dict[str, Object]:
    """Return those objects of a namespace that exist, by name."""
    if not names:
        return {}
    rows = objects(plural, namespace).filter(name__in=names)
    return {object.name: object for object in rows}


def referring_to(plural: str, namespace: str, name: str) -> QuerySet[Object]:
    """Return the objects that name this one, whether or not it exists; oldest first."""
    return Object.objects.filter(
        references__plural=stored_as(plural).plural,
        references__namespace=namespace,
        references__name=name,
    ).order_by("pk")


def owned_by(uid: UUID) -> QuerySet[Object]:
    """Return the objects that name `uid` among their owners; oldest first."""
    return Object.objects.filter(owners__uid=str(uid)).order_by("pk")


# Writing, inside of `writing()`


def make(plural: str, namespace: str, name: str, **fields: Any) -> Object:
    """Create and return an object; `fields` are the model's.

    What Kong would program begins as not yet programmed.
    """
    kind = stored_as(plural)
    if kind.is_programmed:
        fields.setdefault("status", copy.deepcopy(PENDING))
    object = Object(
        group=kind.group,
        version=kind.version,
        plural=kind.plural,
        namespace=namespace,
        name=name,
        generation=1 if kind.has_generation else None,
        **fields,
    )
    object.resource_version = next_version()
    object.save(force_insert=True)
    object.is_new = True
    link(object)
    emit("ADDED", object)
    return object


def update(object: Object, **fields: Any) -> bool:
    """Give fields of an object new values; say whether that changed anything.

    Another body is another generation. `object` is changed too.
    """
    changed = {n: v for n, v in fields.items() if getattr(object, n) != v}
    if not changed:
        return False
    labels_before, linked_before = object.labels, links(object)
    for name, value in changed.items():
        setattr(object, name, value)
    if "body" in changed and object.generation is not None:
        object.generation += 1
    object.resource_version = next_version()
    object.save(force_update=True)
    if links(object) != linked_before:
        unlink(object)
        link(object)
    emit("MODIFIED", object, labels_before)
    return True


def settle(object: Object, status: dict, **bound: Any) -> bool:
    """Store what became of an object; say whether that is news to clients.

    `bound` tells which entity of ours it became: entity_type, entity_id, is_waiting.
    """
    is_bound = all(getattr(object, name) == value for name, value in bound.items())
    for name, value in bound.items():
        setattr(object, name, value)
    is_news = update(object, status=status)
    if not (is_news or is_bound):
        object.save(update_fields=[*bound])
    return is_news


def remove(object: Object) -> None:
    """Delete an object; what it owned is `delete`'s business."""
    object.resource_version = next_version()
    emit("DELETED", object, object.labels)
    pk = object.pk
    object.delete()
    object.pk = pk  # whoever is told of it may still want to compare


def delete(object: Object, orphan: bool = False) -> list[Change]:
    """Delete an object and what it alone owned; return what was done, in that order.

    What has finalizers is marked and stays until those are gone; what has other owners
    left stays, as does everything if the dependants shall be orphans.
    """
    if object.finalizers:
        return mark(object)
    remove(object)
    changes = [Change("delete", object)]
    for owned in list(owned_by(object.uid)):
        changes += disown(owned, object.uid, orphan)
    return changes


def mark(object: Object) -> list[Change]:
    """Note that an object shall go once its finalizers have."""
    if object.deletion_timestamp is not None:
        return []
    update(object, deletion_timestamp=now())
    return [Change("update", object)]


def disown(owned: Object, owner: UUID, orphan: bool) -> list[Change]:
    """Take an owner that is gone from what it owned; what nobody owns any more goes.

    So does what the owner made: it was its controller.
    """
    refs, gone = owned.owner_references, str(owner)
    left = [ref for ref in refs if ref.get("uid") != gone]
    is_made = any(ref.get("controller") for ref in refs if ref not in left)
    is_owned = not is_made and existing([ref["uid"] for ref in left]).exists()
    if orphan or is_owned:
        update(owned, owner_references=left)
        return [Change("update", owned)]
    return delete(owned)


def existing(uids: list[str]) -> QuerySet:
    given = [uid for uid in uids if UUID_TEXT.fullmatch(uid)]
    return Object.objects.filter(uid__in=given).values_list("uid", flat=True)


def now() -> datetime:
    """Return the time in the precision in which clients see it."""
    return timezone.now().replace(microsecond=0)


# What goes with an object


def links(object: Object) -> tuple[list[tuple[str, str]], list[str]]:
    """Return whom an object names, as plural and name, and who owns it."""
    named = [
        (plural, name)
        for path, plural in object.kind.refers.items()
        for name in dict.fromkeys(texts_at(object.body, path))
    ]
    return named, [ref["uid"] for ref in object.owner_references]


def link(object: Object) -> None:
    """Note with an object whom it names and who owns it."""
    named, owners = links(object)
    Reference.objects.bulk_create(
        Reference(source=object, plural=plural, namespace=object.namespace, name=name)
        for plural, name in named
    )
    Owner.objects.bulk_create(Owner(owned=object, uid=uid) for uid in owners)


def unlink(object: Object) -> None:
    object.references.all().delete()
    object.owners.all().delete()


def emit(type: str, object: Object, labels_before: dict | None = None) -> None:
    """Tell who watches; they look as soon as it is committed."""
    event = Event(
        resource_version=object.resource_version,
        type=type,
        group=object.group,
        plural=object.plural,
        namespace=object.namespace,
        name=object.name,
        labels_before=labels_before,
        snapshot=say(object),
    )
    _ledger.get().add(event)


def bump() -> None:
    revision.bump(revision.OBJECTS)
