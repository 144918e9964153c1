"""What is different when clients are told that they speak to the community's Kong."""

from collections.abc import Iterator

import pytest

from servers import Server, ask

NOT_FOUND = {"message": "Not found"}


@pytest.fixture(scope="module")
def community() -> Iterator[Server]:
    with Server(COMPAT_VERSION="3.9.3") as running:
        yield running


def test_the_node_says_that_it_is_the_communitys(community: Server) -> None:
    answer = ask(community.admin)

    assert answer.json()["edition"] == "community"
    assert answer.json()["version"] == "3.9.3"
    assert answer.headers["Server"] == "kong/3.9.3"
    assert "X-Kong-Admin-Request-ID" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/consumer_groups",
        "/consumers/anna/consumer_groups",
        "/workspaces",
        "/default/consumers",
        "/default/kong",
        "/default/workspaces/default",
        "/key-auths-enc",
        "/mtls-auths",
        "/consumers/anna/key-auth-enc",
    ],
)
def test_what_only_enterprise_has_is_not_found(community: Server, path: str) -> None:
    ask(f"{community.admin}/consumers/anna", "PUT")

    for method in ("GET", "OPTIONS", "POST"):
        answer = ask(f"{community.admin}{path}", method)

        assert (answer.status, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    "name", ["consumer_groups", "workspaces", "keyauth_enc_credentials"]
)
def test_no_schema_of_what_only_enterprise_has_is_served(
    community: Server, name: str
) -> None:
    answer = ask(f"{community.admin}/schemas/{name}")

    assert answer.status == 404
    assert answer.json() == {"message": f"No entity named '{name}'"}


def test_a_plugin_knows_no_group(community: Server) -> None:
    body = {"name": "rate-limiting", "config": {"minute": 5}, "consumer_group": None}

    answer = ask(f"{community.admin}/plugins", "POST", json=body)

    assert answer.status == 400
    assert answer.json()["fields"] == {"consumer_group": "unknown field"}


def test_a_plugin_is_answered_without_a_group(community: Server) -> None:
    body = {"name": "request-termination", "tags": ["a"]}

    answer = ask(f"{community.admin}/plugins", "POST", json=body)

    assert answer.status == 201
    assert "consumer_group" not in answer.json()


def test_a_plugin_in_the_way_is_told_without_a_group(community: Server) -> None:
    body = {"name": "correlation-id"}
    ask(f"{community.admin}/plugins", "POST", json=body)

    answer = ask(f"{community.admin}/plugins", "POST", json=body)

    assert answer.status == 409
    assert answer.json()["fields"] == {
        "consumer": None,
        "name": "correlation-id",
        "route": None,
        "service": None,
    }


def test_endpoints_name_only_what_is_served(community: Server) -> None:
    endpoints = ask(f"{community.admin}/endpoints").json()["data"]

    assert "/consumers/{consumers}/key-auth" in endpoints
    assert not [path for path in endpoints if "group" in path or "workspace" in path]
