"""Objects in the database: numbered changes, who names whom, who goes with whom."""

import pytest
from django.db import connection

from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.models import Event, Object

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def writing():
    with store.writing():
        yield


def consumer(name: str = "shop", **fields) -> Object:
    return store.make("kongconsumers", "default", name, **fields)


def test_the_first_writer_finds_the_namespace_default() -> None:
    assert store.find("namespaces", "", "default").status == {"phase": "Active"}


def test_every_change_takes_the_next_number_and_leaves_an_event() -> None:
    shop = consumer(body={"username": "shop"})
    born = shop.resource_version

    store.set_status(shop, {"conditions": []})
    store.remove(shop)

    events = Event.objects.filter(name="shop").order_by("resource_version")
    assert list(events.values_list("type", "resource_version")) == [
        ("ADDED", born),
        ("MODIFIED", born + 1),
        ("DELETED", born + 2),
    ]
    assert store.current_version() == born + 2


def test_a_change_that_changes_nothing_is_none() -> None:
    shop = consumer(body={"username": "shop"})
    born = shop.resource_version

    assert not store.update(shop, body={"username": "shop"})
    assert shop.resource_version == born


def test_only_another_body_is_another_generation() -> None:
    shop = consumer(body={"username": "shop"})

    store.update(shop, labels={"a": "b"}, status={})
    assert shop.generation == 1

    store.update(shop, body={"username": "store"})
    assert shop.generation == 2


def test_what_an_object_names_finds_it_whether_or_not_it_exists() -> None:
    shop = consumer(body={"username": "shop", "consumerGroups": ["gold", "late"]})

    assert store.referring_to("kongconsumergroups", "default", "late").get() == shop
    assert not store.referring_to("kongconsumergroups", "other", "late").exists()


def test_an_object_goes_with_its_last_owner() -> None:
    shop, key = consumer(), store.make("secrets", "default", "key")
    owners = [{"uid": str(owner.uid)} for owner in (shop, key)]
    owned = store.make(
        "kongcredentialapikeys", "default", "shop-1", owner_references=owners
    )

    changes = store.delete(shop)
    assert [(c.verb, c.object.pk) for c in changes][1:] == [("update", owned.pk)]

    changes = store.delete(key)
    assert [(c.verb, c.object.pk) for c in changes][1:] == [("delete", owned.pk)]


def test_an_alias_shares_the_objects_of_the_kind_it_stands_for() -> None:
    made = store.make("kongcredentialkeyauths", "default", "key")

    assert store.find("kongcredentialapikeys", "default", "key") == made
    assert made.kind.name == "KongCredentialAPIKey"


def test_bodies_annotations_and_events_are_encrypted() -> None:
    hidden = {"username": "visible-nowhere"}
    consumer(body=hidden, annotations=hidden)

    with connection.cursor() as cursor:
        for table in ("kubernetes_object", "kubernetes_event"):
            cursor.execute(f"SELECT * FROM {table}")
            assert "visible-nowhere" not in str(
                [
                    [bytes(c) if isinstance(c, memoryview) else c for c in row]
                    for row in cursor.fetchall()
                ]
            )
