"""Objects over the wire: made, read, changed, deleted."""

import base64
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients import Client
from kongadmin.dialects.kubernetes.models import Event
from manifests import (
    CONFIGURATION,
    CONSUMERS,
    MERGE,
    consumer,
    credential,
    path_of,
    refused,
    secret,
)

SHOP = f"{CONSUMERS}/shop"
SECRETS = "/api/v1/namespaces/default/secrets"
PLANES = "/apis/konnect.konghq.com/{}/namespaces/default/konnectgatewaycontrolplanes"
Made = Callable[[dict], dict]


def test_what_was_made_is_read_back(kube: Client, made: Made) -> None:
    created = made(consumer(custom_id="42"))

    read = kube.get(SHOP).json()

    assert read == created
    assert (read["username"], read["custom_id"]) == ("shop", "42")
    assert read["metadata"]["namespace"] == "default"
    assert read["metadata"]["generation"] == 1
    assert read["metadata"]["uid"]
    assert read["status"]["conditions"][0]["type"] == "Programmed"


@pytest.mark.parametrize(
    ("manifest", "most"),
    [
        (consumer("unmanaged"), 6),
        (consumer("managed", spec={"controlPlaneRef": {"type": "kic"}}), 11),
        (credential("KongCredentialAPIKey", "key", key="k-1"), 13),
    ],
)
def test_what_is_made_takes_few_queries(
    kube: Client, made: Made, manifest: dict, most: int
) -> None:
    made(consumer(spec={"controlPlaneRef": {"type": "kic"}}))

    with CaptureQueriesContext(connection) as queries:
        made(manifest)

    asked = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= most, "\n".join(asked)


def test_nothing_is_twice(kube: Client, made: Made) -> None:
    made(consumer())

    status = refused(kube.post(CONSUMERS, json=consumer()), 409, "AlreadyExists")

    message = 'kongconsumers.configuration.konghq.com "shop" already exists'
    assert status["message"] == message


def test_what_is_missing_is_not_found_by_its_name(kube: Client) -> None:
    status = refused(kube.get(f"{CONSUMERS}/nobody"), 404, "NotFound")

    assert status["message"] == (
        'kongconsumers.configuration.konghq.com "nobody" not found'
    )
    assert status["details"] == {
        "name": "nobody",
        "group": "configuration.konghq.com",
        "kind": "kongconsumers",
    }


@pytest.mark.parametrize(
    "path",
    [
        f"{CONFIGURATION}/v1/kongunicorns",
        f"{CONFIGURATION}/v9/kongconsumers",
        "/apis/apps/v1/deployments",
        "/api/v1/namespaces/default/pods",
        "/api/v1/namespaces/default/secrets/x/status",
        f"{CONFIGURATION}/v1/kongconsumers/shop",
        "/apis/unknown",
        "/api/v2",
        "/openapi/v3/apis/nothing/v1",
        "/openapi/v9",
        "/version/x",
    ],
)
def test_what_is_not_served_is_a_status_too(kube: Client, path: str) -> None:
    refused(kube.get(path), 404, "NotFound")


def test_a_path_may_be_percent_encoded(kube: Client, made: Made) -> None:
    created = made(consumer("a"))

    assert (
        kube.get(CONSUMERS.replace("default", "%64efault") + "/%61").json() == created
    )
    for name in ("%00", "%FF%FE", "a%2Fb"):
        refused(kube.get(f"{CONSUMERS}/{name}"), 404, "NotFound")


def test_a_namespace_has_to_be_there(kube: Client, made: Made) -> None:
    path = CONSUMERS.replace("default", "shops")

    status = refused(kube.post(path, json=consumer()), 404, "NotFound")
    assert status["message"] == 'namespaces "shops" not found'

    made({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shops"}})
    assert kube.post(path, json=consumer()).status == 201


def test_a_namespace_takes_all_in_it_along(kube: Client, made: Made) -> None:
    made({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shops"}})
    path = CONSUMERS.replace("default", "shops")
    kube.post(path, json=consumer())

    assert kube.delete("/api/v1/namespaces/shops").status == 200

    assert kube.get(f"{path}/shop").status == 404
    assert kube.get("/api/v1/namespaces/shops").status == 404


def test_the_namespace_default_stays(kube: Client) -> None:
    refused(kube.delete("/api/v1/namespaces/default"), 403, "Forbidden")

    assert kube.get("/api/v1/namespaces/default").json()["status"] == {
        "phase": "Active"
    }


def test_a_name_may_be_made_up_behind_a_prefix(kube: Client) -> None:
    given = consumer()
    given["metadata"] = {"generateName": "shop-"}

    metadata = kube.post(CONSUMERS, json=given).json()["metadata"]

    name = metadata["name"]
    assert name.startswith("shop-")
    assert len(name) == len("shop-") + 5
    changed = kube.patch(f"{CONSUMERS}/{name}", json={"username": "x"}, headers=MERGE)
    for one in (metadata, changed.json()["metadata"]):
        assert one["generateName"] == "shop-"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"kind": "KongUnicorn"}, "do not match"),
        ({"apiVersion": "configuration.konghq.com/v2"}, "do not match"),
        ({"metadata": {"name": "shop", "namespace": "shops"}}, "namespace of the"),
    ],
)
def test_a_manifest_for_another_place_is_refused(
    kube: Client, given: dict, text: str
) -> None:
    status = refused(kube.post(CONSUMERS, json=consumer() | given), 400, "BadRequest")

    assert text in status["message"]


# Changing


def test_a_merge_patch_changes_and_removes(kube: Client, made: Made) -> None:
    made(consumer(custom_id="42"))

    body = {"custom_id": None, "username": "store", "metadata": {"labels": {"a": "b"}}}
    changed = kube.patch(SHOP, json=body, headers=MERGE).json()

    assert "custom_id" not in changed
    assert changed["username"] == "store"
    assert changed["metadata"]["labels"] == {"a": "b"}
    assert changed["metadata"]["generation"] == 2


def test_a_patch_that_changes_nothing_keeps_the_version(
    kube: Client, made: Made
) -> None:
    before = made(consumer())["metadata"]["resourceVersion"]
    before = kube.get(SHOP).json()["metadata"]["resourceVersion"]

    answer = kube.patch(SHOP, json={"username": "shop"}, headers=MERGE)

    assert answer.json()["metadata"]["resourceVersion"] == before


def test_labels_are_no_new_generation(kube: Client, made: Made) -> None:
    made(consumer())

    body = {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}
    changed = kube.patch(SHOP, json=body, headers=MERGE).json()

    assert changed["metadata"]["generation"] == 1


def test_a_json_patch_tests_and_changes(kube: Client, made: Made) -> None:
    made(consumer(consumerGroups=["a", "b"]))
    headers = {"Content-Type": "application/json-patch+json"}
    operations = [
        {"op": "test", "path": "/consumerGroups/0", "value": "a"},
        {"op": "add", "path": "/consumerGroups/-", "value": "c"},
        {"op": "remove", "path": "/consumerGroups/0"},
        {"op": "replace", "path": "/username", "value": "store"},
        {"op": "copy", "from": "/username", "path": "/custom_id"},
    ]

    changed = kube.patch(SHOP, json=operations, headers=headers).json()

    assert changed["consumerGroups"] == ["b", "c"]
    assert (changed["username"], changed["custom_id"]) == ("store", "store")

    operations = [{"op": "test", "path": "/username", "value": "shop"}]
    refused(kube.patch(SHOP, json=operations, headers=headers), 422, "Invalid")


def test_a_json_patch_leaves_something(kube: Client, made: Made) -> None:
    made(consumer())
    headers = {"Content-Type": "application/json-patch+json"}

    answer = kube.patch(SHOP, json=[{"op": "remove", "path": ""}], headers=headers)

    assert "nothing is left" in refused(answer, 422, "Invalid")["message"]
    assert kube.get(SHOP).json()["username"] == "shop"


def test_custom_resources_have_no_strategic_patches(kube: Client, made: Made) -> None:
    made(consumer())
    headers = {"Content-Type": "application/strategic-merge-patch+json"}

    answer = kube.patch(SHOP, json={}, headers=headers)

    status = refused(answer, 415, "UnsupportedMediaType")
    assert "strategic-merge-patch+json is not supported by" in status["message"]


def test_a_secret_takes_a_strategic_patch(kube: Client, made: Made) -> None:
    made(secret(stringData={"key": "old", "other": "x"}))
    headers = {"Content-Type": "application/strategic-merge-patch+json"}
    body = {"$setElementOrder/x": [], "data": {"other": None}}

    changed = kube.patch(f"{SECRETS}/key", json=body, headers=headers).json()

    assert changed["data"] == {"key": base64.b64encode(b"old").decode()}


def test_replacing_needs_the_version_last_seen(kube: Client, made: Made) -> None:
    made(consumer())
    seen = kube.get(SHOP).json()

    assert kube.put(SHOP, json=seen | {"username": "store"}).status == 200
    status = refused(kube.put(SHOP, json=seen), 409, "Conflict")
    assert "the object has been modified" in status["message"]

    status = refused(kube.put(SHOP, json=consumer()), 422, "Invalid")
    assert "metadata.resourceVersion" in status["message"]


def test_a_patch_that_names_a_version_is_for_that_one(kube: Client, made: Made) -> None:
    made(consumer())
    body = {"username": "store", "metadata": {"resourceVersion": "1"}}

    refused(kube.patch(SHOP, json=body, headers=MERGE), 409, "Conflict")


def test_status_is_written_by_its_own_address_only(kube: Client, made: Made) -> None:
    made(consumer())
    status = {"conditions": []}

    main = kube.patch(SHOP, json={"status": status}, headers=MERGE).json()
    assert main["status"]["conditions"]

    body = {"status": status, "username": "store"}
    sub = kube.patch(f"{SHOP}/status", json=body, headers=MERGE).json()
    assert sub["status"] == status
    assert sub["username"] == "shop"
    assert kube.get(f"{SHOP}/status").json()["status"] == status


# Deleting


def test_what_is_deleted_is_gone_and_told_with_its_uid(
    kube: Client, made: Made
) -> None:
    uid = made(consumer())["metadata"]["uid"]

    answer = kube.delete(SHOP, json={"propagationPolicy": "Background"})

    assert answer.status == 200
    assert answer.json()["status"] == "Success"
    assert answer.json()["details"]["uid"] == uid
    assert kube.get(SHOP).status == 404
    refused(kube.delete(SHOP), 404, "NotFound")


def test_made_again_it_is_another(kube: Client, made: Made) -> None:
    first = made(consumer())
    kube.delete(SHOP)

    assert made(consumer())["metadata"]["uid"] != first["metadata"]["uid"]


def test_finalizers_keep_what_is_deleted(kube: Client, made: Made) -> None:
    made(consumer(metadata={"finalizers": ["example.com/later"]}))

    marked = kube.delete(SHOP).json()
    assert marked["metadata"]["deletionTimestamp"]
    assert kube.get(SHOP).status == 200

    body = {"metadata": {"finalizers": ["example.com/later", "example.com/never"]}}
    status = refused(kube.patch(SHOP, json=body, headers=MERGE), 422, "Invalid")
    assert status["details"]["causes"][0]["reason"] == "FieldValueForbidden"
    body = {"metadata": {"finalizers": None}}
    assert kube.patch(SHOP, json=body, headers=MERGE).status == 200
    assert kube.get(SHOP).status == 404


def test_preconditions_hold_a_deletion_back(kube: Client, made: Made) -> None:
    made(consumer())

    body = {"preconditions": {"uid": "another"}}
    refused(kube.delete(SHOP, json=body), 409, "Conflict")
    body = {"preconditions": {"resourceVersion": "1"}}
    refused(kube.delete(SHOP, json=body), 409, "Conflict")

    assert kube.get(SHOP).status == 200


def test_another_propagation_policy_is_refused(kube: Client, made: Made) -> None:
    made(consumer())

    for options in ({"json": {"propagationPolicy": "Nowhere"}}, {}):
        answer = kube.delete(f"{SHOP}?propagationPolicy=Nowhere", **options)
        status = refused(answer, 422, "Invalid")
        assert 'propagationPolicy: Unsupported value: "Nowhere"' in status["message"]

    assert kube.get(SHOP).status == 200


def test_a_collection_is_deleted_by_what_selects_it(kube: Client, made: Made) -> None:
    made(consumer("a", metadata={"labels": {"stage": "old"}}))
    made(consumer("b"))

    gone = kube.delete(f"{CONSUMERS}?labelSelector=stage%3Dold").json()

    assert [one["metadata"]["name"] for one in gone["items"]] == ["a"]
    assert len(kube.get(CONSUMERS).json()["items"]) == 1


# Dry runs


def test_a_dry_run_answers_and_stores_nothing(kube: Client, made: Made) -> None:
    answer = kube.post(f"{CONSUMERS}?dryRun=All", json=consumer())
    assert answer.status == 201
    assert answer.json()["metadata"]["uid"]
    assert kube.get(SHOP).status == 404

    made(consumer())
    before = kube.get(SHOP).json()
    events = Event.objects.count()
    would = kube.patch(f"{SHOP}?dryRun=All", json={"username": "x"}, headers=MERGE)
    assert would.json()["metadata"]["generation"] == 2
    version = before["metadata"]["resourceVersion"]
    assert would.json()["metadata"]["resourceVersion"] == version
    assert kube.delete(f"{SHOP}?dryRun=All").status == 200

    assert kube.get(SHOP).json() == before
    assert Event.objects.count() == events


def test_a_deletion_says_in_its_body_that_it_is_a_dry_run(
    kube: Client, made: Made
) -> None:
    made(consumer())
    options = {"propagationPolicy": "Background", "dryRun": ["All"]}

    assert kube.delete(SHOP, json=options).json()["status"] == "Success"
    assert len(kube.delete(CONSUMERS, json=options).json()["items"]) == 1
    for stages in (["Some"], ["All", "Some"], "All", [1]):
        refused(kube.delete(SHOP, json={"dryRun": stages}), 400, "BadRequest")

    assert kube.get(SHOP).status == 200


def test_another_dry_run_than_all_is_none(kube: Client) -> None:
    answer = kube.post(f"{CONSUMERS}?dryRun=Some", json=consumer())

    refused(answer, 400, "BadRequest")


# Secrets


def test_a_secret_is_told_in_base64_only(kube: Client, made: Made) -> None:
    created = made(secret(stringData={"key": "till-4711"}, data={"a": "Yg=="}))

    coded = base64.b64encode(b"till-4711").decode()
    assert created["data"] == {"a": "Yg==", "key": coded}
    assert created["type"] == "Opaque"
    assert "stringData" not in created
    assert "generation" not in created["metadata"]


def test_a_secret_is_what_it_was_made_as(kube: Client, made: Made) -> None:
    made(secret(type="example.com/key", immutable=True, data={"a": "Yg=="}))
    path = f"{SECRETS}/key"

    for body in ({"type": "Opaque"}, {"data": {"a": "Yw=="}}, {"immutable": None}):
        refused(kube.patch(path, json=body, headers=MERGE), 422, "Invalid")


def test_bad_base64_is_refused(kube: Client) -> None:
    answer = kube.post(SECRETS, json=secret(data={"key": "no base64!"}))

    status = refused(answer, 422, "Invalid")
    assert "data.key" in status["message"]
    assert "no base64!" not in status["message"]


# One storage, several names


def test_the_alias_shows_the_same_objects(kube: Client, made: Made) -> None:
    made(credential("KongCredentialKeyAuth", "key", key="k-1"))
    root = f"{CONFIGURATION}/v1alpha1/namespaces/default"

    other = kube.get(f"{root}/kongcredentialapikeys/key").json()
    assert other["kind"] == "KongCredentialAPIKey"

    again = credential("KongCredentialAPIKey", "key", key="k-2")
    refused(kube.post(path_of(again), json=again), 409, "AlreadyExists")


def test_a_control_plane_is_read_in_the_version_asked_for(
    kube: Client, made: Made
) -> None:
    created = made(
        {
            "apiVersion": "konnect.konghq.com/v1alpha1",
            "kind": "KonnectGatewayControlPlane",
            "metadata": {"name": "edge"},
            "spec": {
                "name": "edge",
                "labels": {"a": "b"},
                "konnect": {"authRef": {"name": "token"}},
            },
        }
    )
    assert created["spec"]["name"] == "edge"

    other = kube.get(f"{PLANES.format('v1alpha2')}/edge").json()
    assert other["apiVersion"] == "konnect.konghq.com/v1alpha2"
    assert other["spec"]["createControlPlaneRequest"] == {
        "name": "edge",
        "labels": {"a": "b"},
    }

    first = f"{PLANES.format('v1alpha1')}/edge"
    changed = kube.patch(first, json={"spec": {"description": "x"}}, headers=MERGE)
    assert changed.json()["spec"]["description"] == "x"
    assert changed.json()["metadata"]["generation"] == 2
