"""The plugins there are, what their schemas say, and that configs agree with them."""

from typing import Any

import pytest

from clients import Client
from kongadmin.plugins.catalogue import SCHEMAS, read_plugins
from kongadmin.schema import Edition, Schema, plugin_schema
from servers import Server, ask

ENTERPRISE = Edition.of("3.10.0.0")
COMMUNITY = Edition.of("3.9.3")
NEWEST = Edition.of("3.15.0.0")
PLUGINS = sorted(read_plugins(ENTERPRISE))
HTTP = ["grpc", "grpcs", "http", "https"]
NO_CONSUMER = {
    *("acl", "basic-auth", "bot-detection", "cors", "hmac-auth", "jwt"),
    *("key-auth", "oauth2"),
}
NO_GROUP = NO_CONSUMER | {"request-size-limiting", "response-ratelimiting"}

# The least that each plugin must be told; the others need nothing.
LEAST: dict[str, dict] = {
    "acl": {"allow": ["gold"]},
    "ip-restriction": {"deny": ["10.0.0.0/8"]},
    "oauth2": {"enable_client_credentials": True},
    "rate-limiting": {"minute": 5},
    "rate-limiting-advanced": {"limit": [5], "window_size": [60]},
    "response-ratelimiting": {"limits": {"video": {"minute": 5}}},
}


@pytest.fixture
def schema_of(api: Client):
    """Asks for a plugin's schema: its fields by name."""
    return lambda name: by_name(api.get(f"/schemas/plugins/{name}").json()["fields"])


def by_name(fields: list[dict]) -> dict[str, dict]:
    assert all(len(item) == 1 for item in fields)
    return {name: field for item in fields for name, field in item.items()}


# What is answered agrees with what the schema says


@pytest.mark.parametrize("name", PLUGINS)
def test_a_config_has_the_keys_of_its_schema(name: str, api: Client, schema_of):
    config = schema_of(name)["config"]

    answer = api.post("/plugins", json={"name": name, "config": LEAST.get(name, {})})

    assert answer.status == 201
    assert_same_keys(answer.json()["config"], config)


def assert_same_keys(values: dict, record: dict) -> None:
    fields = by_name(record["fields"])
    assert set(values) == {*fields, *by_name(record.get("shorthand_fields", []))}
    for name, field in fields.items():
        if field["type"] == "record" and values[name] is not None:
            assert_same_keys(values[name], field)


@pytest.mark.parametrize("name", PLUGINS)
def test_deck_fills_in_exactly_what_we_answer(name: str, api: Client, schema_of):
    fields = schema_of(name)
    least = LEAST.get(name, {})

    answer = api.post("/plugins", json={"name": name, "config": least}).json()

    filled = deck_fills(fields["config"], least)
    made = {
        key
        for key, field in by_name(fields["config"]["fields"]).items()
        if field.get("auto")
    }
    config = answer["config"] | dict.fromkeys(made)
    assert config == filled | least_as_stored(name)
    assert answer["protocols"] == fields["protocols"]["default"]


def least_as_stored(name: str) -> dict:
    """Records inside maps are answered whole; decK leaves those to the server."""
    periods = dict.fromkeys(("second", "minute", "hour", "day", "month", "year"))
    limits = {"video": periods | {"minute": 5}}
    return {"limits": limits} if name == "response-ratelimiting" else {}


def deck_fills(record: dict, config: dict) -> dict:
    """Complete a config in the way of go-kong: from nothing but the served schema."""
    filled = dict(config)
    for name, field in by_name(record["fields"]).items():
        if field["type"] == "record" and field.get("required"):
            filled[name] = deck_fills(field, config.get(name) or {})
        elif filled.get(name) is None:
            filled[name] = field.get("default")
    for name, field in by_name(record.get("shorthand_fields", [])).items():
        if filled.get(name) is None:
            value: Any = filled
            for step in field["deprecation"]["replaced_with"][0]["path"]:
                value = value[step]
            filled[name] = value
    return filled


@pytest.mark.parametrize("name", PLUGINS)
def test_saving_what_was_answered_changes_nothing(name: str, api: Client):
    made = api.post("/plugins", json={"name": name, "config": LEAST.get(name, {})})
    plugin = made.json()

    again = api.patch(f"/plugins/{plugin['id']}", json={"config": plugin["config"]})

    assert again.status == 200
    assert again.json()["config"] == plugin["config"]


def test_defaults_of_any_version_satisfy_their_own_rules():
    entity = Schema.load(SCHEMAS / "entity" / "plugins.yaml", NEWEST)

    for name, own in read_plugins(NEWEST).items():
        schema = plugin_schema(entity, own)
        plugin = schema.fill({"name": name, "config": LEAST.get(name, {})})

        assert schema.errors(plugin) == {}, name


@pytest.mark.parametrize("name", PLUGINS)
def test_every_field_of_a_plugin_says_what_it_is_for(name: str, schema_of):
    for path, field in all_fields(schema_of(name), name):
        text = field.get("description", "")
        assert text.endswith("."), path
        assert len(text) <= 80, path


def all_fields(fields: dict, place: str):
    for name, field in fields.items():
        yield f"{place}.{name}", field
        for part in ("elements", "values"):
            inner = field.get(part, {}).get("fields", [])
            yield from all_fields(by_name(inner), f"{place}.{name}")
        for part in ("fields", "shorthand_fields"):
            yield from all_fields(by_name(field.get(part, [])), f"{place}.{name}")


# Where plugins apply


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_refuses_consumers_and_groups_as_kongs_does(name: str, schema_of):
    fields = schema_of(name)

    refused = {key for key in ("consumer", "consumer_group") if key in fields}

    wanted = {"consumer"} if name in NO_CONSUMER else set()
    assert refused == wanted | ({"consumer_group"} if name in NO_GROUP else set())
    assert all(fields[key]["eq"] is None for key in refused)


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_has_kongs_default_protocols(name: str, schema_of):
    kept = ["http", "https", "tcp", "tls", "grpc", "grpcs"]

    protocols = schema_of(name)["protocols"]["default"]

    assert protocols == (kept if name == "ip-restriction" else HTTP)


def test_plugins_run_in_kongs_order(api: Client):
    available = api.get("/").json()["plugins"]["available_on_server"]

    order = sorted(available, key=lambda name: (-available[name]["priority"], name))

    assert order == [
        "correlation-id",
        "bot-detection",
        "cors",
        "jwt",
        "oauth2",
        "key-auth",
        "basic-auth",
        "hmac-auth",
        "ip-restriction",
        "request-size-limiting",
        "acl",
        "rate-limiting",
        "rate-limiting-advanced",
        "response-ratelimiting",
        "request-transformer",
        "response-transformer",
        "request-termination",
    ]


def test_what_is_generated_differs_from_plugin_to_plugin(api: Client):
    body = {"name": "oauth2", "config": LEAST["oauth2"]}

    first = api.put("/plugins/one", json=body).json()["config"]["provision_key"]
    api.delete("/plugins/one")
    second = api.put("/plugins/one", json=body).json()["config"]["provision_key"]

    assert len(first) == len(second) == 32
    assert first != second


def test_the_old_route_serves_the_config_alone(api: Client):
    body = api.get("/plugins/schema/acl").json()

    assert body["entity_checks"] == []
    assert list(body["fields"][0]) == ["allow"]


# What the advertised version has


def test_the_community_has_neither_enterprise_plugins_nor_fields():
    community = read_plugins(COMMUNITY)

    assert set(PLUGINS) - set(community) == {"rate-limiting-advanced"}
    assert names_in(community["key-auth"])[-1] == "realm"
    assert "include_consumer_groups" not in names_in(community["acl"])
    assert "allow_origin_absent" not in names_in(community["cors"])


def test_a_newer_version_has_newer_fields_and_defaults():
    newest, known = read_plugins(NEWEST), read_plugins(ENTERPRISE)

    assert default_of(known["key-auth"], "hide_credentials") is False
    assert default_of(newest["key-auth"], "hide_credentials") is True
    assert default_of(newest["basic-auth"], "hide_credentials") is True
    assert "hmac-sha1" in default_of(known["hmac-auth"], "algorithms")
    assert "hmac-sha1" not in default_of(newest["hmac-auth"], "algorithms")
    assert newest["key-auth"].fields["protocols"]["default"] == [*HTTP, "ws", "wss"]
    assert "principals" in names_in(newest["key-auth"])
    assert {"throttling", "counter_key"} <= {
        *names_in(newest["rate-limiting-advanced"])
    }
    assert "throttling" not in names_in(known["rate-limiting-advanced"])
    assert "allow_origin_absent" in names_in(known["cors"])


def names_in(schema: Schema) -> list[str]:
    return list(by_name(schema.fields["config"]["fields"]))


def default_of(schema: Schema, name: str) -> Any:
    return by_name(schema.fields["config"]["fields"])[name]["default"]


@pytest.mark.parametrize(
    ("version", "since", "enterprise", "has"),
    [
        ("3.10.0.0", "3.10", True, True),
        ("3.9.1.2", "3.10", True, False),
        ("3.10.0", "3.10", False, True),
        ("3.10.0", "3.4", True, False),
        ("4.0.0.0", "3.15", True, True),
    ],
)
def test_versions_are_compared_by_their_numbers(version, since, enterprise, has):
    definition = {"since": since, "enterprise": enterprise}

    assert Edition.of(version).has(definition) is has


def test_gates_are_not_served(schema_of):
    for _, field in all_fields(schema_of("key-auth"), ""):
        assert not field.keys() & {"since", "enterprise", "typedef", "custom_validator"}


def test_a_community_server_knows_no_groups_and_no_realms():
    group = {"name": "cors", "consumer_group": None}
    realms = {"name": "key-auth", "config": {"identity_realms": []}}

    with Server(COMPAT_VERSION="3.9.3", WORKERS="1") as server:
        answers = [
            ask(f"{server.admin}/plugins", "POST", json=body)
            for body in (group, realms)
        ]
        plugin = ask(f"{server.admin}/plugins", "POST", json={"name": "cors"})

    assert [answer.json()["fields"] for answer in answers] == [
        {"consumer_group": "unknown field"},
        {"config": {"identity_realms": "unknown field"}},
    ]
    assert plugin.status == 201
    assert "consumer_group" not in plugin.json()
