"""What is done elsewhere to entities that objects stand for."""

import pytest

from cluster import CONSUMER, GROUP, KEY, PLANE, apply, fresh, konnect_id, read, told
from consumers.models import Consumer, KeyAuth
from factories import make_consumer
from groups.models import ConsumerGroup, Membership
from kongadmin.changes import Change, record_bulk
from kongadmin.dialects.kubernetes import reconcile_triggers
from realms.models import ControlPlane

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(django_capture_on_commit_callbacks):
    """Commits what a test does, as far as it has consequences."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_a_change_through_the_admin_api_does_not_last(api, elsewhere) -> None:
    _, consumer = apply(PLANE), apply(CONSUMER)
    path = f"/gateway-control-plane/consumers/{konnect_id(consumer)}"

    with elsewhere():
        assert api.patch(path, json={"custom_id": "other"}).status == 200

    assert api.get(path).json()["custom_id"] == "08433C12"


def test_what_is_deleted_elsewhere_comes_back_with_all_it_had(api, elsewhere) -> None:
    _, consumer, key = apply(PLANE), apply(CONSUMER), apply(KEY)
    path = f"/gateway-control-plane/consumers/{konnect_id(consumer)}"
    before = konnect_id(consumer), konnect_id(key)

    with elsewhere():
        assert api.delete(path).status == 204

    assert api.get(path).status == 200
    assert KeyAuth.objects.get().key == "key-of-consumer"
    assert (konnect_id(consumer), konnect_id(key)) == before


def test_a_deleted_control_plane_comes_back_with_all_it_held(elsewhere) -> None:
    apply(PLANE, GROUP, read(CONSUMER, consumerGroups=["consumer-group"]), KEY)

    with elsewhere():
        ControlPlane.objects.get(name="gateway-control-plane").delete()

    assert KeyAuth.objects.get().consumer.username == "consumer"
    assert Membership.objects.get().consumer_group.name == "consumer-group"


def test_memberships_made_elsewhere_do_not_last(elsewhere) -> None:
    _, group, consumer = apply(PLANE), apply(GROUP), apply(CONSUMER)

    with elsewhere():
        Membership(
            scope_id=Consumer.objects.get().scope_id,
            consumer_id=fresh(consumer).entity_id,
            consumer_group_id=fresh(group).entity_id,
        ).save()

    assert not Membership.objects.exists()


def test_what_many_rows_at_once_changed_is_put_right_as_well(elsewhere) -> None:
    apply(PLANE, CONSUMER)
    changed = Consumer.objects.get()

    with elsewhere():
        Consumer.objects.update(custom_id="other")
        record_bulk(changed.scope, "update", "consumers", "1 consumer")

    assert Consumer.objects.get().custom_id == "08433C12"


def test_the_log_says_who_put_it_right(api, elsewhere) -> None:
    consumer = apply(PLANE), apply(CONSUMER)
    path = f"/gateway-control-plane/consumers/{konnect_id(consumer[1])}"

    with elsewhere():
        api.patch(path, json={"custom_id": "other"})

    changes = Change.objects.filter(verb="update", entity_type="consumers")
    said = list(changes.order_by("pk").values_list("actor", "dialect"))
    assert said[-1] == ("kubectl", "kubernetes")
    assert said[-2][1] == "admin_api"


def test_a_name_that_becomes_free_goes_to_who_waits_for_it(elsewhere) -> None:
    plane = ControlPlane.objects.get(pk=fresh(apply(PLANE)).entity_id)
    other = make_consumer(plane, username="consumer")
    consumer = apply(CONSUMER)
    assert told(consumer)["Programmed"] == "FailedToCreate"

    with elsewhere():
        other.username = "renamed"
        other.save()

    assert told(consumer)["Programmed"] == "True"


def test_credentials_made_elsewhere_stay(elsewhere) -> None:
    _, consumer = apply(PLANE), apply(CONSUMER)
    owner = Consumer.objects.get(pk=fresh(consumer).entity_id)

    with elsewhere():
        KeyAuth(scope_id=owner.scope_id, consumer=owner, key="by hand").save()
    apply(read(CONSUMER, custom_id="other"))

    assert KeyAuth.objects.get().key == "by hand"


def test_where_there_is_no_object_a_write_asks_for_none(
    django_assert_num_queries,
) -> None:
    one = make_consumer()
    reconcile_triggers.known.set("any", False)

    with django_assert_num_queries(0):
        reconcile_triggers.notice(Change(verb="delete", entity_id=one.pk))


def test_groups_changed_elsewhere_are_put_right(elsewhere) -> None:
    apply(PLANE, GROUP)

    with elsewhere():
        group = ConsumerGroup.objects.get()
        group.name = "renamed"
        group.save()

    assert ConsumerGroup.objects.get().name == "consumer-group"
