"""Makes ours what objects say, and lets each object tell what became of it.

It runs in the transaction that wrote, over everything that the change may touch, until
nothing changes any more: a control plane before its groups, those before consumers,
consumers before credentials, and older objects before younger ones. What refers to
something that is not there yet is settled again as soon as it is.
"""

import heapq
from collections.abc import Iterable
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils import timezone

from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.conditions import PROGRAMMED, is_true, merged
from kongadmin.dialects.kubernetes.kinds import KINDS
from kongadmin.dialects.kubernetes.mapping import (
    AUTHORITIES,
    CONSUMERS,
    CREDENTIAL_FIELDS,
    GROUPS,
    PLANES,
    SECRETS,
)
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.reconcile_entities import binding, drop
from kongadmin.dialects.kubernetes.reconcile_kinds import (
    MODELS,
    Outcome,
    settle_authority,
    settle_consumer,
    settle_credential,
    settle_group,
    settle_plane,
)
from kongadmin.dialects.kubernetes.reconcile_secrets import made_by
from kongadmin.dialects.kubernetes.store import Change
from kongadmin.dialects.kubernetes.wire import say_time

SETTLERS = {
    AUTHORITIES: settle_authority,
    PLANES: settle_plane,
    GROUPS: settle_group,
    CONSUMERS: settle_consumer,
    **dict.fromkeys(CREDENTIAL_FIELDS, settle_credential),
}
# What anything may refer to.
TARGETS = {plural for kind in KINDS for plural in kind.refers.values()}
RANKS = {plural: rank for rank, plural in enumerate(SETTLERS)}

_is_settling: ContextVar[bool] = ContextVar("is_settling", default=False)


def is_settling() -> bool:
    """Say whether what is being written is written from here."""
    return _is_settling.get()


@contextmanager
def settling():
    token = _is_settling.set(True)
    try:
        yield
    finally:
        _is_settling.reset(token)


def reconcile(changes: Iterable[Change]) -> dict[int, Object]:
    """Settle everything that changes of objects touch; inside of `store.writing()`.

    Return the objects that were looked at as they are now, by their keys.
    """
    with settling():
        run = Run()
        for change in changes:
            run.take(change)
            run.add_all(controllers(change.object))
        run.finish()
    return run.known


def settle_again(objects: Iterable[Object]) -> None:
    """Settle objects of which something else than themselves has changed."""
    reconcile(Change("update", object) for object in objects)


class Run:
    """One reconcile: who is still to be settled, in order.

    `known` has each object once, so that what is settled is what was changed last.
    """

    def __init__(self) -> None:
        self.queue: list[tuple[int, int]] = []
        self.queued: set[int] = set()
        self.known: dict[int, Object] = {}
        self.is_name_free = False

    def take(self, change: Change) -> None:
        """Note whom a change concerns; what a deleted object became is deleted."""
        object = change.object
        self.known[object.pk] = object
        if change.verb == "delete":
            self.queued.discard(object.pk)
            self.release(object)
            self.add_all(referring(object))
        elif object.plural in SETTLERS:
            self.add(object)
        elif object.plural == SECRETS:
            self.add_all(referring(object))

    def release(self, object: Object) -> None:
        model = MODELS.get(object.plural)
        if model and object.entity_id:
            drop(object, model)
            self.is_name_free = True

    def add(self, object: Object) -> None:
        if object.plural in RANKS and object.pk not in self.queued:
            self.known.setdefault(object.pk, object)
            self.queued.add(object.pk)
            heapq.heappush(self.queue, (RANKS[object.plural], object.pk))

    def add_all(self, objects: Iterable[Object]) -> None:
        for object in objects:
            self.add(object)

    def finish(self) -> None:
        """Settle until nobody is left; a name that was given up goes to who waits."""
        while self.queue or self.is_name_free:
            if not self.queue:
                self.is_name_free = False
                self.add_all(Object.objects.filter(is_waiting=True).order_by("pk"))
                continue
            _, pk = heapq.heappop(self.queue)
            if pk in self.queued:  # it was not deleted meanwhile
                self.queued.discard(pk)
                self.settle(self.known[pk])

    def settle(self, object: Object) -> None:
        """Settle one object; if what others see of it is another now, those too."""
        before = seen_by_others(object)
        outcome = SETTLERS[object.plural](object)
        tell(object, outcome)
        for change in outcome.changes:
            self.take(change)
        self.is_name_free |= outcome.made.is_changed and not outcome.made.is_new
        if outcome.made.is_new or seen_by_others(object) != before:
            self.add_all(referring(object))


def referring(object: Object) -> Iterable[Object]:
    if object.plural not in TARGETS:
        return ()
    return store.referring_to(object.plural, object.namespace, object.name)


def controllers(object: Object) -> Iterable[Object]:
    """Return whose business it is what an object says, if it was not made by hand."""
    uid = made_by(object)
    return Object.objects.filter(uid=uid) if uid else ()


def seen_by_others(object: Object) -> tuple:
    return is_true(object.status, PROGRAMMED), object.entity_id


def tell(object: Object, outcome: Outcome) -> None:
    """Store what became of an object, if that is news."""
    stored = (object.status or {}).get("conditions") or []
    generation = object.generation or 1
    now = say_time(timezone.now())
    found = merged(stored, outcome.conditions, generation, now)
    if outcome.is_unmanaged:
        for condition in found:
            del condition["observedGeneration"]
    status = {"conditions": found, **outcome.status}
    store.settle(object, status, **binding(outcome.made))
