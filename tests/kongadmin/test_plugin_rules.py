"""What configs the plugins refuse, in Kong's words."""

import pytest

from clients import Client

MISSING = "required field missing"
REALM = "9f8c7d6e-0000-4000-8000-000000000002"
FLOWS = (
    "at least one of these fields must be true: enable_authorization_code,"
    " enable_implicit_grant, enable_client_credentials, enable_password_grant"
)
NO_SCOPE = "failed conditional validation given value of field 'mandatory_scope'"
NO_PERIOD = (
    "at least one of these fields must be non-empty:"
    " 'second', 'minute', 'hour', 'day', 'month', 'year'"
)
REDIS = {
    "host": "r.test",
    "port": 6380,
    "timeout": 100,
    "username": "u",
    "password": "",
    "database": 1,
    "ssl": True,
    "ssl_verify": True,
    "server_name": "s.test",
}


def limited(**config) -> dict:
    """A rate limit of five in a minute, and more."""
    return {"minute": 5, **config}


def windows(**config) -> dict:
    return {"limit": [5], "window_size": [60], **config}


def video(**limits) -> dict:
    return {"limits": {"video": limits}}


GOOD = [
    ("acl", {"allow": ["a"]}),
    ("acl", {"deny": ["a"], "include_consumer_groups": True}),
    ("basic-auth", {"realm": "r", "anonymous": "a", "hide_credentials": True}),
    ("bot-detection", {"allow": ["^a.*"], "deny": ["b"]}),
    ("correlation-id", {"generator": "tracker", "header_name": None}),
    ("cors", {"origins": ["*", "https?://.*\\.test"], "methods": ["GET"]}),
    ("hmac-auth", {"algorithms": ["hmac-sha1"], "clock_skew": 0.5}),
    ("hmac-auth", {"algorithms": ["hmac-sha224"]}),
    ("ip-restriction", {"allow": ["10.0.0.0/8", "::1"], "status": 404}),
    ("jwt", {"maximum_expiration": 10}),
    ("jwt", {"maximum_expiration": 10, "claims_to_verify": ["nbf", "exp"]}),
    ("jwt", {"claims_to_verify": []}),
    ("key-auth", {"key_names": []}),
    ("oauth2", {"enable_password_grant": True, "pkce": None}),
    (
        "oauth2",
        {"enable_password_grant": True, "mandatory_scope": True, "scopes": ["a"]},
    ),
    ("rate-limiting", {"second": 1, "year": 1}),
    ("rate-limiting", limited(policy="redis", redis=REDIS, sync_rate=0.02)),
    ("rate-limiting", limited(limit_by="header", header_name="x-a")),
    ("rate-limiting", limited(limit_by="path", path="/a%20b/{c}")),
    ("rate-limiting", limited(redis={"host": "{vault://env/redis-host}"})),
    ("rate-limiting-advanced", windows(strategy="redis", namespace="n")),
    ("rate-limiting-advanced", windows(compound_identifier=["ip", "path"])),
    ("rate-limiting-advanced", windows(redis={"timeout": 5})),
    ("request-size-limiting", {"size_unit": "bytes", "allowed_payload_size": 1}),
    ("request-termination", {"content_type": "a/b", "body": "c"}),
    ("request-termination", {"echo": True, "message": "a", "trigger": "x-a"}),
    ("request-transformer", {"http_method": "GET", "replace": {"uri": "/a"}}),
    ("request-transformer", {"remove": {"headers": ["a:b"], "body": ["c"]}}),
    ("request-transformer", {"add": {"headers": ["a:b c"], "body": ["c:d"]}}),
    ("response-ratelimiting", video(second=1, minute=None, hour=2)),
    ("response-transformer", {"add": {"json": ["a:1"], "json_types": ["number"]}}),
]

WRONG_CONFIG = [
    ("basic-auth", {"realm": None}, {"realm": MISSING}),
    ("basic-auth", {"zoo": 1}, {"zoo": "unknown field"}),
    ("bot-detection", {"allow": ["("]}, {"allow": ["not a valid regex: ("]}),
    (
        "correlation-id",
        {"generator": "x"},
        {"generator": "expected one of: uuid, uuid#counter, tracker"},
    ),
    ("cors", {"origins": ["*", "("]}, {"origins": [None, "'(' is not a valid regex"]}),
    (
        "cors",
        {"methods": ["X"]},
        {
            "methods": [
                "expected one of: GET, HEAD, PUT, PATCH, POST,"
                " DELETE, OPTIONS, TRACE, CONNECT"
            ]
        },
    ),
    ("hmac-auth", {"clock_skew": 0}, {"clock_skew": "value must be greater than 0"}),
    (
        "hmac-auth",
        {"algorithms": ["md5"]},
        {
            "algorithms": [
                "expected one of: hmac-sha1, hmac-sha256, hmac-sha384, hmac-sha512,"
                " hmac-sha224"
            ]
        },
    ),
    (
        "ip-restriction",
        {"allow": ["nope"]},
        {"allow": ["invalid ip or cidr range: 'nope'"]},
    ),
    (
        "ip-restriction",
        {"deny": ["::1"], "status": "x"},
        {"status": "expected a number"},
    ),
    (
        "jwt",
        {"maximum_expiration": -1},
        {"maximum_expiration": "value should be between 0 and 31536000"},
    ),
    (
        "jwt",
        {"claims_to_verify": ["a"]},
        {"claims_to_verify": ["expected one of: exp, nbf"]},
    ),
    (
        "key-auth",
        {"key_names": ["x y"]},
        {
            "key_names": [
                "bad header name 'x y', allowed characters are"
                " A-Z, a-z, 0-9, '_', and '-'"
            ]
        },
    ),
    (
        "key-auth",
        {"identity_realms": [{"scope": "realm"}]},
        {"identity_realms": [{"id": MISSING}]},
    ),
    (
        "key-auth",
        {"identity_realms": [{"scope": "cp"}, {"scope": "cp"}]},
        {"identity_realms": [None, {"scope": "this source is already in the list"}]},
    ),
    (
        "key-auth",
        {"identity_realms": [{"scope": "cp", "region": "eu"}]},
        {"identity_realms": [{"region": "value must be null"}]},
    ),
    (
        "key-auth",
        {"identity_realms": [{"scope": "realm", "id": REALM, "region": "moon"}]},
        {
            "identity_realms": [
                {"region": "expected one of: us, eu, au, me, in, sg"},
            ]
        },
    ),
    ("oauth2", {}, FLOWS),
    (
        "oauth2",
        {"enable_implicit_grant": True, "mandatory_scope": True},
        {"scopes": MISSING, "@entity": [NO_SCOPE]},
    ),
    (
        "oauth2",
        {"enable_implicit_grant": True, "refresh_token_ttl": 100000001},
        {"refresh_token_ttl": "value should be between 0 and 100000000"},
    ),
    (
        "oauth2",
        {"enable_implicit_grant": True, "pkce": "x"},
        {"pkce": "expected one of: none, lax, strict"},
    ),
    ("rate-limiting", {"minute": 0}, {"minute": "value must be greater than 0"}),
    (
        "rate-limiting",
        {"second": 20, "hour": 10},
        "The limit for hour(10.0) cannot be lower than the limit for second(20.0)",
    ),
    (
        "rate-limiting",
        limited(sync_rate=1),
        "sync_rate can only be used with the redis policy",
    ),
    (
        "rate-limiting",
        limited(policy="redis", redis=REDIS, sync_rate=0.01),
        "sync_rate must be greater than 0.02, or -1 to disable",
    ),
    (
        "rate-limiting",
        limited(limit_by="nope"),
        {
            "limit_by": "expected one of:"
            " consumer, credential, ip, service, header, path"
        },
    ),
    (
        "rate-limiting",
        limited(redis={"host": "a:1", "port": 65536, "server_name": "::1"}),
        {
            "redis": {
                "host": "must not have a port",
                "port": "value should be between 0 and 65535",
                "server_name": "must not be an IP",
            }
        },
    ),
    ("rate-limiting", limited(path="a"), {"path": "should start with: /"}),
    ("rate-limiting", limited(path="/a//b"), {"path": "must not have empty segments"}),
    (
        "rate-limiting",
        limited(path="/a%2"),
        {"path": "invalid url-encoded value: '%2'"},
    ),
    (
        "rate-limiting",
        limited(path="/a b"),
        {
            "path": "invalid path: '/a b' (characters outside of"
            " the reserved list of RFC 3986 found)"
        },
    ),
    ("rate-limiting-advanced", {}, {"limit": MISSING, "window_size": MISSING}),
    (
        "rate-limiting-advanced",
        windows(strategy="x", identifier="y"),
        {
            "strategy": "expected one of: cluster, local, redis",
            "identifier": "expected one of: consumer, consumer-group, credential, "
            "header, ip, path, route, service",
        },
    ),
    (
        "rate-limiting-advanced",
        windows(window_type="x"),
        {"window_type": "expected one of: fixed, sliding"},
    ),
    (
        "rate-limiting-advanced",
        windows(retry_after_jitter_max=-1),
        {"retry_after_jitter_max": "value should be between 0 and 100000000"},
    ),
    (
        "rate-limiting-advanced",
        windows(redis={"sentinel_master": "m"}),
        {
            "redis": {
                "@entity": [
                    "all or none of these fields must be set:"
                    " 'sentinel_master', 'sentinel_role', 'sentinel_nodes'"
                ]
            }
        },
    ),
    (
        "request-size-limiting",
        {"size_unit": "x"},
        {"size_unit": "expected one of: megabytes, kilobytes, bytes"},
    ),
    (
        "request-termination",
        {"status_code": 99},
        {"status_code": "value should be between 100 and 599"},
    ),
    (
        "request-termination",
        {"message": "a", "body": "b"},
        "message cannot be used with content_type or body",
    ),
    ("request-termination", {"content_type": "a/b"}, "content_type requires a body"),
    (
        "request-termination",
        {"echo": True, "body": "b"},
        "echo cannot be used with content_type and body",
    ),
    (
        "request-transformer",
        {"http_method": "get"},
        {"http_method": "invalid value: get"},
    ),
    (
        "request-transformer",
        {"add": {"querystring": ["a"], "headers": ["a"]}},
        {
            "add": {
                "querystring": ["key 'a' has no value"],
                "headers": ["invalid value: a"],
            }
        },
    ),
    (
        "request-transformer",
        {"rename": {"headers": ["a:b c"]}, "remove": {"headers": ["a b"]}},
        {
            "rename": {"headers": ["'b c' is not a valid header"]},
            "remove": {"headers": ["'a b' is not a valid header"]},
        },
    ),
    ("response-ratelimiting", {}, {"limits": MISSING}),
    ("response-ratelimiting", {"limits": {}}, {"limits": "length must be at least 1"}),
    (
        "response-ratelimiting",
        video(seco=1),
        {"limits": {"seco": "unknown field", "@entity": [NO_PERIOD]}},
    ),
    (
        "response-ratelimiting",
        {"limits": {"second": 1}},
        {"limits": "expected a record"},
    ),
    (
        "response-ratelimiting",
        video(second=2, minute=1),
        {
            "limits": "the limit for minute(1.0) cannot be lower than"
            " the limit for second(2.0)"
        },
    ),
    (
        "response-transformer",
        {"add": {"json": ["a"], "json_types": ["x"]}},
        {
            "add": {
                "json": ["invalid value: a"],
                "json_types": ["expected one of: boolean, number, string"],
            }
        },
    ),
]


def judge(api: Client, name: str, config: dict) -> dict:
    """Return what is wrong with a config; {} if nothing."""
    body = {"name": name, "config": config}
    return api.post("/schemas/plugins/validate", json=body).json().get("fields", {})


@pytest.mark.parametrize(("name", "config"), GOOD)
def test_a_config_may_say(api: Client, name: str, config: dict):
    assert judge(api, name, config) == {}


@pytest.mark.parametrize(("name", "config", "error"), WRONG_CONFIG)
def test_a_config_is_refused_in_kongs_words(api: Client, name, config, error):
    assert judge(api, name, config) == {"config": error}
