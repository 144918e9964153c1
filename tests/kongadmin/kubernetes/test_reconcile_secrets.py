"""The ingress controller's form: consumers whose credentials lie in Secrets."""

import pytest
from django.db import connection

from cluster import (
    CONSUMER,
    INGRESS_CONSUMER,
    PLANE,
    SECRET,
    apply,
    delete,
    fresh,
    message,
    read,
    told,
)
from consumers.models import ACL, Consumer, KeyAuth, OAuth2
from kongadmin.changes import Change
from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.reconcile import reconcile
from realms.models import DEFAULT

pytestmark = pytest.mark.django_db
KEYS = "kongcredentialapikeys"
TABLES = Object, store.Event, store.Reference, store.Owner


def managed(plural: str = KEYS) -> list[Object]:
    return list(store.objects(plural, "default"))


def labelled(type_: str, name: str = "till-key", /, **texts: str) -> dict:
    metadata = {"name": name, "labels": {"konghq.com/credential": type_}}
    return read(SECRET, metadata=metadata, stringData=texts)


@pytest.mark.parametrize("is_secret_first", [True, False])
def test_a_secret_may_come_before_or_after_its_consumer(is_secret_first: bool) -> None:
    both = [SECRET, INGRESS_CONSUMER]
    apply(*(both if is_secret_first else both[::-1]))

    consumer = store.find("kongconsumers", "default", "till")
    assert told(consumer) == {
        "Programmed": "True",
        "CredentialSecretRefsValid": "True",
        "KongConsumerGroupRefsValid": "True",
    }
    expected = "Object was successfully configured in Kong."
    assert message(consumer, "Programmed") == expected
    key = KeyAuth.objects.get()
    assert (key.key, key.consumer.username) == ("till-4711", "till")
    assert key.consumer.scope.controlplane.name == DEFAULT


def test_an_object_that_both_own_shows_the_credential() -> None:
    secret, consumer = apply(SECRET), apply(INGRESS_CONSUMER)

    (key,) = managed()

    assert key.name.startswith("till-")
    assert key.generate_name == "till-"
    assert key.body["spec"] == {"consumerRef": {"name": "till"}, "key": "till-4711"}
    owners = [(one["kind"], one["uid"]) for one in key.owner_references]
    assert owners == [
        ("KongConsumer", str(consumer.uid)),
        ("Secret", str(secret.uid)),
    ]
    assert key.owner_references[0]["controller"] is True
    assert told(key) == {"Programmed": "True", "KongConsumerRefValid": "True"}


def test_secrets_work_beside_a_reference_to_a_control_plane() -> None:
    apply(PLANE, SECRET, read(CONSUMER, credentials=["till-key"]))

    assert KeyAuth.objects.get().consumer.username == "consumer"


def test_another_key_in_the_secret_is_another_key_of_the_consumer() -> None:
    apply(SECRET, INGRESS_CONSUMER)
    before = KeyAuth.objects.get()

    apply(read(SECRET, stringData={"key": "rotated"}))

    after = KeyAuth.objects.get()
    assert (after.pk, after.key) == (before.pk, "rotated")


def test_a_secret_of_another_type_is_another_credential() -> None:
    apply(SECRET, INGRESS_CONSUMER)

    apply(labelled("acl", group="staff"))

    assert not KeyAuth.objects.exists()
    assert not managed()
    assert ACL.objects.get().group == "staff"


def test_two_secrets_of_one_type_are_two_credentials() -> None:
    apply(SECRET, labelled("key-auth", "second", key="other"))

    apply(read(INGRESS_CONSUMER, credentials=["till-key", "second"]))

    keys = {key.key for key in KeyAuth.objects.all()}
    assert keys == {"till-4711", "other"}


def test_what_is_not_listed_any_more_is_deleted() -> None:
    apply(SECRET, INGRESS_CONSUMER)

    apply(read(INGRESS_CONSUMER, credentials=None))

    assert not KeyAuth.objects.exists()
    assert not managed()


def test_a_deleted_secret_takes_its_credential_along() -> None:
    secret, consumer = apply(SECRET), apply(INGRESS_CONSUMER)

    delete(secret)

    assert not KeyAuth.objects.exists()
    assert not managed()
    assert told(consumer)["CredentialSecretRefsValid"] == "Invalid"
    expected = 'secrets "till-key" not found'
    assert message(consumer, "CredentialSecretRefsValid") == expected
    assert Consumer.objects.filter(username="till").exists()


def test_a_deleted_consumer_takes_what_was_made_for_it_along() -> None:
    _, consumer = apply(SECRET), apply(INGRESS_CONSUMER)

    delete(consumer)

    assert not managed()
    assert not Consumer.objects.exists()


def test_what_was_made_for_it_stays_as_an_orphan_where_that_is_wanted() -> None:
    _, consumer = apply(SECRET), apply(INGRESS_CONSUMER)

    with store.writing():
        reconcile(store.delete(fresh(consumer), orphan=True))

    (key,) = managed()
    assert told(key)["KongConsumerRefValid"] == "Invalid"
    assert not KeyAuth.objects.exists()


def test_each_secret_that_is_of_no_use_has_a_line() -> None:
    unlabelled = read(SECRET, metadata={"name": "bare"})
    listed = ["bare", "empty", "late"]
    apply(unlabelled, labelled("key-auth", "empty"))

    consumer = apply(read(INGRESS_CONSUMER, credentials=listed))

    assert message(consumer, "CredentialSecretRefsValid").splitlines() == [
        'Secret "bare" has no label "konghq.com/credential"',
        'Secret "empty" lacks "key"',
        'secrets "late" not found',
    ]
    assert told(consumer)["Programmed"] == "ConditionWithStatusFalseExists"


def test_a_key_that_another_has_is_told_by_its_object_and_waited_for() -> None:
    apply(SECRET, INGRESS_CONSUMER)
    other = {"name": "o", "annotations": {"kubernetes.io/ingress.class": "kong"}}
    apply(read(INGRESS_CONSUMER, metadata=other, username="other"))

    (first, second) = sorted(managed(), key=lambda one: one.pk)
    assert told(first)["Programmed"] == "True"
    assert told(second)["Programmed"] == "FailedToCreate"
    assert "key (type: unique)" in message(second, "Programmed")
    assert "till-4711" not in message(second, "Programmed")

    apply(read(INGRESS_CONSUMER, credentials=None))
    assert told(second)["Programmed"] == "True"
    assert KeyAuth.objects.get().consumer.username == "other"


def test_what_was_made_for_a_secret_is_made_again() -> None:
    apply(SECRET, INGRESS_CONSUMER)
    (key,) = managed()

    delete(key)

    assert [one.uid != key.uid for one in managed()] == [True]
    assert KeyAuth.objects.get().key == "till-4711"


def test_a_client_of_oauth2_needs_no_object_of_its_own() -> None:
    fields = {"name": "app", "client_id": "id", "client_secret": "s3cret"}
    apply(labelled("oauth2", hash_secret="true", **fields), INGRESS_CONSUMER)
    before = OAuth2.objects.get()
    assert before.client_secret.startswith("$pbkdf2")

    apply(read(INGRESS_CONSUMER, custom_id="4711"))
    assert OAuth2.objects.get().updated_at == before.updated_at

    apply(read(INGRESS_CONSUMER, credentials=None))
    assert not OAuth2.objects.exists()


def test_a_key_may_end_after_some_seconds() -> None:
    secret = labelled("key-auth", key="till-4711", ttl="3600")
    apply(secret, INGRESS_CONSUMER)

    (object,) = managed()
    lifetime = KeyAuth.objects.get().expires_at - object.created_at

    assert lifetime.total_seconds() == 3600


def test_what_no_database_takes_is_a_condition() -> None:
    apply(labelled("key-auth", key="a\0b"), INGRESS_CONSUMER)

    (object,) = managed()
    assert told(object)["Programmed"] == "FailedToCreate"
    assert "invalid utf-8" in message(object, "Programmed")


def test_what_only_looks_made_for_a_secret_is_left_alone() -> None:
    consumer = apply(INGRESS_CONSUMER)
    owner = {"kind": "KongConsumer", "uid": str(consumer.uid), "controller": True}
    with store.writing():
        spec = {"consumerRef": {"name": "till"}, "key": "by hand"}
        fields = {"body": {"spec": spec}, "owner_references": [owner]}
        store.make(KEYS, "default", "by-hand", **fields)

    apply(read(INGRESS_CONSUMER, custom_id="4711"))

    assert [one.name for one in managed()] == ["by-hand"]


def test_a_type_that_is_not_ours_any_more_leaves_nothing_behind() -> None:
    apply(SECRET, INGRESS_CONSUMER)
    theirs = {"name": "till", "annotations": {"kubernetes.io/ingress.class": "nginx"}}

    consumer = apply(read(INGRESS_CONSUMER, metadata=theirs))

    assert told(consumer) == {"Programmed": "Pending"}
    assert not managed()
    assert not Consumer.objects.exists()


def test_no_secret_is_in_clear_in_the_database_or_in_the_log() -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "till-4711"}
    metadata = read(SECRET)["metadata"] | {"annotations": annotations}
    secret = apply(read(SECRET, metadata=metadata))
    apply(INGRESS_CONSUMER)
    fresh(secret)

    with connection.cursor() as cursor:
        for model in (*TABLES, Change):
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            stored = repr([[shown(value) for value in row] for row in cursor])
            assert "till-4711" not in stored
            assert "dGlsbC00NzEx" not in stored


def shown(value) -> object:
    return bytes(value) if isinstance(value, memoryview) else value
