"""What one setting of a plugin asks of another, and the former names of settings."""

import pytest

from clients import Client

MISSING = "required field missing"
PERIODS = ", ".join(
    f"'config.{period}'"
    for period in ("second", "minute", "hour", "day", "month", "year")
)
ALLOW_OR_DENY = "must be non-empty: 'config.allow', 'config.deny'"
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


def conditional(field: str) -> list[str]:
    return [f"failed conditional validation given value of field '{field}'"]


def limited(**config) -> dict:
    """A rate limit of five in a minute, and more."""
    return {"minute": 5, **config}


def windows(**config) -> dict:
    return {"limit": [5], "window_size": [60], **config}


def video(**limits) -> dict:
    return {"limits": {"video": limits}}


WRONG_TOGETHER = [
    (
        "acl",
        {},
        {
            "@entity": [
                f"exactly one of these fields {ALLOW_OR_DENY}",
                f"at least one of these fields {ALLOW_OR_DENY}",
            ]
        },
    ),
    (
        "acl",
        {"allow": ["a"], "deny": ["b"]},
        {"@entity": [f"exactly one of these fields {ALLOW_OR_DENY}"]},
    ),
    (
        "ip-restriction",
        {},
        {"@entity": [f"at least one of these fields {ALLOW_OR_DENY}"]},
    ),
    (
        "jwt",
        {"maximum_expiration": 10, "claims_to_verify": []},
        {
            "config": {"claims_to_verify": "expected to contain: exp"},
            "@entity": conditional("config.maximum_expiration"),
        },
    ),
    (
        "rate-limiting",
        {},
        {"@entity": [f"at least one of these fields must be non-empty: {PERIODS}"]},
    ),
    (
        "rate-limiting",
        limited(policy="redis"),
        {
            "config": {"redis": {"host": MISSING}},
            "@entity": conditional("config.policy"),
        },
    ),
    (
        "rate-limiting",
        limited(policy="redis", redis={"host": "r", "port": None, "timeout": None}),
        {
            "config": {"redis": {"port": MISSING, "timeout": MISSING}},
            "@entity": conditional("config.policy") * 2,
        },
    ),
    (
        "rate-limiting",
        limited(limit_by="header"),
        {"config": {"header_name": MISSING}, "@entity": conditional("config.limit_by")},
    ),
    (
        "rate-limiting",
        limited(limit_by="path"),
        {"config": {"path": MISSING}, "@entity": conditional("config.limit_by")},
    ),
    (
        "rate-limiting",
        limited(redis_host="a", redis={"host": "b"}),
        {
            "redis_host": "both deprecated and new field are used but their values"
            " mismatch: redis_host = a vs redis.host = b"
        },
    ),
    (
        "rate-limiting-advanced",
        windows(limit=[1, 2]),
        {"@entity": ["You must provide the same number of windows and limits"]},
    ),
]


@pytest.mark.parametrize(("name", "config", "fields"), WRONG_TOGETHER)
def test_what_does_not_go_together_is_refused(api: Client, name, config, fields):
    body = {"name": name, "config": config}

    answer = api.post("/schemas/plugins/validate", json=body)

    assert answer.status == 400
    assert answer.json()["fields"] == fields


# Deprecated names


@pytest.mark.parametrize("name", ["rate-limiting", "response-ratelimiting"])
def test_flat_redis_names_and_nested_ones_are_the_same(api: Client, name: str):
    least = limited() if name == "rate-limiting" else video(minute=5)
    flat = {f"redis_{key}": value for key, value in REDIS.items()}

    by_flat = api.put("/plugins/one", json={"name": name, "config": least | flat})
    nested = {"name": name, "config": least | {"redis": REDIS}}
    by_nested = api.put("/plugins/one", json=nested)

    assert by_flat.status == by_nested.status == 200
    assert by_flat.json()["config"] == by_nested.json()["config"]
    assert by_nested.json()["config"]["redis_host"] == "r.test"


def test_one_timeout_stands_for_three(api: Client):
    body = {"name": "rate-limiting-advanced", "config": windows(redis={"timeout": 5})}

    made = api.post("/plugins", json=body).json()
    changed = api.patch(
        f"/plugins/{made['id']}", json={"config": {"redis": {"send_timeout": 6}}}
    ).json()

    assert timeouts(made) == [5, 5, 5, 5]
    assert timeouts(changed) == [5, 5, 6, 5]


def test_addresses_may_be_written_as_texts_or_as_records(api: Client):
    texts, nodes = ["a.test:1", "[::1]:2"], "cluster_nodes"
    records = [{"ip": "a.test", "port": 1}, {"ip": "[::1]", "port": 2}]
    name = "rate-limiting-advanced"

    made = redis_of(api, name, {"cluster_addresses": texts, "sentinel_addresses": None})
    same = redis_of(api, name, {nodes: records, "cluster_addresses": texts})
    wrong = {"name": name, "config": windows(redis={"cluster_addresses": ["a"]})}
    refused = api.post("/schemas/plugins/validate", json=wrong).json()["fields"]

    assert made == same
    assert (made[nodes], made["cluster_addresses"]) == (records, texts)
    assert (made["sentinel_nodes"], made["sentinel_addresses"]) == (None, None)
    assert refused == {"config": {"redis": {nodes: ["expected a record"]}}}


def redis_of(api: Client, name: str, redis: dict) -> dict:
    body = {"name": name, "config": windows(redis=redis)}
    return api.put("/plugins/one", json=body).json()["config"]["redis"]


def timeouts(plugin: dict) -> list[int]:
    names = ("timeout", "connect_timeout", "send_timeout", "read_timeout")
    return [plugin["config"]["redis"][name] for name in names]
