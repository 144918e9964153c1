"""Objects in the database: numbered changes, who names whom, who goes with whom."""

import pytest
from django.db import IntegrityError, connection

from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.models import Event, Object

pytestmark = pytest.mark.django_db


def consumer(name: str = "shop", **fields) -> Object:
    return make("kongconsumers", name, **fields)


def make(plural: str, name: str, **fields) -> Object:
    with store.writing():
        return store.make(plural, "default", name, **fields)


def update(object: Object, **fields) -> bool:
    with store.writing():
        return store.update(object, **fields)


def delete(object: Object) -> list[tuple[str, int]]:
    """Delete an object; return what was done after that, and to which."""
    with store.writing():
        first, *others = store.delete(object)
    assert (first.verb, first.object) == ("delete", object)
    return [(one.verb, one.object.pk) for one in others]


def test_the_first_writer_finds_the_namespace_default() -> None:
    with store.writing():
        pass

    assert store.find("namespaces", "", "default").status == {"phase": "Active"}


def test_who_was_not_the_first_after_all_goes_on_from_there(monkeypatch) -> None:
    born = consumer().resource_version
    look = store.last_number
    seen = iter([None])  # the other had not yet committed
    monkeypatch.setattr(store, "last_number", lambda rows: next(seen, look(rows)))

    assert consumer("b").resource_version == born + 1
    assert store.find("namespaces", "", "default").resource_version == 1


def test_every_change_takes_the_next_number_and_leaves_an_event() -> None:
    shop = consumer(body={"username": "shop"})
    born = shop.resource_version

    with store.writing():
        store.settle(shop, {"conditions": []})
        store.remove(shop)

    events = Event.objects.filter(name="shop").order_by("resource_version")
    assert list(events.values_list("type", "resource_version")) == [
        ("ADDED", born),
        ("MODIFIED", born + 1),
        ("DELETED", born + 2),
    ]
    assert store.current_version() == born + 2


def test_a_writer_among_writers_is_a_part_of_the_outer_one() -> None:
    with store.writing():
        first = consumer("a")
        second = consumer("b")
        assert not Event.objects.exists()

    assert store.current_version() == second.resource_version
    assert second.resource_version == first.resource_version + 1
    assert Event.objects.count() == len(["default", "a", "b"])


def test_many_changes_are_written_so_many_at_a_time(monkeypatch) -> None:
    monkeypatch.setattr(store.Ledger, "at_once", 2)

    with store.writing():
        for name in "abcde":
            consumer(name)

    assert Event.objects.count() == store.current_version() == len("abcde") + 1


def test_what_is_taken_back_takes_no_number() -> None:
    born = consumer().resource_version

    with pytest.raises(IntegrityError), store.writing():
        [consumer(name) for name in ("b", "shop")]

    assert store.current_version() == born
    assert consumer("c").resource_version == born + 1


def test_a_change_that_changes_nothing_is_none() -> None:
    shop = consumer(body={"username": "shop"})
    born = shop.resource_version

    assert not update(shop, body={"username": "shop"})
    assert shop.resource_version == born


def test_only_another_body_is_another_generation() -> None:
    shop = consumer(body={"username": "shop"})

    update(shop, labels={"a": "b"}, status={})
    assert shop.generation == 1

    update(shop, body={"username": "store"})
    assert shop.generation == 2


def test_what_an_object_names_finds_it_whether_or_not_it_exists() -> None:
    shop = consumer(body={"username": "shop", "consumerGroups": ["gold", "late"]})

    assert store.referring_to("kongconsumergroups", "default", "late").get() == shop
    assert not store.referring_to("kongconsumergroups", "other", "late").exists()


def test_an_object_goes_with_its_last_owner() -> None:
    shop, key = consumer(), make("secrets", "key")
    owners = [{"uid": str(owner.uid)} for owner in (shop, key)]
    owned = make("kongcredentialapikeys", "shop-1", owner_references=owners)

    assert delete(shop) == [("update", owned.pk)]
    assert delete(key) == [("delete", owned.pk)]


def test_an_alias_shares_the_objects_of_the_kind_it_stands_for() -> None:
    made = make("kongcredentialkeyauths", "key")

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
