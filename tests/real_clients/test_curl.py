"""The lines of Kong's documents, run with the real curl, and what they answer."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from programs import needs
from servers import Server, ask

pytestmark = needs("curl")

OVERRIDE = "/consumer_groups/JL/overrides/plugins/rate-limiting-advanced"
LIMITS = ("config.limit=10", "config.window_size=10", "config.window_type=sliding")


class Curl:
    """curl, told where the Admin API of a control plane is."""

    def __init__(self, server: Server, workspace: str) -> None:
        self.base = f"{server.admin}/{workspace}"

    def __call__(self, method: str, path: str, *data: str) -> tuple[int, Any]:
        """Return the status of a request with form data, and its decoded body."""
        fields = [word for item in data for word in ("--data", item)]
        command = ["curl", "-s", "-X", method, f"{self.base}{path}", *fields]
        done = subprocess.run(
            [*command, "-w", "\n%{http_code}"],
            capture_output=True,
            text=True,
            check=True,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body) if body else None


@pytest.fixture
def curl(server: Server) -> Iterator[Curl]:
    """curl in an empty control plane."""
    ask(f"{server.admin}/workspaces", "POST", json={"name": "documents"})
    yield Curl(server, "documents")
    ask(f"{server.admin}/workspaces/documents?cascade=true", "DELETE")


@pytest.fixture
def league(curl: Curl) -> dict[str, dict]:
    """Two consumers and the group JL with both of them in it, by name."""
    made = {name: consumer(curl, name) for name in ("BarryAllen", "DianaPrince")}
    status, made["JL"] = curl("POST", "/consumer_groups", "name=JL")
    assert status == 201
    curl("POST", "/consumers/BarryAllen/consumer_groups", "group=JL")
    curl("POST", "/consumer_groups/JL/consumers", "consumer=DianaPrince")
    return made


def consumer(curl: Curl, name: str) -> dict:
    status, made = curl("POST", "/consumers", f"username={name}")
    assert status == 201
    return made


def as_member(made: dict) -> dict:
    """Return a consumer as group answers show it."""
    return {**made, "type": 0, "username_lower": made["username"].lower()}


# Consumers and their keys


def test_a_consumer_is_given_a_key(curl: Curl) -> None:
    status, made = curl(
        "POST", "/consumers/", "username=consumer", "custom_id=consumer"
    )
    key_status, key = curl("POST", "/consumers/consumer/key-auth", "key=apikey")

    assert (status, key_status) == (201, 201)
    assert made == {
        "id": made["id"],
        "username": "consumer",
        "custom_id": "consumer",
        "tags": None,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert type(made["created_at"]) is int
    assert key == {
        "id": key["id"],
        "consumer": {"id": made["id"]},
        "key": "apikey",
        "created_at": key["created_at"],
        "tags": None,
        "ttl": None,
    }


def test_a_key_is_generated_when_none_is_entered(curl: Curl) -> None:
    consumer(curl, "consumer")

    status, key = curl("POST", "/consumers/consumer/key-auth")

    assert status == 201
    assert len(key["key"]) == 32
    assert key["key"].isalnum()


def test_the_first_kongs_way_to_a_key_still_works(curl: Curl, server: Server) -> None:
    jason = consumer(curl, "Jason")
    fields = ("key=ENTER_KEY_HERE", f"consumer_id={jason['id']}")

    status, key = curl("POST", "/keyauth_credentials/", *fields)

    assert status == 201
    assert key["consumer"] == {"id": jason["id"]}
    assert key["key"] == "ENTER_KEY_HERE"


def test_the_key_opens_what_is_behind_the_authorizer(server: Server) -> None:
    curl = Curl(server, "default")
    consumer(curl, "opened-by-curl")
    curl("POST", "/consumers/opened-by-curl/key-auth", "key=opened-by-curl")
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", server.proxy]

    known, unknown = (
        subprocess.run([*command, "-H", f"apikey: {key}"], capture_output=True).stdout
        for key in ("opened-by-curl", "nobody-has-this")
    )

    assert (known, unknown) == (b"200", b"401")


# Consumer groups


def test_a_group_is_made_and_read(curl: Curl) -> None:
    data = ("name=JL", "tags[]=tag1", "tags[]=tag2")

    made_status, made = curl("POST", "/consumer_groups", *data)
    list_status, listed = curl("GET", "/consumer_groups")
    status, read = curl("GET", "/consumer_groups/JL")

    assert (made_status, list_status, status) == (201, 200, 200)
    assert made == {
        "id": made["id"],
        "name": "JL",
        "tags": ["tag1", "tag2"],
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert listed == {"data": [made], "next": None}
    assert read == {"consumer_group": made}


def test_a_group_is_made_by_its_name_in_the_path(curl: Curl) -> None:
    status, made = curl("PUT", "/consumer_groups/JL", "tags[]=tag1", "tags[]=tag2")

    assert status == 200
    assert (made["name"], made["tags"]) == ("JL", ["tag1", "tag2"])


def test_a_consumer_is_put_into_a_group_from_either_side(curl: Curl) -> None:
    barry, diana = consumer(curl, "BarryAllen"), consumer(curl, "DianaPrince")
    _, group = curl("POST", "/consumer_groups", "name=JL")

    by_consumer = curl("POST", "/consumers/BarryAllen/consumer_groups", "group=JL")
    by_group = curl("POST", "/consumer_groups/JL/consumers", "consumer=DianaPrince")

    assert by_consumer == (
        201,
        {"consumer": as_member(barry), "consumer_groups": [group]},
    )
    assert by_group == (201, {"consumer_group": group, "consumers": [as_member(diana)]})


def test_members_and_groups_are_listed(curl: Curl, league: dict) -> None:
    members = [as_member(league[name]) for name in ("BarryAllen", "DianaPrince")]
    groups = [league["JL"]]

    of_group = curl("GET", "/consumer_groups/JL/consumers")
    of_consumer = curl("GET", "/consumers/BarryAllen/consumer_groups")
    whole = curl("GET", "/consumer_groups/JL")

    assert of_group == (200, {"data": members, "next": None, "consumers": members})
    assert of_consumer == (
        200,
        {"data": groups, "next": None, "consumer_groups": groups},
    )
    assert whole == (200, {"consumer_group": league["JL"], "consumers": members})


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("/consumers/BarryAllen/consumer_groups", ["DianaPrince"]),
        ("/consumers/BarryAllen/consumer_groups/JL", ["DianaPrince"]),
        ("/consumer_groups/JL/consumers/DianaPrince", ["BarryAllen"]),
        ("/consumer_groups/JL/consumers", []),
    ],
)
def test_members_are_removed_and_consumers_stay(
    curl: Curl, league: dict, path: str, left: list[str]
) -> None:
    answer = curl("DELETE", path)

    assert answer == (204, None)
    _, members = curl("GET", "/consumer_groups/JL/consumers")
    assert [member["username"] for member in members["data"]] == left
    assert curl("GET", "/consumers/BarryAllen") == (200, league["BarryAllen"])
    assert curl("GET", "/consumers/DianaPrince") == (200, league["DianaPrince"])


def test_a_group_is_deleted_and_consumers_stay(curl: Curl, league: dict) -> None:
    assert curl("DELETE", "/consumer_groups/JL") == (204, None)

    assert curl("GET", "/consumer_groups/JL") == (404, {"message": "Not found"})
    assert curl("GET", "/consumers/BarryAllen") == (200, league["BarryAllen"])


# Limits of a group's own


def test_limits_of_a_group_are_answered_as_they_were_sent(
    curl: Curl, league: dict
) -> None:
    answer = curl("PUT", OVERRIDE, *LIMITS, "config.retry_after_jitter_max=0")

    assert answer == (
        201,
        {
            "config": {
                "limit": [10],
                "retry_after_jitter_max": 0,
                "window_size": [10],
                "window_type": "sliding",
            },
            "consumer_group": "JL",
            "group": "JL",
            "plugin": "rate-limiting-advanced",
        },
    )


def test_limits_of_a_group_are_deleted(curl: Curl, league: dict) -> None:
    curl("PUT", OVERRIDE, *LIMITS)
    _, before = curl("GET", "/consumer_groups/JL")

    answer = curl("DELETE", OVERRIDE)

    _, after = curl("GET", "/consumer_groups/JL")
    assert answer == (204, None)
    assert [plugin["config"]["limit"] for plugin in before["plugins"]] == [[10]]
    assert "plugins" not in after
