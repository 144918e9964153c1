"""What consumers hold, as lists and pages tell it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consumers.holdings import STRIDE, types_held, with_credentials
from consumers.models import ACL, LastUsed
from factories import make_consumer, make_key


def held(consumer) -> list[tuple[str, int]]:
    return [(declared.kind, count) for declared, count in consumer.held]


@pytest.mark.parametrize("size", [1, STRIDE, STRIDE + 1])
def test_what_is_held_is_counted_however_many_hold_it(db, size):
    consumers = [make_consumer() for _ in range(size)]
    last = consumers[-1]
    make_key(last)
    make_key(last)
    make_key(last, ttl=-1)
    ACL(scope=last.scope, consumer=last, group="gold").save()

    with_credentials(consumers)

    assert held(last) == [("acl", 1), ("key-auth", 2)]
    assert all(consumer.held == [] for consumer in consumers[:-1])


def test_of_nobody_nothing_is_asked(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert with_credentials([]) == []


def test_a_consumer_was_seen_when_any_of_its_credentials_was(db):
    anna = make_consumer()
    keys, now = [make_key(anna), make_key(anna)], timezone.now()
    for key, age in zip(keys, (timedelta(hours=1), timedelta(0)), strict=True):
        LastUsed.objects.create(credential_id=key.pk, used_at=now - age)

    with_credentials([anna])

    assert anna.used_at == now


def test_the_types_held_are_those_of_one_consumer_expired_ones_too(db):
    anna, berta = make_consumer(), make_consumer()
    make_key(anna, ttl=-1)
    ACL(scope=berta.scope, consumer=berta, group="gold").save()

    assert [declared.kind for declared in types_held(anna)] == ["key-auth"]
    assert [declared.kind for declared in types_held(berta)] == ["acl"]
