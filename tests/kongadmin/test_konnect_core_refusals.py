"""What is refused at a control plane's core entities, and to whom. Contract konnect."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from clients import Client
from clients import core_entities as below
from factories import (
    make_consumer,
    make_control_plane,
    make_group,
    make_key,
    make_plugin,
)
from kongadmin.access.roles import PER_CONTROL_PLANE, ROLES
from realms.models import ControlPlane

NOT_FOUND = {"message": "Not found"}
PROBLEM = "application/problem+json"


@pytest.fixture
def plane(db) -> ControlPlane:
    return make_control_plane(name="edge")


def detail(answer) -> dict:
    """Return the only detail of a refusal, without what all details have."""
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json()["code"] == 3
    [found] = answer.json()["details"]
    assert found.pop("@type") == "type.googleapis.com/kong.admin.model.v1.ErrorDetail"
    return {"message": answer.json()["message"], **found}


def test_a_duplicate_is_400(api: Client, plane: ControlPlane) -> None:
    make_consumer(plane, username="alex")

    assert detail(api.post(below(plane, "consumers"), json={"username": "alex"})) == {
        "message": "data constraint error",
        "type": "ERROR_TYPE_REFERENCE",
        "field": "username",
        "messages": ["username (type: unique) constraint failed"],
    }


def test_a_second_plugin_for_the_same_is_400(api: Client, plane: ControlPlane) -> None:
    make_plugin("key-auth", plane)

    refused = detail(api.post(below(plane, "plugins"), json={"name": "key-auth"}))

    assert refused["type"] == "ERROR_TYPE_REFERENCE"
    assert refused["messages"] == [
        "unique-plugin-per-entity (type: unique) constraint failed"
    ]


def test_a_reference_to_nothing_is_400(api: Client, plane: ControlPlane) -> None:
    make_group(scope=plane, name="gold")
    elsewhere = make_consumer(username="other")
    plugin = {"name": "rate-limiting", "config": {"minute": 1}}
    body = {**plugin, "consumer": {"id": str(uuid4())}}
    by_name = {**plugin, "consumer": {"username": "nobody"}}
    member = {"consumer": str(elsewhere.pk)}

    by_id = detail(api.post(below(plane, "plugins"), json=body))
    unresolved = detail(api.post(below(plane, "plugins"), json=by_name))
    joined = detail(
        api.post(below(plane, "consumer_groups/gold/consumers"), json=member)
    )

    assert by_id == {
        "message": "data constraint error",
        "type": "ERROR_TYPE_REFERENCE",
        "field": "consumer.id",
        "messages": ["consumer.id (type: foreign) constraint failed"],
    }
    assert unresolved["field"] == "consumer.username"
    assert joined["field"] == "consumer.id"


def test_a_rule_about_the_whole_entity_has_no_field(
    api: Client, plane: ControlPlane
) -> None:
    assert detail(api.post(below(plane, "consumers"), json={"tags": ["x"]})) == {
        "message": "validation error",
        "type": "ERROR_TYPE_ENTITY",
        "messages": ["at-least one of custom_id or username must be set"],
    }


def test_every_refused_field_is_told_by_its_path(
    api: Client, plane: ControlPlane
) -> None:
    body = {
        "name": "acl",
        "enabled": "yes",
        "tags": ["fine", "a,b"],
        "config": {"allow": 1, "colour": "red"},
    }

    refused = api.post(below(plane, "plugins"), json=body)

    details = refused.json()["details"]
    assert {each["type"] for each in details if "field" in each} == {"ERROR_TYPE_FIELD"}
    assert [each["field"] for each in details if "field" in each] == [
        *("config.allow", "config.colour", "enabled", "tags[1]")
    ]


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"x"'])
def test_a_body_that_is_no_object_is_400(
    api: Client, plane: ControlPlane, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}

    refused = detail(api.post(below(plane, "consumers"), body=body, headers=headers))

    assert refused["type"] == "ERROR_TYPE_ENTITY"


def test_a_parent_that_is_missing_comes_before_the_body(
    api: Client, plane: ControlPlane
) -> None:
    refused = api.post(below(plane, "consumers/nobody/key-auth"), json={"nam": 1})

    assert (refused.status, refused.json()) == (404, NOT_FOUND)


def test_an_etag_guards_what_has_changed(api: Client, plane: ControlPlane) -> None:
    make_consumer(plane, username="alex")
    path = below(plane, "consumers/alex")

    refused = api.put(path, json={}, headers={"If-Match": '"old"'})

    assert refused.status == 412


# Who may


def test_a_token_is_asked_for_before_anything_else(
    api: Client, settings, plane: ControlPlane
) -> None:
    settings.ENFORCE_RBAC = True

    for path in (below(plane, "consumers"), "/v2/control-planes/x/core-entities/acls"):
        refused = api.get(path)

        assert refused.status == 401
        assert refused.json() == {"message": "Unauthorized", "status": 401}
        assert refused.headers["Content-Type"].startswith("application/json")


# What each role gets for reading and writing consumers, then plugins: in its own
# control plane, and in another.
ALL, NONE = (200, 201, 200, 201), (404, 404, 404, 404)
ACCESS = {
    "super-admin": (ALL, ALL),
    "cp-admin": (ALL, ALL),
    "org-reader": ((200, 403, 200, 403), (200, 403, 200, 403)),
    "cp-creator": (NONE, NONE),
    "admin": (ALL, NONE),
    "editor": ((200, 201, 200, 403), NONE),
    "plugin-admin": ((403, 403, 200, 201), NONE),
    "viewer": ((200, 403, 200, 403), NONE),
    "": (NONE, NONE),
}


@pytest.mark.parametrize("role", ACCESS)
def test_each_role_may_what_the_matrix_says(
    as_role: Callable, plane: ControlPlane, role: str
) -> None:
    client = as_role(role, plane if role in PER_CONTROL_PLANE else None)
    other = make_control_plane()

    def statuses(where: ControlPlane) -> tuple:
        consumers, plugins = below(where, "consumers"), below(where, "plugins")
        return (
            client.get(consumers).status,
            client.post(consumers, json={"username": "new"}).status,
            client.get(plugins).status,
            client.post(plugins, json={"name": "key-auth"}).status,
        )

    assert (statuses(plane), statuses(other)) == ACCESS[role]


def test_the_matrix_has_every_role() -> None:
    assert ACCESS.keys() == {*ROLES, ""}


def test_who_may_not_write_is_told_so_before_the_body_is_read(
    as_role: Callable, plane: ControlPlane
) -> None:
    refused = as_role("viewer", plane).post(below(plane, "consumers"), json={"nam": 1})

    assert refused.status == 403
    assert refused.headers["Content-Type"] == PROBLEM
    assert refused.json()["title"] == "Permission denied"


def test_who_sees_nothing_is_not_told_which_control_planes_there_are(
    as_role: Callable, plane: ControlPlane
) -> None:
    client = as_role("")
    ids = plane.pk, uuid4()

    seen = [client.get(f"/v2/control-planes/{x}/core-entities/acls") for x in ids]

    assert [answer.status for answer in seen] == [404, 404]
    assert {answer.headers["Content-Type"] for answer in seen} == {PROBLEM}


def test_a_viewer_sees_masked_secrets(as_role: Callable, plane: ControlPlane) -> None:
    key = make_key(make_consumer(plane), key="very-secret-key")
    path = below(plane, f"key-auths/{key.pk}")

    assert as_role("editor", plane).get(path).json()["key"] == "very-secret-key"
    assert "very-secret" not in as_role("viewer", plane).get(path).json()["key"]


def test_a_control_plane_that_is_missing_is_a_problem(
    as_role: Callable, plane: ControlPlane
) -> None:
    client = as_role("super-admin")
    missing = client.get(f"/v2/control-planes/{uuid4()}/core-entities/consumers")
    wrong = client.get("/v2/control-planes/edge/core-entities/consumers")

    assert (missing.status, missing.headers["Content-Type"]) == (404, PROBLEM)
    assert (wrong.status, wrong.headers["Content-Type"]) == (400, PROBLEM)
    assert wrong.json()["detail"] == "Request contains invalid ID format"
