"""What others do to entities that objects stand for: noticed, and put right.

Every write passes the change log, so that is where it is noticed. Where there is no
object, a write pays for one look at a number in memory.
"""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from kongadmin import changes, revision
from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.reconcile import (
    SETTLERS,
    is_settling,
    settle_again,
)

MEMBERSHIPS = "consumer_group_consumers"
known = revision.Cache(revision.OBJECTS)


def has_objects() -> bool:
    """Say whether any object stands for anything; asks the database seldom."""
    found = known.get("any")
    if found is None:
        found = Object.objects.filter(plural__in=SETTLERS).exists()
        known.set("any", found)
    return found


def notice(change: changes.Change) -> None:
    """Have a change looked at once it is committed, if it is of any interest here."""
    is_new = change.verb == "create" and change.entity_type != MEMBERSHIPS
    if change.verb == "reveal" or is_new or is_settling() or not has_objects():
        return
    about = None
    if change.entity_id:
        about = {change.entity_id, change.subject_id, change.related_id} - {None}
    transaction.on_commit(partial(put_right, about), robust=True)


def put_right(entities: set[UUID] | None) -> None:
    """Let objects have their way with entities, all if None, and with free names."""
    about = Q(is_waiting=True)
    about |= Q(entity_id__in=entities) if entities else Q(entity_id__isnull=False)
    if not Object.objects.filter(about).exists():
        return
    with store.writing():
        settle_again(Object.objects.filter(about).order_by("pk"))


def connect() -> None:
    changes.observers.append(notice)
