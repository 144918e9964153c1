import pytest

from kongadmin.schema import Schema

UUID = "9F8C7d6e-0000-4000-8000-000000000001"
BAD_TAG = (
    "invalid tag '%s': expected printable ascii (except `,` and `/`)"
    " or valid utf-8 sequences"
)
MISSING = "required field missing"


def schema_of(field: dict) -> Schema:
    """Return a schema with the one field `x`."""
    return Schema.of({"name": "t", "fields": [{"x": field}]})


def texts(*names: str) -> list[dict]:
    return [{name: {"type": "string"}} for name in names]


# One field


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ({"type": "string"}, "a", None),
        ({"type": "string"}, 1, "expected a string"),
        ({"type": "string"}, True, "expected a string"),
        ({"type": "string"}, "", "length must be at least 1"),
        ({"type": "string", "len_min": 0}, "", None),
        ({"type": "string", "len_max": 2}, "abc", "length must be at most 2"),
        ({"type": "string", "len_eq": 2}, "abc", "length must be 2"),
        (
            {"type": "string"},
            "a\0",
            "invalid utf-8 character sequence detected at position 2",
        ),
        (
            {"type": "string"},
            "\ud800",
            "invalid utf-8 character sequence detected at position 1",
        ),
        ({"type": "string", "required": True}, None, MISSING),
        ({"type": "string", "uuid": True}, UUID, None),
        ({"type": "string", "uuid": True}, UUID + "\n", "expected a valid UUID"),
        ({"type": "string", "one_of": ["a", "b"]}, "c", "expected one of: a, b"),
        ({"type": "string", "starts_with": "/"}, "a", "should start with: /"),
        ({"type": "string", "eq": "a"}, "b", "value must be a"),
        ({"type": "string", "eq": "a"}, None, "value must be a"),
        ({"type": "string", "eq": None}, "b", "value must be null"),
        ({"type": "string", "eq": None}, None, None),
        ({"type": "string", "ne": "a"}, "a", "value must not be a"),
        ({"type": "string", "ne": None}, None, "value must not be null"),
        ({"type": "number"}, 1.5, None),
        ({"type": "number"}, "1", "expected a number"),
        ({"type": "number"}, True, "expected a number"),
        ({"type": "number"}, float("nan"), "expected a number"),
        ({"type": "number"}, float("inf"), "expected a number"),
        ({"type": "number", "gt": 0}, 0, "value must be greater than 0"),
        ({"type": "number", "between": [1, 9]}, 10, "value should be between 1 and 9"),
        ({"type": "integer"}, 5.0, None),
        ({"type": "integer"}, 2.5, "expected an integer"),
        ({"type": "integer"}, False, "expected an integer"),
        ({"type": "integer"}, 10**400, None),
        ({"type": "integer", "timestamp": True}, 0, "expected a valid timestamp"),
        ({"type": "integer", "timestamp": True}, 10**12, "expected a valid timestamp"),
        ({"type": "boolean"}, False, None),
        ({"type": "boolean"}, 0, "expected a boolean"),
        ({"type": "boolean"}, "true", "expected a boolean"),
        ({"type": "boolean", "eq": True}, False, "value must be true"),
    ],
)
def test_a_scalar_is_judged_in_kongs_words(field, value, error):
    assert schema_of(field).errors({"x": value}) == ({"x": error} if error else {})


NUMBERS = {"type": "number"}
HOSTS = {"type": "map", "keys": {"type": "string", "len_max": 3}, "values": NUMBERS}
RECORD = {"type": "record", "fields": texts("a", "b")}


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ({"type": "array", "elements": NUMBERS}, [1, 2], None),
        ({"type": "array", "elements": NUMBERS}, [], None),
        ({"type": "array", "elements": NUMBERS}, "1", "expected an array"),
        (
            {"type": "array", "elements": NUMBERS},
            [1, "a", 2, None, 3],
            [None, "expected a number", None, MISSING],
        ),
        ({"type": "set", "elements": NUMBERS}, {"a": 1}, "expected a set"),
        (
            {"type": "set", "elements": {"type": "string"}, "contains": "exp"},
            ["nbf"],
            "expected to contain: exp",
        ),
        (
            {"type": "array", "elements": NUMBERS, "len_min": 1},
            [],
            "length must be at least 1",
        ),
        (HOSTS, {"a": 1}, None),
        (HOSTS, [], "expected a map"),
        (HOSTS, {"a": "x", "b": 1}, "expected a number"),
        (HOSTS, {"long": 1}, "length must be at most 3"),
        (RECORD, {"a": "x"}, None),
        (RECORD, None, MISSING),
        ({**RECORD, "required": False}, None, None),
        (RECORD, "x", "expected a record"),
        (RECORD, {"a": 1, "c": 1}, {"a": "expected a string", "c": "unknown field"}),
        ({"type": "foreign", "reference": "t"}, {"id": UUID}, None),
        ({"type": "foreign", "reference": "t"}, None, None),
        ({"type": "foreign", "reference": "t"}, "bob", {"id": "missing primary key"}),
        (
            {"type": "foreign", "reference": "t"},
            {"name": "x"},
            {"id": "missing primary key"},
        ),
        (
            {"type": "foreign", "reference": "t"},
            {"id": "x"},
            {"id": "expected a valid UUID"},
        ),
        ({"type": "foreign", "reference": "t"}, {"id": None}, {"id": MISSING}),
        (
            {"type": "foreign", "reference": "t", "eq": None},
            {"id": UUID},
            "value must be null",
        ),
    ],
)
def test_a_value_with_parts_is_judged_in_kongs_words(field, value, error):
    assert schema_of(field).errors({"x": value}) == ({"x": error} if error else {})


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("header_name", "X-Key_1", None),
        (
            "header_name",
            "x y",
            "bad header name 'x y', allowed characters are A-Z, a-z, 0-9, '_', and '-'",
        ),
        ("tag", "a b+~ü", None),
        ("tag", "a,b", BAD_TAG % "a,b"),
        ("tag", "a\n", BAD_TAG % "a\n"),
        ("tag", "a/b", BAD_TAG % "a/b"),
        ("utf8_name", "Gold-1_ü.~", None),
        (
            "utf8_name",
            "a b",
            "invalid value 'a b': the only accepted ascii characters are"
            " alphanumerics or ., -, _, and ~",
        ),
        ("ip_or_cidr", "10.0.0.0/8", None),
        ("ip_or_cidr", "10.1.2.3", None),
        ("ip_or_cidr", "::1/128", None),
        ("ip_or_cidr", "10.0.0.0/33", "invalid ip or cidr range: '10.0.0.0/33'"),
        ("ip_or_cidr", "nope", "invalid ip or cidr range: 'nope'"),
        ("ip_or_cidr", "10.0.0.0/", "invalid ip or cidr range: '10.0.0.0/'"),
        ("cors_origin", "*", None),
        ("cors_origin", "(", "'(' is not a valid regex"),
        ("redirect_uri", "http://valid.test", None),
        ("redirect_uri", "not-valid", "cannot parse 'not-valid'"),
        ("redirect_uri", "http://[", "cannot parse 'http://['"),
        (
            "redirect_uri",
            "http://a.test/#f",
            "fragment not allowed in 'http://a.test/#f'",
        ),
        ("public_key", "test", "invalid key"),
    ],
)
def test_a_named_rule_is_judged_in_kongs_words(name, value, error):
    schema = schema_of({"type": "string", "custom_validator": name})

    assert schema.errors({"x": value}) == ({"x": error} if error else {})


@pytest.mark.parametrize(
    ("rule", "config", "error"),
    [
        ("rate_limits", {"second": 5, "hour": 5}, None),
        (
            "rate_limits",
            {"second": 20, "hour": 10},
            "The limit for hour(10.0) cannot be lower than the limit for second(20.0)",
        ),
        (
            "rate_limits",
            {"sync_rate": 1, "policy": "local"},
            "sync_rate can only be used with the redis policy",
        ),
        (
            "rate_limits",
            {"sync_rate": 0.01, "policy": "redis"},
            "sync_rate must be greater than 0.02, or -1 to disable",
        ),
        ("termination_answer", {"content_type": "a/b", "body": "x"}, None),
        (
            "termination_answer",
            {"message": "a", "body": "b"},
            "message cannot be used with content_type or body",
        ),
        ("termination_answer", {"content_type": "a/b"}, "content_type requires a body"),
        (
            "termination_answer",
            {"echo": True, "body": "b"},
            "echo cannot be used with content_type and body",
        ),
        (
            "oauth2_grants",
            {"enable_implicit_grant": False},
            "at least one of these fields must be true: enable_authorization_code,"
            " enable_implicit_grant, enable_client_credentials, enable_password_grant",
        ),
        ("oauth2_grants", {"enable_implicit_grant": True}, None),
    ],
)
def test_a_record_rule_refuses_the_record_as_a_whole(rule, config, error):
    schema = schema_of({"type": "record", "custom_validator": rule})

    assert schema.errors({"x": config}) == ({"x": error} if error else {})


# Several fields


@pytest.mark.parametrize(
    ("check", "values", "error"),
    [
        (
            "at_least_one_of",
            {"a": None, "b": ""},
            "at least one of these fields must be",
        ),
        ("at_least_one_of", {}, "at least one of these fields must be non-empty"),
        ("at_least_one_of", {"a": "x"}, None),
        ("only_one_of", {"a": "x", "b": None}, None),
        ("only_one_of", {"a": "x", "b": "y"}, "exactly one of these fields must be"),
        ("only_one_of", {"a": None, "b": None}, "exactly one of these fields must be"),
        ("mutually_required", {"a": "x", "b": "y"}, None),
        ("mutually_required", {"a": None, "b": None}, None),
        ("mutually_required", {"a": "x"}, "all or none of these fields must be set"),
        ("mutually_exclusive", {"a": "x", "b": None}, None),
        (
            "mutually_exclusive",
            {"a": "x", "b": "y"},
            "only one or none of these fields",
        ),
        ("distinct", {"a": "x", "b": "y"}, None),
        ("distinct", {"a": None, "b": None}, None),
        ("distinct", {"a": "x", "b": "x"}, "values of these fields must be distinct"),
    ],
)
def test_a_group_of_fields_is_judged_together(check, values, error):
    schema = Schema.of(
        {"name": "t", "fields": texts("a", "b"), "entity_checks": [{check: ["a", "b"]}]}
    )

    found = schema.errors(values)

    if error is None:
        assert found == {}
    else:
        [text] = found["@entity"]
        assert text.startswith(error)
        assert text.endswith(": 'a', 'b'")


@pytest.mark.parametrize(
    ("updating", "suffix"), [(False, ""), (True, " when updating")]
)
def test_a_check_names_the_input_it_lacks(updating, suffix):
    checks = [{"only_one_of": ["a", "b"]}]
    schema = Schema.of(
        {"name": "t", "fields": texts("a", "b"), "entity_checks": checks}
    )

    errors = schema.errors({"a": "x"}, updating=updating)

    assert errors == {"b": "field required for entity check" + suffix}


def test_fields_that_belong_together_are_changed_together():
    checks = [{"mutually_required": ["a", "b"]}]
    schema = Schema.of(
        {"name": "t", "fields": texts("a", "b"), "entity_checks": checks}
    )
    merged = {"a": "new", "b": "old"}

    errors = schema.errors(merged, updating=True, patch={"a": "new"})

    assert errors == {"@entity": ["all or none of these fields must be set: 'a', 'b'"]}


JWT = Schema.of(
    {
        "name": "t",
        "fields": [
            {"algorithm": {"type": "string", "default": "HS256"}},
            {"config": {"type": "record", "fields": texts("key")}},
        ],
        "entity_checks": [
            {
                "conditional": {
                    "if_field": "algorithm",
                    "if_match": {"one_of": ["RS256", "EdDSA"]},
                    "then_field": "config.key",
                    "then_match": {"required": True, "custom_validator": "public_key"},
                }
            }
        ],
    }
)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({}, None),
        ({"algorithm": None}, None),
        ({"algorithm": "HS256", "config": {"key": "test"}}, None),
        ({"algorithm": "RS256"}, MISSING),
        ({"algorithm": "EdDSA", "config": {"key": "test"}}, "invalid key"),
    ],
)
def test_a_condition_on_one_field_is_reported_on_the_other(values, error):
    text = "failed conditional validation given value of field 'algorithm'"
    expected = {"config": {"key": error}, "@entity": [text]} if error else {}

    assert JWT.errors(JWT.fill(values)) == expected


def test_a_condition_on_null_is_met_by_null_only():
    condition = {
        "if_field": "a",
        "if_match": {"eq": None},
        "then_field": "b",
        "then_match": {"required": True},
    }
    checks = [{"conditional": condition}]
    schema = Schema.of(
        {"name": "t", "fields": texts("a", "b"), "entity_checks": checks}
    )

    assert schema.errors({"a": None, "b": None})["b"] == MISSING
    assert schema.errors({"a": "x", "b": None}) == {}


LIMITS = {"type": "array", "elements": {"type": "number"}}
WINDOWS = Schema.of(
    {
        "name": "t",
        "fields": [
            {
                "config": {
                    "type": "record",
                    "fields": [{"limit": LIMITS}, {"window_size": LIMITS}],
                }
            }
        ],
        "entity_checks": [
            {"custom_entity_check": "limit_per_window"},
            {"at_least_one_of": ["config.limit", "config.window_size"]},
        ],
    }
)


def test_a_custom_check_waits_for_good_fields_but_at_least_one_of_does_not():
    uneven = WINDOWS.errors({"config": {"limit": [1, 2], "window_size": [1]}})
    wrong = WINDOWS.errors({"config": {"limit": ["x"]}})
    empty = WINDOWS.errors({"config": {"more": 1}})

    assert uneven["@entity"] == [
        "You must provide the same number of windows and limits"
    ]
    assert "@entity" not in wrong
    assert len(empty["@entity"]) == 1
