"""Keys: found by their text, ended by their ttl, never kept in clear."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import timezone

from clients import Client
from consumers.models import KeyAuth
from factories import make_consumer, make_key
from kongadmin.changes import Change
from kongadmin.conflicts import Conflict
from tables import everything_in

SECRET = "correct-horse-battery-staple"


def test_a_key_is_found_by_its_text_and_by_nothing_less(db) -> None:
    key = make_key(make_consumer(), key=SECRET)

    assert KeyAuth.objects.by_ref(SECRET).get() == key
    assert not KeyAuth.objects.by_ref(SECRET.upper()).exists()
    assert not KeyAuth.objects.by_ref(SECRET[:-1]).exists()


def test_a_key_is_never_in_clear_in_the_database(db) -> None:
    key = make_key(make_consumer(), key=SECRET, tags=["a"])
    key.tags = ["b"]
    key.save()
    key.key = f"{SECRET}-2"
    key.save()
    key.delete()
    make_key(make_consumer(), key=SECRET)

    holding = [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if SECRET[5:-5].encode() in everything_in(model._meta.db_table)
    ]

    assert holding == []


def test_a_key_is_shown_masked(db) -> None:
    key = make_key(make_consumer(), key=SECRET)

    assert str(key) == "corr••••••••aple"
    assert str(make_key(make_consumer(), key="short")) == "••••••••"


def test_a_ttl_is_told_as_the_seconds_left(db) -> None:
    consumer = make_consumer()

    assert 58 <= make_key(consumer, ttl=60).to_dict()["ttl"] < 60
    assert make_key(consumer, ttl=0).to_dict()["ttl"] is None
    assert make_key(consumer).to_dict()["ttl"] is None


def test_an_expired_key_vanishes_at_once(db) -> None:
    key = make_key(make_consumer(), ttl=60)
    end = key.expires_at

    assert KeyAuth.objects.live(end - timedelta(microseconds=1)).get() == key
    assert not KeyAuth.objects.live(end).exists()
    assert not key.is_expired


def test_the_text_of_an_expired_key_may_be_used_again(db) -> None:
    expired = make_key(make_consumer(), key=SECRET, ttl=-1)
    other = make_consumer()

    made = make_key(other, key=SECRET)

    assert KeyAuth.objects.get() == made
    log = Change.objects.filter(entity_id=expired.pk).order_by("id")
    assert [change.verb for change in log] == ["create", "delete"]


def test_another_key_may_take_the_text_of_an_expired_one(db) -> None:
    make_key(make_consumer(), key=SECRET, ttl=-1)
    key = make_key(make_consumer(), key="other")

    key.key = SECRET
    key.save()

    assert KeyAuth.objects.get().key == SECRET


def test_another_key_takes_the_text_of_an_expired_one_by_the_admin_api(
    api: Client,
) -> None:
    make_key(make_consumer(), key=SECRET, ttl=-1)
    key = make_key(make_consumer(), key="other")

    answer = api.patch(f"/key-auths/{key.pk}", json={"key": SECRET})

    assert answer.status == 200
    assert KeyAuth.objects.get().key == SECRET
    log = Change.objects.filter(entity_id=key.pk).order_by("id")
    assert [change.verb for change in log] == ["create", "update"]


def test_the_text_of_a_live_key_may_not_be_used_again(db) -> None:
    key = make_key(make_consumer(), key=SECRET, ttl=60)

    with pytest.raises(Conflict) as caught:
        make_key(make_consumer(), key=SECRET)

    assert caught.value.holder == key


def test_a_key_may_be_extended(db) -> None:
    key = make_key(make_consumer(), ttl=1)

    key.expire_in(3600)
    key.save()

    stored = KeyAuth.objects.get()
    assert stored.expires_at > timezone.now() + timedelta(minutes=59)
    change = Change.objects.latest("id")
    assert set(change.after) == {"expires_at"}


def test_the_schema_keeps_no_trace_of_the_encryption(db) -> None:
    key = make_key(make_consumer(), key="")

    assert KeyAuth.objects.get().key == ""
    call_command("rewrap_secrets", verbosity=0)
    assert KeyAuth.objects.get(pk=key.pk).key == ""
