"""Control planes and the node in the Admin API. Contract §7."""

import pytest

from clients import Client
from factories import (
    make_consumer,
    make_control_plane,
    make_credential,
    make_plugin,
)
from kinds import BODIES, every_entity

# Control planes


def test_a_control_plane_before_the_path_has_its_own_consumers(api: Client) -> None:
    team = make_control_plane(name="team-a")
    make_consumer(team, username="anna")

    assert api.get("/team-a/consumers/anna").status == 200
    assert api.get("/consumers/anna").status == 404
    assert api.post("/consumers", json={"username": "anna"}).status == 201
    assert api.get("/team-a/kong").json()["tagline"] == "Welcome to kong"


def test_a_reference_does_not_reach_into_another_control_plane(api: Client) -> None:
    anna = make_consumer(make_control_plane(name="team-a"), username="anna")

    by_id = api.post("/key-auths", json={"consumer": {"id": str(anna.pk)}})
    by_name = api.post("/key-auths", json={"consumer": {"username": "anna"}})

    assert by_id.json()["code"] == 4
    assert by_name.json()["code"] == 13


def test_an_id_in_use_in_another_control_plane_is_refused(api: Client) -> None:
    anna = make_consumer(make_control_plane(name="team-a"), username="anna")

    answer = api.put(f"/consumers/{anna.pk}", json={"username": "berta"})

    assert (answer.status, answer.json()["code"]) == (400, 3)
    assert api.get("/team-a/consumers/anna").status == 200


def test_an_unknown_control_plane_is_told(api: Client) -> None:
    answer = api.get("/nowhere/consumers")

    assert answer.status == 404
    assert answer.json() == {"message": "Workspace 'nowhere' not found"}


def test_what_no_control_plane_is_called_is_an_unknown_path(api: Client) -> None:
    answer = api.get("/schemas/consumers/anna")

    assert (answer.status, answer.json()) == (404, {"message": "Not found"})


def test_a_control_plane_needs_no_more_than_a_name(api: Client) -> None:
    answer = api.post("/workspaces", json={"name": "team-a"})

    assert answer.status == 201
    assert answer.json()["config"] == {}
    assert api.post("/workspaces", json={"name": "team-a"}).status == 409
    assert api.put("/workspaces/team-b").json()["config"] == {}
    refused = api.patch("/workspaces/team-b", json={"config": None})
    assert refused.json()["fields"] == {"config": "required field missing"}


# The node


def test_the_root_says_what_clients_look_for(api: Client) -> None:
    make_plugin()

    root = api.get("/").json()

    assert root["version"] == "3.10.0.0"
    assert root["edition"] == "enterprise"
    assert root["plugins"]["enabled_in_cluster"] == ["key-auth"]
    assert "key-auth" in root["plugins"]["available_on_server"]
    assert root["configuration"]["database"] in ("postgres", "sqlite")
    assert "password" not in api.get("/").text.lower()


def test_the_root_names_each_configured_plugin_once_and_no_other(api: Client) -> None:
    """Kong Manager shows the credentials of the plugins named; others do nothing here.

    (Only where credentials worked without their plugin would all have to be named.)
    """
    consumer = make_consumer()
    make_credential("jwt", consumer)

    before = api.get("/").json()["plugins"]["enabled_in_cluster"]
    make_plugin("key-auth")
    make_plugin("key-auth", scope=make_control_plane())
    make_plugin("basic-auth", enabled=False)
    after = api.get("/").json()["plugins"]["enabled_in_cluster"]

    assert before == []
    assert after == ["basic-auth", "key-auth"]


@pytest.mark.parametrize("query", ["", "?unit=k", "?unit=G&scale=4", "?scale=x"])
def test_the_status_says_that_the_database_answers(api: Client, query: str) -> None:
    status = api.get(f"/status{query}").json()

    assert status["database"] == {"reachable": True}
    assert all(type(count) is int for count in status["server"].values())


@pytest.mark.parametrize("scale", ["1000000000", "9" * 5000])
def test_the_status_does_not_write_a_novel(api: Client, scale: str) -> None:
    answer = api.get(f"/status?scale={scale}")

    assert answer.status == 200
    assert len(answer.body) < 1000


def test_the_status_refuses_a_unit_nobody_knows(api: Client) -> None:
    answer = api.get("/status?unit=V")

    assert answer.status == 400
    assert answer.json()["message"] == (
        "invalid unit 'V' (expected 'k/K', 'm/M', or 'g/G')"
    )


def test_endpoints_lists_every_route_by_segment(api: Client) -> None:
    paths = api.get("/endpoints").json()["data"]

    assert paths == sorted(paths, key=lambda path: path.split("/"))
    assert {"/consumers/{consumers}/key-auth/{keyauth_credentials}", "/tags"} <= {
        *paths
    }


@every_entity
def test_every_entity_serves_its_schema_and_judges_by_it(
    api: Client, entity: str
) -> None:
    schema = api.get(f"/schemas/{entity}").json()
    good = api.post(f"/schemas/{entity}/validate", json=BODIES[entity]("one"))
    bad = api.post(f"/schemas/{entity}/validate", json={"name": "key-auth", "zoo": 1})

    assert all(len(field) == 1 for field in schema["fields"])
    assert good.status == 200
    assert good.json() == {"message": "schema validation successful"}
    assert bad.json()["fields"]["zoo"] == "unknown field"


@pytest.mark.parametrize(("name", "field"), [("tags", "tag"), ("workspaces", "name")])
def test_what_is_no_entity_of_a_workspace_has_a_schema_too(
    api: Client, name: str, field: str
) -> None:
    schema = api.get(f"/schemas/{name}").json()
    answer = api.post(f"/schemas/{name}/validate", json={field: 5})

    assert field in {key for each in schema["fields"] for key in each}
    assert answer.json()["fields"][field] == "expected a string"


def test_an_unknown_schema_is_told(api: Client) -> None:
    assert api.get("/schemas/x").json() == {"message": "No entity named 'x'"}
    assert api.get("/schemas/plugins/x").json() == {"message": "No plugin named 'x'"}
    assert api.post("/schemas/x/validate", json={}).status == 404
