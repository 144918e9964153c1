"""What the authorizer tells of a request, where somebody asks why."""

import pytest

from kongadmin.gateway.decision import Decision, Identity
from kongadmin.gateway.plane import Plane, decide
from kongadmin.gateway.plugins import Instance, Scope
from kongadmin.gateway.request import Request

CARL = Identity("id-1", "carl", None, "id-2", "key-auth", "id-2", groups=("gold",))
GUEST = Identity("id-3", "guest", None)
NAMES = {"key_names": ["apikey"]}


class Known:
    """A control plane with one key and an anonymous consumer."""

    def key(self, decision, key):
        return CARL if key == "k" else None

    def consumer(self, plane, ref):
        return GUEST


def story_of(instances: list[Instance], method: str = "GET", **headers) -> list[dict]:
    request = Request(method, headers, "")
    decision = Decision(request, plane=Plane("id-9", instances), known=Known())
    decision.story = []
    return decide(decision).story


def test_it_says_which_instance_ran_and_where_the_key_was() -> None:
    key_auth = Instance("key-auth", NAMES, "id-5")

    story = story_of([key_auth], HTTP_APIKEY="k")

    events = [event["event"] for event in story]
    assert events == ["chosen", "found", "identified", "judged"]
    assert story[0] == {
        "event": "chosen",
        "name": "key-auth",
        "id": "id-5",
        "scope": {},
        "others": [],
    }
    assert (story[1]["place"], story[1]["name"]) == ("header", "apikey")
    assert story[2]["identity"] is CARL
    assert story[3]["outcome"] == "pass"


def test_it_says_where_a_key_was_looked_for_in_vain() -> None:
    story = story_of([Instance("key-auth", NAMES)])

    missing = story[1]
    assert missing["event"] == "missing"
    assert missing["places"] == ["header", "query"]
    assert missing["names"] == ["apikey"]
    assert story[2]["outcome"] == "deny"


def test_it_names_the_instances_that_were_less_specific() -> None:
    everywhere = Instance("key-auth", NAMES, "id-5")
    on_route = Instance("key-auth", NAMES, "id-6", Scope(route="orders"))
    elsewhere = Instance("key-auth", NAMES, "id-7", Scope(route="other"))
    request = Request("GET", {}, "", route="orders")
    plane = Plane("id-9", [everywhere, on_route, elsewhere])
    decision = Decision(request, plane=plane, known=Known())
    decision.story = []

    chosen = decide(decision).story[0]

    assert chosen["scope"] == {"route": "orders"}
    assert [other["id"] for other in chosen["others"]] == ["id-5"]


@pytest.mark.parametrize(
    ("method", "key", "expected"),
    [
        ("OPTIONS", "k", {"event": "skipped", "why": "preflight"}),
        (
            "GET",
            "wrong",
            {"event": "stranger", "reason": "Unauthorized", "consumer": "guest"},
        ),
    ],
)
def test_it_says_why_somebody_is_let_in_without_a_key(
    method: str, key: str, expected: dict
) -> None:
    config = {**NAMES, "anonymous": "guest", "run_on_preflight": False}

    story = story_of([Instance("key-auth", config)], method, HTTP_APIKEY=key)

    assert expected in story


def test_no_event_has_the_key_in_it() -> None:
    story = story_of([Instance("key-auth", NAMES)], HTTP_APIKEY="a-rather-long-key")

    assert "rather" not in repr(story)
