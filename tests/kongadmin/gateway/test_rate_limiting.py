"""rate-limiting as Kong's proxy does it, request by request."""

import pytest

from kongadmin.gateway import counters
from kongadmin.gateway.counters import Away
from kongadmin.gateway.decision import Identity
from kongadmin.gateway.plugins import Instance, Scope
from kongadmin.gateway.plugins.limiting import remembered_digest
from limited import send, shown

CARL = Identity("id-1", "carl", "c-7", "id-2", "key-auth", groups=("gold", "zinc"))
DORA = Identity("id-3", "dora", None, "id-4", "key-auth")
GUEST = Identity("id-5", "guest", None)

pytestmark = pytest.mark.usefixtures("own_counters")


def limiter(scope: Scope | None = None, **config) -> Instance:
    return Instance("rate-limiting", config, "id-8", scope or Scope())


def statuses(number: int, *instances: Instance, **request) -> list[int]:
    return [send(*instances, **request).status for _ in range(number)]


def test_headers_tell_what_is_left_of_every_period():
    found = shown(send(limiter(minute=2, hour=10)))

    assert found == {
        "X-RateLimit-Limit-Minute": "2",
        "X-RateLimit-Remaining-Minute": "1",
        "X-RateLimit-Limit-Hour": "10",
        "X-RateLimit-Remaining-Hour": "9",
        "RateLimit-Limit": "2",
        "RateLimit-Remaining": "1",
        "RateLimit-Reset": "60",
    }


def test_a_request_too_many_is_refused_and_does_not_count():
    plugin = limiter(minute=2, hour=10)
    statuses(2, plugin)

    refused = [send(plugin, now="10:00:20") for _ in range(3)][-1]
    next_minute = send(plugin, now="10:01:00")

    assert (refused.status, refused.refusal.message) == (
        429,
        "API rate limit exceeded",
    )
    assert refused.refusal.body is None
    assert shown(refused)["RateLimit-Reset"] == shown(refused)["Retry-After"] == "40"
    assert shown(refused)["X-RateLimit-Remaining-Minute"] == "0"
    assert shown(refused)["X-RateLimit-Remaining-Hour"] == "8"
    assert next_minute.status == 200
    assert shown(next_minute)["X-RateLimit-Remaining-Hour"] == "7"


def test_decimals_count_as_in_kong():
    plugin = limiter(minute=2.5)

    found = [send(plugin) for _ in range(4)]

    assert [d.status for d in found] == [200, 200, 200, 429]
    remaining = [shown(d)["X-RateLimit-Remaining-Minute"] for d in found]
    assert remaining == ["1.5", "0.5", "0", "0"]
    assert shown(found[0])["RateLimit-Limit"] == "2.5"


def test_less_than_one_request_lets_one_pass():
    assert statuses(2, limiter(minute=0.5)) == [200, 429]


@pytest.mark.parametrize(
    ("limits", "headline"),
    [
        ({"second": 5, "minute": 10}, ("5", "4", "1")),
        ({"second": 5, "minute": 5}, ("5", "4", "60")),
        ({"second": 9, "hour": 9, "minute": 9}, ("9", "8", "3600")),
    ],
)
def test_the_headline_is_the_tightest_then_the_longest(limits, headline):
    found = shown(send(limiter(**limits)))

    names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    assert tuple(found[name] for name in names) == headline


@pytest.mark.parametrize(
    ("period", "now", "reset", "still", "over"),
    [
        ("second", "10:00:00.250", 1, "10:00:00.999", "10:00:01"),
        ("minute", "10:00:59.9", 1, "10:00:59.999", "10:01:00"),
        ("hour", "10:30:00", 1800, "10:59:59", "11:00:00"),
        ("day", "23:00:00", 3600, "23:59:59", "2025-03-02T00:00:00"),
        (
            "month",
            "2025-03-31T12:00:00",
            1,
            "2025-03-31T23:59:59",
            "2025-04-01T00:00:00",
        ),
        (
            "month",
            "2024-02-29T00:00:00",
            172_800,
            "2024-02-29T23:59:59",
            "2024-03-01T00:00:00",
        ),
        (
            "year",
            "2024-12-31T00:00:00",
            1,
            "2024-12-31T23:59:59",
            "2025-01-01T00:00:00",
        ),
        (
            "year",
            "2025-01-01T00:00:00",
            31_536_000,
            "2025-12-31T00:00:00",
            "2026-01-01T00:00:00",
        ),
    ],
)
def test_periods_follow_the_calendar(period, now, reset, still, over):
    plugin = limiter(**{period: 1})

    assert shown(send(plugin, now=now))["RateLimit-Reset"] == str(reset)
    assert send(plugin, now=still).status == 429
    assert send(plugin, now=over).status == 200


def test_a_month_counts_on_its_31st_day():
    plugin = limiter(month=1)
    send(plugin, now="2025-03-01T00:00:00")

    assert send(plugin, now="2025-03-31T23:00:00").status == 429


def test_the_operator_words_the_refusal_and_hides_the_headers():
    plugin = limiter(
        second=1, hide_client_headers=True, error_code=503, error_message="slow down"
    )

    passed, refused = send(plugin), send(plugin)

    assert (passed.headers, refused.headers) == ((), ())
    assert refused.refusal.headers == ()
    assert (refused.status, refused.refusal.message) == (503, "slow down")


def counted_alone(plugin: Instance, one: dict, other: dict) -> bool:
    """Say whether two kinds of requests have a counter each."""
    send(plugin, **one)
    assert send(plugin, **one).status == 429
    return send(plugin, **other).status == 200


IP_1, IP_2 = {"ip": "203.0.113.1"}, {"ip": "203.0.113.2"}


@pytest.mark.parametrize(
    ("config", "one", "other", "alone"),
    [
        ({"limit_by": "ip"}, IP_1, IP_2, True),
        ({"limit_by": "ip"}, IP_1, {**IP_1, "identity": CARL}, False),
        ({}, {"identity": CARL, **IP_1}, {"identity": DORA, **IP_1}, True),
        ({}, {"identity": CARL, **IP_1}, {"identity": CARL, **IP_2}, False),
        ({}, IP_1, IP_2, True),
        ({"limit_by": "credential"}, {"identity": CARL}, {"identity": DORA}, True),
        ({"limit_by": "credential"}, {"identity": GUEST, **IP_1}, IP_2, True),
        ({"limit_by": "credential"}, {"identity": GUEST, **IP_1}, IP_1, False),
        ({"limit_by": "service"}, {"service": "a"}, {"service": "b"}, True),
        (
            {"limit_by": "service"},
            {"service": "a", **IP_1},
            {"service": "a", **IP_2},
            False,
        ),
        ({"limit_by": "service"}, IP_1, IP_2, True),
        (
            {"limit_by": "header", "header_name": "X-Tier"},
            {"headers": {"x-tier": "a"}},
            {"headers": {"x-tier": "b"}},
            True,
        ),
        (
            {"limit_by": "header", "header_name": "X-Tier"},
            {"headers": {"x-tier": "a"}, **IP_1},
            {"headers": {"x-tier": "a"}, **IP_2},
            False,
        ),
        ({"limit_by": "header", "header_name": "X-Tier"}, IP_1, IP_2, True),
        (
            {"limit_by": "path", "path": "/a"},
            {"target": "/a?x=1", **IP_1},
            {"target": "/a", **IP_2},
            False,
        ),
        (
            {"limit_by": "path", "path": "/a"},
            {"target": "/a/b", **IP_1},
            {"target": "/a/b", **IP_2},
            True,
        ),
        (
            {"limit_by": "consumer-group"},
            {"identity": CARL, **IP_1},
            {"identity": CARL, **IP_2},
            False,
        ),
        ({}, {"plane": "id-9"}, {"plane": "id-10"}, True),
    ],
)
def test_who_is_counted_together(config, one, other, alone):
    assert counted_alone(limiter(minute=1, **config), one, other) is alone


def test_a_consumers_instance_and_that_for_all_share_counters():
    send(limiter(minute=1), identity=CARL)
    own = limiter(minute=1, scope=Scope(group="gold"))
    on_route = limiter(minute=1, scope=Scope(route="r"))

    assert send(own, identity=CARL).status == 429
    assert send(on_route, identity=CARL, route="r").status == 200


def test_a_request_that_only_asks_is_not_counted():
    plugin = limiter(minute=1)

    looks = [send(plugin, counts=False) for _ in range(3)]

    assert [look.status for look in looks] == [200] * 3
    assert shown(looks[-1])["RateLimit-Remaining"] == "0"
    assert statuses(2, plugin) == [200, 429]


def test_the_story_says_what_was_counted_by():
    story: list[dict] = []
    send(limiter(minute=2, limit_by="ip"), story=story)

    [counted] = [event for event in story if event["event"] == "counted"]

    assert counted["counted_by"] == ["ip"]
    assert counted["limits"] == [
        {"limit": 2, "seconds": 60, "remaining": 1, "reset": 60}
    ]
    assert "203.0.113.9" not in repr(counted)


def test_without_counters_requests_pass_where_the_plugin_tolerates_it(monkeypatch):
    class Gone:
        def take(self, *args, **kwargs):
            raise Away

    monkeypatch.setattr(counters, "shared", Gone)

    tolerant = send(limiter(minute=1, fault_tolerant=True))
    strict = send(limiter(minute=1, fault_tolerant=False))

    assert (tolerant.status, tolerant.headers) == (200, ())
    assert strict.status == 500
    assert strict.refusal.message == "An unexpected error occurred"


def test_no_limit_is_no_limit():
    assert send(limiter(minute=None)).headers == ()


def test_who_is_counted_is_remembered_but_no_header_that_may_be_a_secret():
    remembered_digest.cache_clear()

    send(limiter(minute=9), identity=CARL)
    by_consumer = remembered_digest.cache_info().currsize
    by_header = limiter(minute=9, limit_by="header", header_name="X-Tier")
    send(by_header, headers={"x-tier": "secret"})

    assert (by_consumer, remembered_digest.cache_info().currsize) == (1, 1)
