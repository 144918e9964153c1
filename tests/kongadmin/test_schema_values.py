import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kongadmin.schema import Edition, Schema, plugin_schema, violation_message

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "kongadmin/plugins/schemas"
CONSUMERS = Schema.load(ROOT / "consumers/schemas/consumers.yaml")
KEYS = Schema.load(ROOT / "consumers/schemas/keyauth_credentials.yaml")
KONG = Edition.of("3.10.0.0")
KEY_AUTH = Schema.load(PLUGINS / "key-auth.yaml", KONG)
PLUGIN = plugin_schema(Schema.load(PLUGINS / "entity/plugins.yaml"), KEY_AUTH)

UUID = "9F8C7d6e-0000-4000-8000-000000000001"
NUMBERS = {"type": "number"}
HOSTS = {"type": "map", "keys": {"type": "string", "len_max": 3}, "values": NUMBERS}
RECORD = {
    "type": "record",
    "fields": [{"a": {"type": "string"}}, {"b": {"type": "string"}}],
}


def schema_of(field: dict) -> Schema:
    """Return a schema with the one field `x`."""
    return Schema.of({"name": "t", "fields": [{"x": field}]})


# Completing


def test_a_consumer_is_filled_with_null():
    assert CONSUMERS.fill({"username": "bob", "tags": ["b", "a", "b"], "zeta": 1}) == {
        "username": "bob",
        "custom_id": None,
        "tags": ["b", "a"],
        "id": None,
        "created_at": None,
        "updated_at": None,
        "zeta": 1,
    }


def test_a_secret_is_made_only_when_none_is_mentioned():
    made = KEYS.fill({})["key"]

    assert re.fullmatch(r"[A-Za-z0-9]{32}", made)
    assert made != KEYS.fill({})["key"]
    assert KEYS.fill({"key": None})["key"] is None


def test_an_update_time_is_dropped_where_there_is_no_such_field():
    assert "updated_at" not in KEYS.fill({"updated_at": "any"})


def test_a_plugin_is_filled_with_its_defaults():
    plugin = PLUGIN.fill({"name": "key-auth", "config": {"key_names": ["k"]}})

    assert plugin["enabled"] is True
    assert plugin["protocols"] == ["grpc", "grpcs", "http", "https"]
    assert plugin["config"] == {
        "key_names": ["k"],
        "key_in_header": True,
        "key_in_query": True,
        "key_in_body": False,
        "hide_credentials": False,
        "identity_realms": [{"scope": "cp", "id": None, "region": None}],
        "anonymous": None,
        "realm": None,
        "run_on_preflight": True,
    }


def test_a_default_cannot_be_changed_by_who_receives_it():
    PLUGIN.fill({})["config"]["identity_realms"][0]["scope"] = "spoilt"

    assert PLUGIN.fill({})["config"]["identity_realms"][0]["scope"] == "cp"


@pytest.mark.parametrize(
    ("field", "value", "filled"),
    [
        ({"type": "integer"}, 5.0, 5),
        ({"type": "integer"}, "5", "5"),
        ({"type": "set", "elements": {"type": "integer"}}, [1, 1.0, True], [1, True]),
        ({"type": "set", "elements": RECORD}, [{}], [{"a": None, "b": None}]),
        (
            {"type": "map", "keys": {"type": "string"}, "values": RECORD},
            {"k": 1},
            {"k": 1},
        ),
        ({"type": "array", "elements": RECORD}, None, None),
        (RECORD, "x", "x"),
    ],
)
def test_a_given_value_is_completed_but_never_refused(field, value, filled):
    result = schema_of(field).fill({"x": value})["x"]

    assert result == filled
    assert repr(result) == repr(filled)


def test_a_record_is_filled_by_itself_unless_it_is_optional():
    assert schema_of(RECORD).fill({}) == {"x": {"a": None, "b": None}}
    assert schema_of({**RECORD, "required": False}).fill({}) == {"x": None}


# Form values


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ({"type": "string"}, "123", "123"),
        ({"type": "string"}, "", None),
        ({"type": "number"}, "10", 10),
        ({"type": "number"}, "2.5", 2.5),
        ({"type": "number"}, "1e2", 100),
        ({"type": "number"}, "0x10", 16),
        ({"type": "number"}, "-1", -1),
        ({"type": "number"}, "1e999", "1e999"),
        ({"type": "number"}, "٣", "٣"),
        ({"type": "number"}, "ten", "ten"),
        ({"type": "integer"}, "2.5", 2.5),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "True", "True"),
        ({"type": "array", "elements": NUMBERS}, "10", [10]),
        ({"type": "array", "elements": NUMBERS}, ["1", "", "a"], [1, None, "a"]),
        ({"type": "set", "elements": {"type": "string"}}, ["b", "a", "b"], ["b", "a"]),
        ({"type": "set", "elements": {"type": "string"}}, "a,b", ["a,b"]),
        (HOSTS, {"a": "1"}, {"a": 1}),
        ({"type": "record", "fields": [{"n": NUMBERS}]}, {"n": "1"}, {"n": 1}),
        ({"type": "foreign", "reference": "t"}, {"id": UUID}, {"id": UUID}),
        ({"type": "string"}, True, True),
    ],
)
def test_form_text_takes_the_type_of_its_field(field, text, value):
    result = schema_of(field).infer({"x": text, "unknown": ""})

    assert result == {"x": value, "unknown": ""}
    assert type(result["x"]) is type(value)


def test_the_lifetime_of_a_key_is_a_number():
    assert KEYS.infer({"ttl": "60"}) == {"ttl": 60}
    assert CONSUMERS.infer({"ttl": "60"}) == {"ttl": "60"}


# Changing


def test_a_patch_changes_records_key_by_key_and_replaces_lists():
    stored = PLUGIN.fill({"name": "key-auth", "tags": ["a"]})
    before = repr(stored)

    merged = PLUGIN.merge(stored, {"tags": ["b"], "config": {"key_names": ["k"]}})

    assert merged["tags"] == ["b"]
    assert merged["config"] == {**stored["config"], "key_names": ["k"]}
    assert repr(stored) == before


# Deprecated names


def shorthand(name: str) -> dict:
    path = ["redis", name]
    deprecation = {"replaced_with": [{"path": path}]}
    return {f"redis_{name}": {"type": "string", "deprecation": deprecation}}


def redis_schema() -> Schema:
    host = {"host": {"type": "string"}}
    port = {"port": {"type": "integer", "default": 6379}}
    redis = {"type": "record", "fields": [host, port]}
    old_port = shorthand("port")
    old_port["redis_port"]["type"] = "integer"
    config = {
        "type": "record",
        "fields": [{"redis": redis}],
        "shorthand_fields": [shorthand("host"), old_port],
    }
    return Schema.of({"name": "limiter", "fields": [{"config": config}]})


def config_of(host: str | None, port: int) -> dict:
    redis = {"host": host, "port": port}
    return {"config": {"redis": redis, "redis_host": host, "redis_port": port}}


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ({}, config_of(None, 6379)),
        ({"config": {"redis_port": 7}}, config_of(None, 7)),
        ({"config": {"redis": {"host": "a"}}}, config_of("a", 6379)),
        ({"config": {"redis_host": "a", "redis": {"port": 7}}}, config_of("a", 7)),
        (config_of("a", 7), config_of("a", 7)),
    ],
)
def test_a_deprecated_field_mirrors_its_replacement(given, filled):
    assert redis_schema().fill(given) == filled
    assert redis_schema().errors(filled) == {}


def test_a_deprecated_field_may_not_contradict_its_replacement():
    schema = redis_schema()
    values = schema.fill({"config": {"redis_host": "a", "redis": {"host": "b"}}})

    assert schema.errors(values) == {
        "redis_host": "both deprecated and new field are used but their values"
        " mismatch: redis_host = a vs redis.host = b"
    }


@pytest.mark.parametrize(
    "patch",
    [{"redis_host": "b"}, {"redis": {"host": "b"}}],
)
def test_a_patch_of_either_name_changes_both(patch):
    merged = redis_schema().merge(config_of("a", 7), {"config": patch})

    assert merged == config_of("b", 7)


def test_a_form_types_deprecated_fields_too():
    values = {"config": {"redis_port": "7"}}

    assert redis_schema().infer(values) == {"config": {"redis_port": 7}}


# Laws

NAMES = st.text("aZ0 ,/é\n", min_size=1)
TAGS = st.lists(st.text("ab -_ü", min_size=1))
CONSUMER_VALUES = st.fixed_dictionaries(
    {"username": NAMES},
    optional={"custom_id": NAMES | st.none(), "tags": TAGS | st.none()},
)
KEY_AUTH_VALUES = st.fixed_dictionaries(
    {"name": st.just("key-auth")},
    optional={
        "enabled": st.booleans(),
        "tags": TAGS,
        "config": st.fixed_dictionaries(
            {},
            optional={
                "key_names": st.lists(st.text("Ab1-_", min_size=1)),
                "key_in_body": st.booleans(),
                "anonymous": NAMES | st.none(),
                "identity_realms": st.lists(
                    st.uuids().map(lambda u: {"scope": "realm", "id": str(u)}),
                    unique_by=lambda realm: realm["id"],
                ),
            },
        ),
    },
)
TEXTS = st.text("aé1.e/ \0\ud800", max_size=3)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)
ANY_PLUGIN = st.dictionaries(
    st.sampled_from([*PLUGIN.fields, "other"]), ANYTHING, max_size=4
)


@given(CONSUMER_VALUES)
def test_what_was_filled_from_good_values_is_good(values):
    assert CONSUMERS.errors(CONSUMERS.fill(values)) == {}


@given(KEY_AUTH_VALUES)
def test_what_was_filled_from_a_good_plugin_is_good_and_complete(values):
    filled = PLUGIN.fill(values)

    assert PLUGIN.errors(filled) == {}
    assert PLUGIN.fill(filled) == filled


@given(ANY_PLUGIN)
def test_typed_values_stay_as_they_are(values):
    once = PLUGIN.infer(values)

    assert repr(PLUGIN.infer(once)) == repr(once)


@given(KEY_AUTH_VALUES)
def test_an_empty_patch_changes_nothing(values):
    stored = PLUGIN.fill(values)

    assert PLUGIN.merge(stored, {}) == stored


@given(ANY_PLUGIN)
def test_no_values_make_the_interpreter_fail(values):
    before = repr(values)

    fields = PLUGIN.errors(PLUGIN.fill(PLUGIN.infer(values)))

    assert not fields or violation_message(fields)
    assert repr(PLUGIN.merge(values, values)) is not None
    assert repr(values) == before
