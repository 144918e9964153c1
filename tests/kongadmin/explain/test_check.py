"""POST /dataplane/v1/{control plane}/check. Data-plane contract §4.3, konnect §3.3."""

import pytest

from clients import Client
from factories import (
    default_control_plane,
    make_consumer,
    make_control_plane,
    make_group,
    make_key,
    make_plugin,
    make_token,
    make_user,
)

STRANGER = "01890a5d-ac96-774b-bcce-b302099a8057"

KEYED = {"method": "GET", "uri": "/x", "headers": {"apikey": "key-of-carl"}}


def check(client: Client, described: dict, plane="", **headers: str):
    plane = plane or default_control_plane().pk
    path = f"/dataplane/v1/{plane}/check"
    return client.post(path, json={"dry_run": True, **described}, headers=headers)


def test_a_request_that_passes(api: Client) -> None:
    carl = make_consumer(username="carl", custom_id="c-7")
    key = make_key(carl, key="key-of-carl")
    make_group(carl, name="gold")
    plugin = make_plugin("key-auth", hide_credentials=True)

    answer = check(api, KEYED)

    body = answer.json()
    assert answer.status == 200
    assert len(body.pop("request_id")) == 32
    assert body == {
        "allowed": True,
        "status": 200,
        "message": None,
        "consumer": {
            "id": str(carl.pk),
            "username": "carl",
            "custom_id": "c-7",
            "source": "cp",
            "realm_id": None,
        },
        "credential": {"id": str(key.pk), "type": "key-auth"},
        "anonymous": False,
        "consumer_groups": ["gold"],
        "plugins": [{"name": "key-auth", "id": str(plugin.pk), "outcome": "pass"}],
        "trace": [
            {"source": "cp", "realm_id": None, "result": "hit", "cache": "bypass"}
        ],
        "upstream_headers": {
            "X-Consumer-ID": str(carl.pk),
            "X-Consumer-Custom-ID": "c-7",
            "X-Consumer-Username": "carl",
            "X-Credential-Identifier": str(key.pk),
            "X-Consumer-Groups": "gold",
        },
        "remove_headers": ["X-Anonymous-Consumer", "X-Authenticated-Groups", "apikey"],
        "response_headers": {},
        "body": None,
    }


def test_a_request_that_is_refused(api: Client) -> None:
    make_plugin("key-auth", realm="acme")

    body = check(api, {"method": "GET", "uri": "/x", "headers": {}}).json()

    assert (body["allowed"], body["status"]) == (False, 401)
    assert body["message"] == "No API key found in request"
    assert body["body"] == {
        "message": "No API key found in request",
        "request_id": body["request_id"],
    }
    assert body["response_headers"] == {"WWW-Authenticate": 'Key realm="acme"'}
    assert (body["consumer"], body["credential"]) == (None, None)
    assert (body["upstream_headers"], body["remove_headers"]) == ({}, [])
    assert (body["plugins"][0]["outcome"], body["trace"]) == ("deny", [])


def test_a_header_that_is_sent_twice(api: Client) -> None:
    make_plugin("key-auth")

    body = check(api, {"uri": "/x", "headers": {"apikey": ["k", "k"]}}).json()

    assert body["message"] == "Duplicate API key found"


def test_no_key_is_repeated(api: Client) -> None:
    make_plugin("key-auth")
    key = "a-long-key-that-nobody-has"

    answer = check(api, {"uri": f"/x?apikey={key}", "headers": {}})

    assert answer.json()["status"] == 401
    assert key not in answer.text


@pytest.mark.parametrize(
    ("described", "field", "rule"),
    [
        ({}, "uri", "required"),
        ({"uri": "/", "method": 1}, "method", "is_string"),
        ({"uri": "/", "headers": "apikey: k"}, "headers", "is_object"),
        ({"uri": "/", "headers": {"a": 1}}, "headers", "is_array"),
        ({"uri": "/", "headers": None}, "headers", "invalid"),
        ({"uri": "/", "body": {}}, "body", "is_string"),
        ({"uri": "/", "dry_run": "yes"}, "dry_run", "is_boolean"),
        ({"uri": "/", "colour": "red"}, "colour", "unknown_property"),
    ],
)
def test_a_wrong_description_is_a_problem(
    api: Client, described: dict, field: str, rule: str
) -> None:
    answer = check(api, described)

    problem = answer.json()
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [(p["field"], p["rule"]) for p in problem["invalid_parameters"]] == [
        (field, rule)
    ]


@pytest.mark.parametrize("plane", [STRANGER, "nowhere", "a%00b"])
def test_an_unknown_control_plane_is_not_found(api: Client, plane: str) -> None:
    assert check(api, KEYED, plane).status == 404


def test_it_is_for_those_who_may_read_the_plugins_there(api: Client, settings) -> None:
    settings.ENFORCE_RBAC = True
    mine, other = make_control_plane(), make_control_plane()
    viewer = make_token(make_user("viewer", "viewer", mine))

    def status(plane, text: str) -> int:
        return check(api, KEYED, plane.pk, Authorization=f"Bearer {text}").status

    assert status(mine, viewer) == 200
    assert status(other, viewer) == 404
    assert status(mine, make_token(make_user("nobody"))) == 404
    assert status(mine, "kpat_wrong") == 401


def test_only_posts_are_answered(api: Client) -> None:
    path = f"/dataplane/v1/{default_control_plane().pk}/check"

    answer = api.get(path)

    assert (answer.status, answer.headers["Allow"]) == (405, "POST, OPTIONS")


def test_the_proxies_own_addresses_stay_theirs(api: Client) -> None:
    answer = api.get("/dataplane/v1/default/auth/nginx/check")

    assert answer.status == 404
    assert answer.json()["message"] == "Not found"
