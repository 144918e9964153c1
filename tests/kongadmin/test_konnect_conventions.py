"""What all of Konnect's APIs have in common: tokens, problems, lists by cursor."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from clients import Client
from factories import make_token, make_user
from kongadmin.access.models import APIToken
from kongadmin.dialects.konnect.answers import say_time
from kongadmin.dialects.konnect.bodies import judge
from kongadmin.dialects.konnect.problems import Problem
from kongadmin.schema import Schema
from realms.models import RESERVED, ControlPlane

ClientOf = Callable[..., Client]
PROBLEM = "application/problem+json"


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def root(api: Client, settings) -> Client:
    """A client of a super admin, with RBAC on."""
    settings.ENFORCE_RBAC = True
    return Client(api.application, bearer(make_token(make_user("root", "super-admin"))))


# Who is calling


def test_a_bearer_token_says_who_is_calling(root: Client) -> None:
    answer = root.get("/v3/users/me")

    assert answer.status == 200
    assert answer.json()["preferred_name"] == "root"


def test_the_scheme_may_be_written_in_any_case(api: Client, settings) -> None:
    settings.ENFORCE_RBAC = True
    text = make_token(make_user())

    answer = api.get("/v3/users/me", headers={"Authorization": f"bEARER {text}"})

    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [{}, bearer("kpat_nope"), {"Authorization": "Basic a2F0"}, bearer("")],
    ids=["none", "unknown", "another scheme", "empty"],
)
def test_without_a_valid_token_nothing_is_told(
    api: Client, settings, headers: dict
) -> None:
    settings.ENFORCE_RBAC = True

    answer = api.get("/v3/users/me", headers=headers)

    assert answer.status == 401
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert re.fullmatch(r"kong:trace:\d+", answer.json().pop("instance"))
    assert answer.json() | {"instance": ""} == {
        "status": 401,
        "title": "Unauthorized",
        "type": "https://httpstatuses.com/401",
        "instance": "",
        "detail": "A valid token is required",
    }


def test_a_token_in_the_query_or_in_kongs_header_is_none(root: Client, api) -> None:
    text = make_token(make_user())

    assert api.get(f"/v3/users/me?access_token={text}").status == 401
    assert api.get("/v3/users/me", headers={"Kong-Admin-Token": text}).status == 401


def test_a_wrong_token_is_refused_even_where_none_is_needed(api: Client) -> None:
    assert api.get("/v3/users/me", headers=bearer("kpat_nope")).status == 401


def test_who_guesses_tokens_has_to_wait(root: Client, api: Client) -> None:
    statuses = [
        api.get("/v3/users/me", headers=bearer(f"kpat_{n}")).status for n in range(6)
    ]

    assert statuses == [401] * 5 + [429]


def test_a_disabled_token_opens_nothing(root: Client) -> None:
    APIToken.objects.update(enabled=False)

    assert root.get("/v3/users/me").status == 401


# Problems


def test_an_unknown_path_is_a_problem(api: Client) -> None:
    answer = api.get("/v1/nope")

    assert (answer.status, answer.headers["Content-Type"]) == (404, PROBLEM)
    assert answer.json()["title"] == "Not Found"


def test_control_planes_have_words_of_their_own(api: Client) -> None:
    answer = api.get("/v2/nope")

    assert answer.json()["instance"].startswith("konnect:trace:")


def test_a_method_that_is_not_offered_names_those_that_are(root: Client) -> None:
    answer = root.put("/v3/users/me", json={})

    assert (answer.status, answer.headers["Content-Type"]) == (405, PROBLEM)
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_preflight_needs_no_token(root: Client, api: Client) -> None:
    answer = api.options("/v3/users/me")

    assert answer.status == 204
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]


SCHEMA = Schema.of(
    {
        "name": "things",
        "fields": [
            {"name": {"type": "string", "required": True, "len_max": 5}},
            {"size": {"type": "integer", "between": [5, 10], "default": 7}},
            {"kind": {"type": "string", "one_of": ["a", "b"]}},
            {"on": {"type": "boolean"}},
            {"words": {"type": "set", "len_max": 2, "elements": {"type": "string"}}},
            {
                "at": {
                    "type": "record",
                    "required": False,
                    "fields": [{"host": {"type": "string", "required": True}}],
                }
            },
        ],
        "entity_checks": [],
    }
)


@pytest.mark.parametrize(
    ("sent", "field", "rule", "limit"),
    [
        ({}, "name", "required", {}),
        ({"name": ""}, "name", "min_length", {"minimum": 1}),
        ({"name": "abcdef"}, "name", "max_length", {"maximum": 5}),
        ({"name": 1}, "name", "is_string", {}),
        ({"name": None}, "name", "invalid", {}),
        ({"size": 4}, "size", "min", {"minimum": 5}),
        ({"size": 11}, "size", "max", {"maximum": 10}),
        ({"size": "x"}, "size", "is_integer", {}),
        ({"kind": "c"}, "kind", "enum", {"choices": ["a", "b"]}),
        ({"on": "yes"}, "on", "is_boolean", {}),
        ({"words": "a"}, "words", "is_array", {}),
        ({"words": ["a", "b", "c"]}, "words", "max_items", {"maximum": 2}),
        ({"words": ["a", 1]}, "words[1]", "is_string", {}),
        ({"words": ["a", "a"]}, "words", "invalid", {}),
        ({"at": 1}, "at", "is_object", {}),
        ({"at": {}}, "at.host", "required", {}),
        ({"at": {"host": "h", "x": 1}}, "at.x", "unknown_property", {}),
        ({"id": 1}, "id", "unknown_property", {}),
    ],
)
def test_a_schemas_rules_have_konnects_names(
    sent: dict, field: str, rule: str, limit: dict
) -> None:
    sent = {"name": "x", **sent} if sent else sent

    with pytest.raises(Problem) as refused:
        judge(SCHEMA, sent, SCHEMA.fields)

    (found,) = refused.value.parameters
    assert found.pop("reason")
    assert found == {"field": field, "rule": rule, "source": "body", **limit}


def test_all_that_is_wrong_is_told_by_field() -> None:
    with pytest.raises(Problem) as refused:
        judge(SCHEMA, {"size": 1, "nam": "x", "kind": "c"}, SCHEMA.fields)

    fields = [each["field"] for each in refused.value.parameters]
    assert fields == ["kind", "nam", "name", "size"]


def test_a_good_body_is_completed_with_defaults() -> None:
    values = judge(SCHEMA, {"name": "x"}, SCHEMA.fields)

    assert (values["name"], values["size"], values["kind"]) == ("x", 7, None)


def test_times_are_utc_with_three_decimals() -> None:
    moment = datetime(2025, 6, 17, 16, 55, 58, 569_999, UTC)

    assert say_time(moment) == "2025-06-17T16:55:58.569Z"
    assert say_time(moment.replace(microsecond=0)) == "2025-06-17T16:55:58.000Z"


# Beside the Admin API


@pytest.mark.parametrize("name", ["v1", "v2", "v3", "explain", "api", "apis"])
def test_no_control_plane_may_hide_what_lies_beside_it(api: Client, name: str) -> None:
    answer = api.post("/workspaces", json={"name": name})

    assert name in RESERVED
    assert answer.status == 400
    assert not ControlPlane.objects.filter(name=name).exists()
