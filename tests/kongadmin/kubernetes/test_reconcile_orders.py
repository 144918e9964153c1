"""Whatever is written and deleted in whatever order: what is left decides."""

from collections.abc import Iterable

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster import (
    BASIC_AUTH,
    CONSUMER,
    GROUP,
    KEY,
    PLANE,
    SECRET,
    apply,
    delete,
    read,
    told,
)
from consumers.models import BasicAuth, Consumer, KeyAuth
from groups.models import ConsumerGroup, Membership
from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.kinds import find
from kongadmin.dialects.kubernetes.models import Object

pytestmark = pytest.mark.django_db
HOLDER = read(CONSUMER, consumerGroups=["consumer-group"], credentials=["till-key"])
MANIFESTS = [*map(read, [PLANE, GROUP, BASIC_AUTH, KEY, SECRET]), HOLDER]
STEPS = st.lists(
    st.tuples(st.sampled_from(range(len(MANIFESTS))), st.booleans()), max_size=14
)


def outcome() -> tuple:
    """Return what there is, without what only tells one time from another."""
    objects = {
        (one.plural, one.kind.name if one.owner_references else one.name): told(one)
        for one in Object.objects.filter(status__isnull=False)
        if one.plural != store.NAMESPACES
    }
    entities = (
        sorted(Consumer.objects.values_list("username", flat=True)),
        sorted(ConsumerGroup.objects.values_list("name", flat=True)),
        sorted(key.key for key in KeyAuth.objects.all()),
        BasicAuth.objects.count(),
        Membership.objects.count(),
    )
    return objects, entities


def carry_out(steps: Iterable[tuple[int, bool]]) -> None:
    for number, is_there in steps:
        said = MANIFESTS[number]
        kind = find(said["apiVersion"], said["kind"])
        found = store.find(kind.plural, "default", said["metadata"]["name"])
        if is_there:
            apply(dict(said))
        elif found:
            delete(found)


@settings(max_examples=12)
@given(steps=STEPS)
def test_what_is_left_decides(steps: list[tuple[int, bool]]) -> None:
    left = dict(steps)

    with transaction.atomic():
        carry_out(steps)
        one = outcome()
        transaction.set_rollback(True)
    with transaction.atomic():
        carry_out([(number, True) for number in sorted(left) if left[number]])
        other = outcome()
        transaction.set_rollback(True)

    assert one == other
