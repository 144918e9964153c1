"""A refused write names the rule it broke and who is in the way."""

from uuid import uuid4

import pytest
from django.db import transaction

from consumers.models import Consumer, KeyAuth
from factories import (
    default_control_plane,
    make_consumer,
    make_control_plane,
    make_key,
    make_plugin,
)
from kongadmin.conflicts import Conflict
from kongadmin.tags import Tag


def refused(make, *args, **fields) -> Conflict:
    with pytest.raises(Conflict) as caught:
        make(*args, **fields)
    return caught.value


@pytest.mark.parametrize("field", ["username", "custom_id"])
def test_a_name_in_use_is_told_with_its_holder(db, field: str) -> None:
    anna = make_consumer(**{field: "anna"})

    conflict = refused(make_consumer, **{field: "anna"})

    assert (conflict.kind, conflict.values) == ("unique", {field: "anna"})
    assert conflict.holder == anna
    assert conflict.message_dict == {field: ["exists already"]}


def test_an_id_in_use_comes_before_a_name_in_use(db) -> None:
    anna = make_consumer(username="anna")

    conflict = refused(make_consumer, id=anna.pk, username="anna")

    assert (conflict.kind, conflict.values) == ("id", {"id": str(anna.pk)})


def test_the_username_comes_before_the_custom_id(db) -> None:
    make_consumer(custom_id="a")
    anna = make_consumer(username="anna")

    conflict = refused(make_consumer, username="anna", custom_id="a")

    assert conflict.holder == anna
    assert conflict.values == {"username": "anna"}


def test_an_update_can_conflict_and_changes_nothing_then(db) -> None:
    anna = make_consumer(username="anna")
    berta = make_consumer(username="berta", tags=["b"])

    berta.username, berta.tags = "anna", ["a"]
    conflict = refused(berta.save)

    assert conflict.holder == anna
    assert Consumer.objects.get(pk=berta.pk).username == "berta"
    assert [tag.tag for tag in Tag.objects.filter(entity_id=berta.pk)] == ["b"]


def test_a_key_in_use_is_told_by_its_text(db) -> None:
    key = make_key(make_consumer(), key="apikey")

    conflict = refused(make_key, make_consumer(), key="apikey")

    assert (conflict.values, conflict.holder) == ({"key": "apikey"}, key)


def test_a_plugin_conflicts_by_what_it_applies_to(db) -> None:
    anna = make_consumer()
    plugin = make_plugin(consumer=anna)

    conflict = refused(make_plugin, consumer=anna)

    assert conflict.holder == plugin
    assert conflict.values == {
        "consumer": {"id": str(anna.pk)},
        "consumer_group": None,
        "name": "key-auth",
        "route": None,
        "service": None,
    }


def test_names_are_free_in_another_control_plane(db) -> None:
    make_key(make_consumer(username="anna"), key="apikey")
    team = make_control_plane()

    make_key(make_consumer(team, username="anna"), key="apikey")

    assert KeyAuth.objects.in_scope(team).by_ref("apikey").exists()


def test_rows_without_a_name_do_not_meet(db) -> None:
    make_consumer(username="anna")
    make_consumer(username="berta")
    anna = Consumer.objects.get(username="anna")

    make_key(anna, key=None)
    make_key(anna, key=None)

    assert KeyAuth.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_consumer_that_is_gone_is_told() -> None:
    gone = uuid4()
    key = KeyAuth(scope=default_control_plane(), consumer_id=gone, key="apikey")

    conflict = refused(key.save)

    assert (conflict.kind, conflict.holder) == ("foreign", None)
    assert conflict.values == {"consumer": {"id": str(gone)}}


def test_a_conflict_leaves_the_transaction_around_it_usable(db) -> None:
    make_consumer(username="anna")

    with transaction.atomic():
        refused(make_consumer, username="anna")
        make_consumer(username="berta")

    assert Consumer.objects.filter(username="berta").exists()
