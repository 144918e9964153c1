import re
from pathlib import Path

import pytest

from kongadmin.schema import (
    Edition,
    Schema,
    lua,
    plugin_schema,
    random_key,
    violation_message,
)

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "kongadmin/plugins/schemas"
CONSUMERS = Schema.load(ROOT / "consumers/schemas/consumers.yaml")
KEYS = Schema.load(ROOT / "consumers/schemas/keyauth_credentials.yaml")
KONG = Edition.of("3.10.0.0")
KEY_AUTH = Schema.load(PLUGINS / "key-auth.yaml", KONG)
PLUGIN = plugin_schema(Schema.load(PLUGINS / "entity/plugins.yaml"), KEY_AUTH)

# What is served


def test_a_served_schema_has_no_functions():
    checks = [{"custom_entity_check": "limit_per_window"}, {"distinct": ["a", "b"]}]
    numbers = {"type": "number"}
    limiter = Schema.of(
        {"name": "t", "fields": {"a": numbers, "b": numbers}, "entity_checks": checks}
    )

    body = CONSUMERS.describe()

    assert body["entity_checks"] == [{"at_least_one_of": ["custom_id", "username"]}]
    assert [list(item) for item in body["fields"]][:3] == [
        ["username"],
        ["custom_id"],
        ["tags"],
    ]
    assert body["fields"][2]["tags"]["elements"] == {
        "type": "string",
        "required": True,
        "len_max": 256,
    }
    assert limiter.describe()["entity_checks"] == [{"distinct": ["a", "b"]}]


def test_a_served_record_is_required_and_lists_its_fields():
    config = dict(KEY_AUTH.describe()["fields"][3])["config"]

    assert config["required"] is True
    assert list(config["fields"][0]) == ["key_names"]
    assert KEY_AUTH.fields["config"] == config


def test_a_served_schema_has_no_empty_maps():
    number = {"type": "number"}
    field = {"type": "map", "keys": number, "values": number, "default": {}}

    body = Schema.of({"name": "t", "fields": [{"x": field}]}).describe()

    assert body["fields"][0]["x"]["default"] == []
    assert body["entity_checks"] == []


def test_a_served_schema_lists_deprecated_names():
    deprecation = {"replaced_with": [{"path": ["redis", "host"]}]}
    shorthand = {"redis_host": {"type": "string", "deprecation": deprecation}}
    record = {"type": "record", "fields": [], "shorthand_fields": [shorthand]}

    body = Schema.of({"name": "t", "fields": [{"config": record}]}).describe()

    assert body["fields"][0]["config"]["shorthand_fields"] == [shorthand]


@pytest.mark.parametrize("schema", [CONSUMERS, KEYS, PLUGIN])
def test_every_field_says_what_it_is_for(schema):
    config = schema.fields.get("config", {}).get("fields", [])
    fields = [*schema.fields.items(), *(pair for f in config for pair in f.items())]

    for name, field in fields:
        assert field["description"].endswith("."), name


def test_a_misspelt_attribute_is_refused():
    with pytest.raises(ValueError, match="requierd"):
        Schema.of({"name": "t", "fields": [{"x": {"requierd": True}}]})


# Messages


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"username": "u"}, "schema violation (username: u)"),
        (
            {"zeta": "z", "@entity": ["first"], "alpha": "a"},
            "3 schema violations (first; alpha: a; zeta: z)",
        ),
        ({"tags": [None, "t"]}, "schema violation (tags.2: t)"),
        (
            {"config": {"b": "2", "a": "1"}},
            "2 schema violations (config.a: 1; config.b: 2)",
        ),
        (
            {"config": {"key_names": ["bad", None, "worse"]}},
            'schema violation (config.key_names: {\n  "bad",\n  [3] = "worse"\n})',
        ),
        (
            {"config": {"redis": {"host": {"x-y": "deep"}}}},
            "schema violation (config.redis: "
            '{\n  host = {\n    ["x-y"] = "deep"\n  }\n})',
        ),
    ],
)
def test_a_message_sums_up_the_fields(fields, message):
    assert violation_message(fields) == message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"username": "bob"}, '{username="bob"}'),
        ({"name": "a", "consumer": {"id": "1"}}, '{consumer={id="1"},name="a"}'),
        ({"route": None, "a": True, "n": 1}, "{a=true,n=1,route=null}"),
        ({"k": 'a"b\\c'}, '{k="a\\"b\\\\c"}'),
        ({"a-b": 1}, '{["a-b"]=1}'),
        ({"k": "a\nb"}, "{k=[[a\nb]]}"),
        ({"k": "a\n]]"}, "{k=[=[a\n]]]=]}"),
        ({}, "{}"),
        (["a", "b"], '{"a","b"}'),
    ],
)
def test_a_table_is_printed_as_lua_prints_it(value, text):
    assert lua(value) == text


def test_a_random_key_is_32_letters_and_digits():
    keys = {random_key() for _ in range(200)}

    assert len(keys) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", key) for key in keys)
