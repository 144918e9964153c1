"""Who set which field, and server-side apply, which lets nobody overwrite unawares."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients import Client
from kongadmin.dialects.kubernetes import managed_fields
from kongadmin.dialects.kubernetes.kinds import find
from kongadmin.dialects.kubernetes.schemas import schema_of
from manifests import APPLY, CONSUMERS, MERGE, consumer, refused, secret
from servers import Answer

SHOP = f"{CONSUMERS}/shop"
Made = Callable[[dict], dict]


def apply(kube: Client, manager: str, query: str = "", **fields: Any) -> Answer:
    manifest = consumer(**fields)
    if "username" in fields and fields["username"] is None:
        del manifest["username"]
    target = f"{SHOP}?fieldManager={manager}{query}"
    return kube.patch(target, json=manifest, headers=APPLY)


def managers(said: dict) -> dict[tuple[str, str], dict]:
    return {
        (one["manager"], one["operation"]): one["fieldsV1"]
        for one in said["metadata"]["managedFields"]
    }


def test_applying_makes_what_is_not_there(kube: Client) -> None:
    answer = apply(kube, "ci", consumerGroups=["a"])

    assert answer.status == 201
    assert managers(answer.json()) == {
        ("ci", "Apply"): {
            "f:consumerGroups": {'v:"a"': {}},
            "f:username": {},
        }
    }


def test_applying_the_same_again_changes_nothing(kube: Client) -> None:
    apply(kube, "ci")
    before = kube.get(SHOP).json()

    answer = apply(kube, "ci")

    assert answer.status == 200
    assert answer.json() == before


def test_what_is_not_applied_any_more_goes(kube: Client) -> None:
    apply(kube, "ci", custom_id="42", consumerGroups=["a", "b"])

    said = apply(kube, "ci", consumerGroups=["b"]).json()

    assert "custom_id" not in said
    assert said["consumerGroups"] == ["b"]


def test_what_another_has_set_too_stays(kube: Client) -> None:
    apply(kube, "ci", custom_id="42")
    apply(kube, "ops", custom_id="42")

    said = apply(kube, "ci").json()

    assert said["custom_id"] == "42"
    assert "f:custom_id" not in managers(said)["ci", "Apply"]


def test_several_add_to_one_set(kube: Client) -> None:
    apply(kube, "ci", consumerGroups=["a"])

    said = apply(kube, "ops", consumerGroups=["b"]).json()
    assert said["consumerGroups"] == ["a", "b"]

    said = apply(kube, "ci").json()
    assert said["consumerGroups"] == ["b"]


def test_who_would_change_what_another_applied_is_told(kube: Client) -> None:
    apply(kube, "ci", custom_id="42")

    status = refused(apply(kube, "ops", custom_id="43"), 409, "Conflict")

    assert status["message"] == (
        'Apply failed with 1 conflict: conflict with "ci": .custom_id'
    )
    assert status["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "field": ".custom_id",
            "message": 'conflict with "ci"',
        }
    ]
    assert kube.get(SHOP).json()["custom_id"] == "42"


def test_the_version_of_who_updated_is_told_with_it(kube: Client, made: Made) -> None:
    made(consumer(custom_id="42"))

    status = refused(apply(kube, "ci", custom_id="43"), 409, "Conflict")

    assert status["details"]["causes"][0]["message"] == (
        'conflict with "kubectl" using configuration.konghq.com/v1'
    )


def test_several_conflicts_are_told_by_who_owns_what(kube: Client) -> None:
    apply(kube, "ci", custom_id="42")
    apply(kube, "ops", username=None, spec={"tags": ["a"]})

    answer = apply(kube, "me", username="x", custom_id="y", spec={"tags": ["b"]})

    assert refused(answer, 409, "Conflict")["message"] == (
        'Apply failed with 3 conflicts: conflicts with "ci":\n- .custom_id\n'
        '- .username\nconflicts with "ops":\n- .spec.tags'
    )


def test_with_force_it_is_taken_over(kube: Client) -> None:
    apply(kube, "ci", custom_id="42")

    said = apply(kube, "ops", "&force=true", custom_id="43").json()

    assert said["custom_id"] == "43"
    found = managers(said)
    assert "f:custom_id" in found["ops", "Apply"]
    assert "f:custom_id" not in found["ci", "Apply"]


def test_what_an_update_changes_is_the_updaters(kube: Client) -> None:
    apply(kube, "ci", custom_id="42")

    body = {"custom_id": "43"}
    said = kube.patch(f"{SHOP}?fieldManager=hand", json=body, headers=MERGE).json()

    found = managers(said)
    assert found["hand", "Update"] == {"f:custom_id": {}}
    assert found["ci", "Apply"] == {"f:username": {}}


def test_lists_that_are_atomic_are_one_field(kube: Client) -> None:
    apply(kube, "ci", spec={"tags": ["a", "b"]})

    answer = apply(kube, "ops", spec={"tags": ["c"]})

    status = refused(answer, 409, "Conflict")
    assert status["details"]["causes"][0]["field"] == ".spec.tags"


def test_an_unknown_field_is_told_as_apply_does(kube: Client) -> None:
    answer = apply(kube, "ci", "&fieldValidation=Strict", usrname="x")

    status = refused(answer, 400, "BadRequest")
    assert status["message"] == (
        "failed to create typed patch object (default/shop; "
        "configuration.konghq.com/v1, Kind=KongConsumer): .usrname: field not "
        "declared in schema"
    )


def test_who_applies_says_who_it_is(kube: Client) -> None:
    answer = kube.patch(SHOP, json=consumer(), headers=APPLY)

    status = refused(answer, 422, "Invalid")
    assert "fieldManager: Required value" in status["message"]


def test_applying_is_judged(kube: Client) -> None:
    refused(apply(kube, "ci", spec={"tags": [""]}), 422, "Invalid")


def test_a_dry_run_of_applying_stores_nothing(kube: Client) -> None:
    assert apply(kube, "ci", "&dryRun=All").status == 201
    assert kube.get(SHOP).status == 404


def test_yaml_is_read_as_what_it_looks_like(kube: Client) -> None:
    text = b"""
apiVersion: configuration.konghq.com/v1
kind: KongConsumer
metadata: {name: shop}
username: yes   # no boolean: YAML 1.2
custom_id: 2026-11-22
"""

    said = kube.patch(f"{SHOP}?fieldManager=ci", body=text, headers=APPLY).json()

    assert (said["username"], said["custom_id"]) == ("yes", "2026-11-22")


@pytest.mark.parametrize(
    "text",
    [b"a: &x [1]\nb: *x", b"a: !!python/object:os.system {}", b": :", b"\t- x", b"5"],
)
def test_hostile_yaml_is_a_bad_request(kube: Client, text: bytes) -> None:
    answer = kube.patch(f"{SHOP}?fieldManager=ci", body=text, headers=APPLY)

    refused(answer, 400, "BadRequest")


def test_a_secret_may_be_applied_in_clear_text(kube: Client) -> None:
    path = "/api/v1/namespaces/default/secrets/key?fieldManager=ci"

    said = kube.patch(path, json=secret(stringData={"a": "b"}), headers=APPLY).json()

    assert said["data"] == {"a": "Yg=="}
    assert managers(said) == {("ci", "Apply"): {"f:data": {"f:a": {}}}}


def test_managed_fields_may_be_set_by_a_json_patch(kube: Client, made: Made) -> None:
    made(consumer())
    version = kube.get(SHOP).json()["metadata"]["resourceVersion"]
    entry = {
        "manager": "kubectl",
        "operation": "Apply",
        "apiVersion": "configuration.konghq.com/v1",
        "time": "2026-11-22T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:username": {}},
    }
    operations = [
        {"op": "replace", "path": "/metadata/managedFields", "value": [entry]},
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
    ]
    headers = {"Content-Type": "application/json-patch+json"}

    said = kube.patch(SHOP, json=operations, headers=headers).json()

    assert said["metadata"]["managedFields"] == [entry]


# The sets of fields themselves

KIND = find("configuration.konghq.com/v1", "KongConsumer")
names = st.text("abc", min_size=1, max_size=3)
bodies = st.fixed_dictionaries(
    {"username": names},
    optional={
        "custom_id": names,
        "consumerGroups": st.lists(names, unique=True),
        "spec": st.fixed_dictionaries({}, optional={"tags": st.lists(names)}),
    },
)


def author(name: str) -> managed_fields.Manager:
    return managed_fields.Manager(name, "Apply", KIND.api_version, "now", frozenset())


@given(bodies)
def test_a_set_of_fields_survives_its_nesting(body: dict) -> None:
    fields = managed_fields.fields_of(body, schema_of(KIND))

    tree = json.loads(json.dumps(managed_fields.to_tree(fields)))

    assert frozenset(managed_fields.from_tree(tree)) == fields


@given(bodies, bodies)
def test_who_applies_alone_gets_what_it_applies(first: dict, second: dict) -> None:
    schema = schema_of(KIND)
    made, entries = managed_fields.apply(None, [], first, schema, author("ci"))

    made, entries = managed_fields.apply(made, entries, second, schema, author("ci"))

    wanted = managed_fields.fields_of(second, schema)
    assert managed_fields.fields_of(made, schema) == wanted
    assert managed_fields.read(entries)[0].fields == wanted
