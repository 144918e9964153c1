"""Schemas that operators bring for plugins of their own."""

from pathlib import Path

import pytest

from kongadmin.plugins.catalogue import read_plugins
from kongadmin.schema import Edition, Schema
from servers import Server, ask

KONG = Edition.of("3.10.0.0")
STAMP = """
name: stamp
priority: 7
fields:
  - config:
      type: record
      fields:
        - header: {type: string, required: true, default: x-stamp}
        - code: {type: string, len_eq: 2, match: "^%a%d$"}
        - redis: {typedef: redis}
entity_checks:
  - conditional:
      if_field: config.header
      if_match: {eq: x-code}
      then_field: config.code
      then_match: {required: true}
"""


def with_field(field: str) -> str:
    """A schema whose config has one field."""
    return f"name: own\nfields: [config: {{type: record, fields: [x: {field}]}}]"


def write(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text)
    return path


def test_an_operators_plugin_counts_like_any_other(tmp_path: Path):
    write(tmp_path, STAMP)

    with Server(PLUGIN_SCHEMAS=str(tmp_path), WORKERS="1") as server:
        root = ask(server.admin).json()
        served = ask(f"{server.admin}/schemas/plugins/stamp").json()
        made = ask(f"{server.admin}/plugins", "POST", json={"name": "stamp"})
        wrong = {"name": "stamp", "config": {"header": "x-code", "code": "99"}}
        refused = ask(f"{server.admin}/plugins", "POST", json=wrong)

    assert root["plugins"]["available_on_server"]["stamp"]["priority"] == 7
    assert [list(field) for field in served["fields"]] == [["protocols"], ["config"]]
    assert made.status == 201
    assert made.json()["config"]["header"] == "x-stamp"
    assert made.json()["protocols"] == ["grpc", "grpcs", "http", "https"]
    assert refused.json()["fields"]["config"] == {"code": "invalid value: 99"}


def test_an_operators_file_may_say_where_the_plugin_applies(tmp_path: Path):
    scope = (
        "  - consumer: {typedef: no_consumer}\n  - protocols: {typedef: protocols_http}"
    )
    write(tmp_path, STAMP.replace("fields:", f"fields:\n{scope}", 1))

    fields = read_plugins(KONG, tmp_path)["stamp"].fields

    assert fields["consumer"]["eq"] is None
    assert "tcp" not in fields["protocols"]["elements"]["one_of"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name: [", "it cannot be read as YAML"),
        ("- name: own", "it holds no map"),
        ("name: own", "fields is missing"),
        ("name: own\nfields: []", "config must be a record with fields"),
        ("name: own\nfields: []\ncolour: red", "the schema language has no colour"),
        ("name: 1\nfields: []", "name cannot be 1"),
        ("name: own\nfields: [config]", "fields is no list of maps"),
        ("name: own\nfields: [config: x]", "config is no map of attributes"),
        (STAMP.replace("stamp", "cors"), "there is a plugin cors already"),
        (STAMP.replace("if_field", "when"), "is not understood ('if_field')"),
        (STAMP.replace("config.code", "config.cod"), "there is no field config.cod"),
        (with_field("{type: strng}"), "config.x: type must be one of array, boolean"),
        (with_field("{required: true}"), "config.x: type must be one of"),
        (with_field("{type: string, requird: true}"), "config.x: the schema language"),
        (with_field("{type: string, required: yep}"), "required cannot be 'yep'"),
        (with_field("{type: array}"), "config.x: elements is missing"),
        (
            with_field("{type: map, keys: {type: string}}"),
            "config.x: values is missing",
        ),
        (
            with_field("{type: set, elements: {type: x}}"),
            "config.x.elements: type must",
        ),
        (with_field("{type: number, between: [1]}"), "config.x: "),
        (with_field("{type: string, match: '%f[a]'}"), "'%f' is not understood"),
        (with_field("{type: string, match: '['}"), "config.x: "),
        (
            with_field("{type: string, custom_validator: x}"),
            "there is no validator 'x'",
        ),
        (with_field("{type: string, typedef: x}"), "there is no typedef 'x'"),
        (with_field("{type: string, since: new}"), "'new' is no version"),
        (
            with_field("{type: integer, default: a}"),
            "config.x: its default is wrong (expected an integer)",
        ),
        (
            with_field("{type: record, fields: [], entity_checks: [nope: [a]]}"),
            "config.x.entity_checks: ",
        ),
    ],
)
def test_a_wrong_file_is_named_with_its_fault(tmp_path: Path, text: str, fault: str):
    path = write(tmp_path, text)

    with pytest.raises(ValueError) as caught:
        read_plugins(KONG, tmp_path)

    assert str(caught.value).startswith(f"{path}: ")
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("^%u+$", "GET", True),
        ("^%u+$", "GeT", False),
        ("^[^:]+:.*$", "a:b\nc", True),
        ("^[^:]+:.*$", ":b", False),
        ("a-b", "aab", True),
        ("^a%-b$", "a-b", True),
        ("^[%w_]+$", "a_1", True),
        ("^[%w_]+$", "a-1", False),
        ("%S", " ", False),
        ("1%.5", "105", False),
        ("^a$", "a\n", False),
        ("$5", "$5", True),
    ],
)
def test_lua_patterns_are_understood(pattern: str, value: str, matches: bool):
    field = {"type": "string", "match": pattern}
    schema = Schema.of({"name": "t", "fields": [{"x": field}]})

    errors = schema.errors({"x": value})

    assert errors == ({} if matches else {"x": f"invalid value: {value}"})


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"not_one_of": ["a", "b"]}, "must not be one of: a, b"),
        ({"not_match": "^a"}, "invalid value: a"),
        ({"match_none": [{"pattern": "a", "err": "no a"}]}, "no a"),
        ({"match_all": [{"pattern": "a"}, {"pattern": "b"}]}, "invalid value: a"),
        ({"match_any": {"patterns": ["b", "c"], "err": "b or c"}}, "b or c"),
        ({"match_any": {"patterns": ["a", "c"]}}, None),
    ],
)
def test_rules_about_texts_are_judged_in_kongs_words(rule: dict, error: str | None):
    schema = Schema.of({"name": "t", "fields": [{"x": {"type": "string", **rule}}]})

    assert schema.errors({"x": "a"}) == ({"x": error} if error else {})
