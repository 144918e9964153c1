"""What objects become, in whatever order they come."""

import pytest
from django.db.models import Q

from cluster import (
    BASIC_AUTH,
    CONSUMER,
    GROUP,
    KEY,
    PLANE,
    apply,
    delete,
    fresh,
    konnect_id,
    message,
    read,
    told,
)
from consumers.models import BasicAuth, Consumer, KeyAuth
from groups.models import ConsumerGroup, Membership
from realms.models import ControlPlane

pytestmark = pytest.mark.django_db


def test_a_control_plane_comes_into_being() -> None:
    plane = apply(PLANE)

    made = ControlPlane.objects.get(name="gateway-control-plane")
    assert told(plane) == {"Programmed": "True"}
    assert fresh(plane).status["id"] == str(made.pk)


def test_a_consumer_is_in_the_control_plane_that_it_names() -> None:
    _, consumer = apply(PLANE), apply(CONSUMER)

    made = Consumer.objects.get(username="consumer")
    assert told(consumer) == {
        "Programmed": "True",
        "ControlPlaneRefValid": "True",
        "CredentialSecretRefsValid": "True",
        "KongConsumerGroupRefsValid": "True",
    }
    assert fresh(consumer).status["konnect"] | {
        "serverURL": "",
        "organizationID": "",
    } == {
        "id": str(made.pk),
        "controlPlaneID": str(made.scope_id),
        "serverURL": "",
        "organizationID": "",
    }
    assert made.scope_id == ControlPlane.objects.get(name="gateway-control-plane").pk


def test_conditions_come_in_their_order_and_are_complete() -> None:
    _, consumer = apply(PLANE), apply(CONSUMER)

    conditions = fresh(consumer).status["conditions"]
    assert [one["type"] for one in conditions] == [
        "Programmed",
        "ControlPlaneRefValid",
        "CredentialSecretRefsValid",
        "KongConsumerGroupRefsValid",
    ]
    assert {one["observedGeneration"] for one in conditions} == {1}
    assert all(one["message"] == "" and one["lastTransitionTime"] for one in conditions)


@pytest.mark.parametrize("is_forwards", [True, False])
def test_the_order_of_writing_is_irrelevant(is_forwards: bool) -> None:
    with_group = read(CONSUMER, consumerGroups=["consumer-group"])
    manifests = [PLANE, GROUP, with_group, BASIC_AUTH, KEY]

    objects = [apply(one) for one in manifests[:: 1 if is_forwards else -1]]

    assert {told(object)["Programmed"] for object in objects} == {"True"}
    assert KeyAuth.objects.get().consumer == Consumer.objects.get(username="consumer")
    assert Membership.objects.get().consumer_group.name == "consumer-group"


def test_a_credential_without_its_consumer_says_so_and_heals() -> None:
    apply(PLANE)
    key = apply(KEY)
    assert told(key) == {
        "Programmed": "ConditionWithStatusFalseExists",
        "KongConsumerRefValid": "Invalid",
    }
    assert not KeyAuth.objects.exists()

    apply(CONSUMER)

    assert told(key) == {"Programmed": "True", "KongConsumerRefValid": "True"}
    assert konnect_id(key) == str(KeyAuth.objects.get().pk)


def test_a_consumer_without_its_control_plane_says_so_and_heals() -> None:
    consumer = apply(CONSUMER)
    assert told(consumer)["ControlPlaneRefValid"] == "Invalid"
    assert told(consumer)["Programmed"] == "ConditionWithStatusFalseExists"
    assert "<konnectNamespacedRef:gateway-control-plane>" in message(
        consumer, "ControlPlaneRefValid"
    )

    apply(PLANE)

    assert told(consumer)["Programmed"] == "True"


def test_a_control_plane_is_changed_with_its_object() -> None:
    apply(PLANE)
    spec = {"name": "edge", "description": "What faces the world", "labels": {"a": "b"}}

    plane = apply(read(PLANE, spec=spec))

    made = ControlPlane.objects.get(pk=fresh(plane).entity_id)
    assert (made.name, made.comment, made.labels) == (
        *list(spec.values())[:2],
        {"a": "b"},
    )


def test_a_control_plane_whose_name_is_taken_takes_no_consumers() -> None:
    plane = apply(read(PLANE, spec={"name": "default"}))
    consumer = apply(CONSUMER)

    assert told(plane) == {"Programmed": "FailedToCreate"}
    assert "id" not in fresh(plane).status
    assert told(consumer)["ControlPlaneRefValid"] == "Invalid"
    assert "not programmed yet" in message(consumer, "ControlPlaneRefValid")


@pytest.mark.parametrize("name", ["consumers", "e", "a/b"])
def test_a_control_plane_keeps_to_the_rules_of_all(name: str) -> None:
    plane = apply(read(PLANE, spec={"name": name}))

    assert told(plane) == {"Programmed": "FailedToCreate"}


def test_every_token_for_konnect_is_good_enough() -> None:
    manifest = {
        "apiVersion": "konnect.konghq.com/v1alpha1",
        "kind": "KonnectAPIAuthConfiguration",
        "metadata": {"name": "token"},
        "spec": {"type": "token", "token": "kpat_x", "serverURL": "us.api.konghq.com"},
    }

    object = apply(manifest)

    assert told(object) == {"APIAuthValid": "True"}
    assert fresh(object).status["serverURL"] == "http://localhost:8001"


def test_nothing_refers_across_namespaces() -> None:
    apply(PLANE)
    there = read(CONSUMER, metadata={"name": "consumer", "namespace": "other"})

    consumer = apply(there)

    assert told(consumer)["ControlPlaneRefValid"] == "Invalid"


def test_credentials_of_a_consumer_that_misses_a_group_work_and_say_so() -> None:
    apply(PLANE, read(CONSUMER, consumerGroups=["late"]))

    key = apply(KEY)

    assert told(key) == {
        "Programmed": "ConditionWithStatusFalseExists",
        "KongConsumerRefValid": "Invalid",
    }
    assert "default/consumer is not programmed yet" in message(
        key, "KongConsumerRefValid"
    )
    assert konnect_id(key) == str(KeyAuth.objects.get().pk)


def test_a_group_of_another_control_plane_cannot_be_joined() -> None:
    apply(PLANE, GROUP)
    ingress = {"annotations": {"kubernetes.io/ingress.class": "kong"}}
    elsewhere = read(CONSUMER, spec=None, metadata={"name": "consumer", **ingress})

    consumer = apply(elsewhere | {"consumerGroups": ["consumer-group"]})

    expected = "Invalid ConsumerGroup references: consumer-group: NotCreatedInKonnect"
    assert message(consumer, "KongConsumerGroupRefsValid") == expected
    assert not Membership.objects.exists()


def test_a_group_that_is_missing_does_not_keep_the_others_out() -> None:
    apply(PLANE, GROUP)

    consumer = apply(read(CONSUMER, consumerGroups=["consumer-group", "late"]))

    assert told(consumer)["KongConsumerGroupRefsValid"] == "Invalid"
    assert told(consumer)["Programmed"] == "FailedToAttachConsumerToConsumerGroup"
    text = "Invalid ConsumerGroup references: late: NotFound"
    assert message(consumer, "KongConsumerGroupRefsValid") == text
    assert Membership.objects.get().consumer_group.name == "consumer-group"
    assert konnect_id(consumer)


def test_groups_are_left_as_soon_as_they_are_not_listed() -> None:
    apply(PLANE, GROUP, read(CONSUMER, consumerGroups=["consumer-group"]))

    consumer = apply(CONSUMER)

    assert not Membership.objects.exists()
    assert fresh(consumer).generation == 2
    assert fresh(consumer).status["conditions"][0]["observedGeneration"] == 2


def test_a_transition_time_moves_with_the_status_only(monkeypatch) -> None:
    from kongadmin.dialects.kubernetes import reconcile

    times = iter(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "x", "y"])
    monkeypatch.setattr(reconcile, "say_time", lambda _: next(times))
    apply(PLANE)
    consumer = apply(CONSUMER)

    apply(read(CONSUMER, custom_id="other"))

    moved = fresh(consumer).status["conditions"][0]
    assert moved["lastTransitionTime"] == "2026-01-02T00:00:00Z"
    assert moved["observedGeneration"] == 2


def test_writing_the_same_again_changes_nothing() -> None:
    apply(PLANE)
    consumer = apply(CONSUMER)
    before = fresh(consumer).resource_version, Consumer.objects.get().updated_at

    apply(CONSUMER)

    assert (
        fresh(consumer).resource_version,
        Consumer.objects.get().updated_at,
    ) == before


def test_what_a_schema_refuses_is_a_condition() -> None:
    apply(PLANE)

    group = apply(read(GROUP, spec=read(GROUP)["spec"] | {"tags": ["a/b"]}))

    assert told(group)["Programmed"] == "FailedToCreate"
    assert "schema violation (tags." in message(group, "Programmed")
    assert konnect_id(group) is None


def test_a_group_may_be_called_as_konnect_allows() -> None:
    apply(PLANE)

    group = apply(read(GROUP, spec=read(GROUP)["spec"] | {"name": "Partners (all)"}))

    assert told(group)["Programmed"] == "True"
    assert ConsumerGroup.objects.get().name == "Partners (all)"


def test_a_name_made_elsewhere_is_never_adopted_and_waited_for() -> None:
    from kongadmin.dialects.kubernetes.reconcile_triggers import put_right

    plane = ControlPlane.objects.get(pk=fresh(apply(PLANE)).entity_id)
    other = Consumer(scope=plane, username="consumer")
    other.save()

    consumer = apply(CONSUMER)
    assert told(consumer)["Programmed"] == "FailedToCreate"
    assert "username" in message(consumer, "Programmed")
    assert "unique" in message(consumer, "Programmed")
    assert konnect_id(consumer) is None

    other.delete()
    put_right(Q(entity_id=other.pk))
    assert told(consumer)["Programmed"] == "True"


def test_of_two_namespaces_the_older_object_has_the_name() -> None:
    everywhere = {"annotations": {"kubernetes.io/ingress.class": "kong"}}
    alex = read(CONSUMER, spec=None)
    older = apply(alex | {"metadata": {"name": "alex", "namespace": "a", **everywhere}})
    younger = apply(
        alex | {"metadata": {"name": "alex", "namespace": "b", **everywhere}}
    )
    assert told(older)["Programmed"] == "True"
    assert told(younger)["Programmed"] == "FailedToCreate"

    delete(older)

    assert told(younger)["Programmed"] == "True"
    assert Consumer.objects.get().pk == fresh(younger).entity_id


def test_an_update_that_is_refused_leaves_what_there_was() -> None:
    apply(PLANE, CONSUMER)
    other = read(CONSUMER, username="other", custom_id=None, metadata={"name": "other"})
    object = apply(other)

    apply(other | {"username": "consumer"})

    assert told(object)["Programmed"] == "FailedToUpdate"
    assert Consumer.objects.filter(username="other").exists()

    apply(other | {"username": "third"})
    assert told(object)["Programmed"] == "True"


def test_credentials_go_with_their_consumer_and_come_back_with_one_of_its_name() -> (
    None
):
    _, consumer, key = apply(PLANE), apply(CONSUMER), apply(KEY)

    delete(consumer)
    assert not KeyAuth.objects.exists()
    assert told(key)["KongConsumerRefValid"] == "Invalid"
    assert konnect_id(key) is None

    apply(CONSUMER)
    assert told(key)["Programmed"] == "True"
    assert KeyAuth.objects.get().key == "key-of-consumer"


def test_what_a_deleted_control_plane_held_is_gone_and_comes_back() -> None:
    plane, consumer, key = apply(PLANE), apply(CONSUMER), apply(KEY)

    delete(plane)
    assert not Consumer.objects.exists()
    assert told(consumer)["ControlPlaneRefValid"] == "Invalid"
    assert told(key)["KongConsumerRefValid"] == "Invalid"

    apply(PLANE)
    assert told(key)["Programmed"] == "True"


def test_a_deleted_group_is_missed() -> None:
    _, group = apply(PLANE), apply(GROUP)
    consumer = apply(read(CONSUMER, consumerGroups=["consumer-group"]))

    delete(group)

    assert not ConsumerGroup.objects.exists()
    assert told(consumer)["KongConsumerGroupRefsValid"] == "Invalid"


def test_control_plane_groups_take_no_consumers() -> None:
    spec = {"name": "all", "cluster_type": "CLUSTER_TYPE_CONTROL_PLANE_GROUP"}
    apply(read(PLANE, spec=spec))

    consumer = apply(CONSUMER)

    assert told(consumer)["ControlPlaneRefValid"] == "Invalid"
    assert "CLUSTER_TYPE_CONTROL_PLANE_GROUP" in message(
        consumer, "ControlPlaneRefValid"
    )


def test_a_mirror_uses_what_is_there_and_leaves_it_there() -> None:
    default = ControlPlane.objects.get(name="default")
    spec = {"source": "Mirror", "mirror": {"konnect": {"id": str(default.pk)}}}
    mirror = apply(read(PLANE, spec=spec))
    consumer = apply(CONSUMER)
    assert told(consumer)["Programmed"] == "True"

    delete(mirror)

    assert ControlPlane.objects.filter(pk=default.pk).exists()
    assert told(consumer)["ControlPlaneRefValid"] == "Invalid"


def test_what_is_nobodys_business_stays_pending() -> None:
    consumer = apply(read(CONSUMER, spec=None))

    assert told(consumer) == {"Programmed": "Pending"}
    assert not Consumer.objects.exists()


def test_another_ingress_class_takes_the_consumer_away() -> None:
    ours = {"name": "a", "annotations": {"kubernetes.io/ingress.class": "kong"}}
    theirs = {"name": "a", "annotations": {"kubernetes.io/ingress.class": "nginx"}}
    consumer = apply(read(CONSUMER, spec=None, metadata=ours))
    assert told(consumer)["Programmed"] == "True"

    apply(read(CONSUMER, spec=None, metadata=theirs))

    assert told(consumer) == {"Programmed": "Pending"}
    assert not Consumer.objects.exists()


def test_a_password_is_kept_as_our_model_keeps_it() -> None:
    apply(PLANE, CONSUMER, BASIC_AUTH)
    before = BasicAuth.objects.get()
    assert before.password != "pass"

    apply(read(BASIC_AUTH, spec=read(BASIC_AUTH)["spec"] | {"password": "new"}))

    assert BasicAuth.objects.get().pk == before.pk
    assert BasicAuth.objects.get().password != before.password


def test_secrets_that_are_made_up_stay_as_they_are() -> None:
    from consumers.models import JWT

    jwt = read(BASIC_AUTH, kind="KongCredentialJWT", metadata={"name": "jwt"})
    spec = {"consumerRef": {"name": "consumer"}, "algorithm": "HS256"}
    apply(PLANE, CONSUMER, jwt | {"spec": spec})
    before = JWT.objects.get()
    assert before.key
    assert before.secret

    apply(jwt | {"spec": {**spec, "tags": ["a"]}})

    after = JWT.objects.get()
    assert (after.key, after.secret) == (before.key, before.secret)
    assert "a" in after.tags
