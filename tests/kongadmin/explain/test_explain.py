"""POST /explain: the whole story of a request, for people and for programs."""

import re
from pathlib import Path

import pytest

from clients import Client
from factories import (
    make_consumer,
    make_control_plane,
    make_credential,
    make_group,
    make_key,
    make_oauth2_token,
    make_plugin,
)
from kongadmin.explain import words
from servers import ROOT

KEY = "key-of-carl"
KEYED = {"uri": "/x", "headers": {"apikey": KEY}}


@pytest.fixture
def explain(api: Client):
    def ask(described: dict, path: str = "/explain") -> dict:
        answer = api.post(path, json=described)
        assert answer.status == 200, answer.text
        return answer.json()

    return ask


@pytest.fixture
def carl(db):
    carl = make_consumer(username="carl")
    make_key(carl, key=KEY)
    return carl


def lines(explained: dict, title: str) -> str:
    [step] = [step for step in explained["steps"] if step["title"] == title]
    return " ".join(step["details"])


def test_every_event_has_its_sentence() -> None:
    sources = (ROOT / "kongadmin/gateway").rglob("*.py")
    told = {
        name
        for path in sources
        for name in re.findall(r'\.tell\(\s*"(\w+)"', Path(path).read_text())
    }

    assert told
    assert told <= words.SENTENCES.keys()


def test_a_request_that_passes_is_told_from_key_to_service(explain, carl) -> None:
    make_group(carl, name="gold")
    plugin = make_plugin("key-auth")

    explained = explain(KEYED)

    assert explained["summary"] == "Allowed: the request of consumer carl is passed on."
    assert [(s["title"], s["outcome"]) for s in explained["steps"]] == [
        ("key-auth", "pass"),
        ("Passed on to the service", "pass"),
    ]
    assert explained["steps"][0] == {
        "title": "key-auth",
        "details": [
            "The instance for every request runs.",
            "There is a key in the header apikey.",
            "Control plane default knows the credential.",
            "It belongs to consumer carl.",
            "Consumer groups: gold (its own).",
        ],
        "outcome": "pass",
        "plugin": str(plugin.pk),
    }
    assert explained["groups"] == [{"name": "gold", "from": ["consumer"]}]
    assert explained["upstream_headers"]["X-Consumer-Groups"] == "gold"


def test_a_refusal_says_by_whom_and_what_never_ran(explain, db) -> None:
    make_plugin("key-auth")
    make_plugin("rate-limiting", minute=5)

    explained = explain({"uri": "/x", "headers": {}})

    assert explained["summary"] == (
        "Refused by key-auth with 401: No API key found in request."
    )
    assert "It is looked for in header and query, as apikey." in lines(
        explained, "key-auth"
    )
    assert lines(explained, "Plugins that did not run") == (
        "rate-limiting for every request: the request was refused before."
    )
    assert explained["steps"][-1]["title"] == "Refused with 401"


def test_the_more_specific_instance_wins_and_a_disabled_one_is_named(
    explain, carl
) -> None:
    make_plugin("key-auth")
    everybody = make_plugin("rate-limiting", minute=5)
    make_plugin("rate-limiting", consumer=carl, minute=7)
    make_plugin("cors", enabled=False)

    explained = explain(KEYED)

    assert "It is more specific than the one for every request." in lines(
        explained, "rate-limiting"
    )
    assert [(each["name"], each["why"]) for each in explained["passed_over"]] == [
        ("cors", "disabled"),
        ("rate-limiting", "less specific"),
    ]
    assert explained["passed_over"][1]["id"] == str(everybody.pk)


def test_what_is_left_of_a_limit_is_told_and_not_used_up(explain, carl) -> None:
    make_plugin("key-auth")
    make_plugin("rate-limiting", hour=5)

    for _ in range(7):
        explained = explain(KEYED)

    assert explained["allowed"]
    assert "5 an hour: 4 would be left" in lines(explained, "rate-limiting")
    assert explained["response_headers"]["X-RateLimit-Remaining-Hour"] == "4"


def test_groups_of_acl_are_told(explain, carl) -> None:
    make_credential("acl", carl, group="staff")
    make_plugin("key-auth")
    make_plugin("acl", allow=["admins"])

    explained = explain(KEYED)

    assert "The groups that count are staff." in lines(explained, "acl")
    assert explained["summary"] == (
        "Refused by acl with 403: You cannot consume this service."
    )


def test_nothing_decides_where_there_is_no_plugin(explain, db) -> None:
    explained = explain(KEYED)

    assert explained["allowed"]
    assert [step["title"] for step in explained["steps"]] == [
        "No plugin decides",
        "Passed on to the service",
    ]


def test_a_curl_command_will_do_and_no_key_comes_back(api: Client, carl) -> None:
    make_plugin("key-auth")
    command = f"curl -H 'apikey: {KEY}' 'http://localhost:8000/x?apikey={KEY}'"

    answer = api.post("/explain", json={"curl": command})

    assert answer.json()["consumer"]["username"] == "carl"
    assert KEY not in answer.text


def test_a_form_will_do(api: Client, carl) -> None:
    make_plugin("key-auth")

    answer = api.post("/explain", form={"uri": "/x", "headers.apikey": KEY})

    assert answer.json()["allowed"]


def test_a_wrong_description_is_a_schema_violation(api: Client, db) -> None:
    answer = api.post("/explain", json={"curl": "curl 'x"})

    assert (answer.status, answer.json()["code"]) == (400, 2)
    assert answer.json()["fields"] == {"curl": "a quote is not closed"}


def test_each_control_plane_explains_its_own(explain, carl) -> None:
    make_plugin("key-auth")
    make_control_plane(name="quiet")

    explained = explain(KEYED, "/quiet/explain")

    assert explained["control_plane"]["name"] == "quiet"
    assert explained["steps"][0]["title"] == "No plugin decides"


def test_it_is_for_those_who_may_read_there(client_of, db) -> None:
    plane = make_control_plane(name="team-a")
    viewer = client_of("viewer", "viewer", plane)

    assert viewer.post("/team-a/explain", json=KEYED).status == 200
    assert viewer.post("/explain", json=KEYED).status == 403
    assert client_of("nobody", "").post("/explain", json=KEYED).status == 403


JWT_OF_CARL = (
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJjYXJsIn0."
    "fEDM15qOAef-SzgwiVdrMPLCivuNAJGgfHRpRDXfjnU"
)


@pytest.mark.parametrize(
    ("plugin", "sent", "found"),
    [
        (
            "basic-auth",
            {"headers": {"authorization": "Basic Y2FybDpwYXNz"}},
            "a login in the header Authorization",
        ),
        (
            "jwt",
            {"headers": {"cookie": f"tok={JWT_OF_CARL}"}},
            "a token in the cookie tok",
        ),
        (
            "oauth2",
            {"uri": "/?access_token=t"},
            "a token in the query argument access_token",
        ),
    ],
)
def test_every_credential_is_looked_for_where_it_may_be(
    explain, carl, plugin, sent, found
) -> None:
    config = {"cookie_names": ["tok"]} if plugin == "jwt" else {}
    make_plugin(plugin, **config)
    make_credential("basic-auth", carl, username="carl", password="pass")
    make_credential("jwt", carl, key="carl", secret="secret")
    make_oauth2_token(make_credential("oauth2", carl), access_token="t")

    told = lines(explain({"uri": "/x", **sent}), plugin)
    missed = lines(explain({"uri": "/x"}), plugin)

    assert f"There is {found}." in told
    assert "It belongs to consumer carl." in told
    assert re.search(r"No (login|token) was found\.", missed)
