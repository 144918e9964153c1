from pathlib import Path

import pytest

from kongadmin.schema import Edition, Schema, plugin_schema

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "kongadmin/plugins/schemas"
CONSUMERS = Schema.load(ROOT / "consumers/schemas/consumers.yaml")
KEYS = Schema.load(
    ROOT / "consumers/schemas/keyauth_credentials.yaml",
    common=ROOT / "consumers/schemas/credential.yaml",
)
KONG = Edition.of("3.10.0.0")
KEY_AUTH = Schema.load(PLUGINS / "key-auth.yaml", KONG)
PLUGIN = plugin_schema(Schema.load(PLUGINS / "entity/plugins.yaml"), KEY_AUTH)

UUID = "9F8C7d6e-0000-4000-8000-000000000001"
OTHER_UUID = "9f8c7d6e-0000-4000-8000-000000000002"
NAMED = "at least one of these fields must be non-empty: 'custom_id', 'username'"
BAD_TAG = (
    "invalid tag '%s': expected printable ascii (except `,` and `/`)"
    " or valid utf-8 sequences"
)
MISSING = "required field missing"


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"username": "bob"}, {}),
        ({"username": None, "custom_id": "1"}, {}),
        ({}, {"@entity": [NAMED]}),
        ({"username": 123, "custom_id": None}, {"username": "expected a string"}),
        ({"username": "x" * 513}, {"username": "length must be at most 512"}),
        ({"username": "a", "id": "nope"}, {"id": "expected a valid UUID"}),
        ({"username": "a", "id": None, "created_at": None}, {}),
        ({"username": "a", "created_at": 2.5}, {"created_at": "expected an integer"}),
        ({"username": "a", "updated_at": "any"}, {}),
        ({"username": "a", "ttl": 5}, {"ttl": "unknown field"}),
        (
            {"username": "a", "tags": ["a/b", "ok", 3, ""]},
            {
                "tags": [
                    BAD_TAG % "a/b",
                    None,
                    "expected a string",
                    "length must be at least 1",
                ]
            },
        ),
        ({"username": "a", "tags": "x"}, {"tags": "expected a set"}),
    ],
)
def test_a_consumer_is_judged_as_kong_judges_it(values, errors):
    assert CONSUMERS.errors(values) == errors


def test_an_update_says_that_it_is_one():
    values = {"username": None, "custom_id": None}

    errors = CONSUMERS.errors(values, updating=True)

    assert errors == {"@entity": [f"when updating, {NAMED}"]}


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({}, {"consumer": MISSING}),
        ({"consumer": {"id": UUID}, "key": None, "ttl": "any", "updated_at": 1}, {}),
        ({"consumer": {"id": UUID}, "key": 123}, {"key": "expected a string"}),
        (
            {"consumer_id": UUID},
            {"consumer": MISSING, "consumer_id": "unknown field"},
        ),
    ],
)
def test_a_key_is_judged_as_kong_judges_it(values, errors):
    assert KEYS.errors(values) == errors


REALM = {"scope": "realm", "id": UUID}
CP = {"scope": "cp"}


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({}, None),
        ({"key_names": []}, None),
        ({"keys": "foo"}, {"keys": "unknown field"}),
        ("bar", "expected a record"),
        (None, MISSING),
        ({"key_names": None}, {"key_names": MISSING}),
        ({"identity_realms": None}, None),
        ({"identity_realms": []}, None),
        ({"identity_realms": [{}]}, None),
        ({"identity_realms": [REALM, CP]}, None),
        ({"identity_realms": [REALM, {**REALM, "id": OTHER_UUID}]}, None),
        (
            {"identity_realms": [CP, {"scope": "realm"}]},
            {"identity_realms": [None, {"id": MISSING}]},
        ),
        (
            {"identity_realms": [{"scope": "team"}]},
            {"identity_realms": [{"scope": "expected one of: cp, realm"}]},
        ),
        (
            {"identity_realms": [{"scope": "realm", "id": "not-a-uuid"}]},
            {"identity_realms": [{"id": "expected a valid UUID"}]},
        ),
        (
            {"identity_realms": [{"scope": "cp", "id": UUID, "region": "eu"}]},
            {
                "identity_realms": [
                    {"id": "value must be null", "region": "value must be null"}
                ]
            },
        ),
        (
            {"identity_realms": [CP, CP]},
            {
                "identity_realms": [
                    None,
                    {"scope": "this source is already in the list"},
                ]
            },
        ),
        (
            {"identity_realms": [REALM, {**REALM, "id": UUID.lower()}]},
            {
                "identity_realms": [
                    None,
                    {"scope": "this source is already in the list"},
                ]
            },
        ),
    ],
)
def test_a_key_auth_config_is_judged(config, error):
    plugin = PLUGIN.fill({"name": "key-auth", "config": config})

    assert PLUGIN.errors(plugin) == ({"config": error} if error else {})


def test_a_key_auth_plugin_is_for_no_single_consumer():
    plugin = {"name": "key-auth", "consumer": {"id": UUID}, "service": {"id": UUID}}

    assert PLUGIN.errors(PLUGIN.fill(plugin)) == {"consumer": "value must be null"}
