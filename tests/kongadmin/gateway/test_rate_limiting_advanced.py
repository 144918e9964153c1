"""rate-limiting-advanced: windows, penalties, groups, and when to come again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import make_consumer, make_group, make_key, make_plugin
from groups.models import Override
from kongadmin.gateway import counters
from kongadmin.gateway.counters import Away
from kongadmin.gateway.decision import Identity
from kongadmin.gateway.plugins import Instance, Scope
from kongadmin.gateway.plugins import Override as Read
from kongadmin.gateway.plugins.limiting import Limit
from kongadmin.gateway.plugins.rate_limiting_advanced import (
    override_for,
    quota,
    window,
)
from limited import send, shown

CARL = Identity("id-1", "carl", "c-7", "id-2", "key-auth", groups=("gold", "zinc"))
ARIEL = Identity("id-6", "ariel", None, "id-7", groups=("gold",), realm_id="id-10")
IP_1, IP_2 = {"ip": "203.0.113.1"}, {"ip": "203.0.113.2"}

pytestmark = pytest.mark.usefixtures("own_counters")


def limiter(scope: Scope | None = None, id: str = "id-8", **config) -> Instance:
    config = {"window_size": [60], "namespace": "n", "identifier": "ip", **config}
    return Instance("rate-limiting-advanced", config, id, scope or Scope())


def fixed(*limits: float, sizes: tuple = (60,), **config) -> Instance:
    return limiter(
        limit=list(limits), window_size=list(sizes), window_type="fixed", **config
    )


def sliding(*limits: float, sizes: tuple = (60,), **config) -> Instance:
    return limiter(limit=list(limits), window_size=list(sizes), **config)


def statuses(number: int, *instances: Instance, **request) -> list[int]:
    return [send(*instances, **request).status for _ in range(number)]


def test_a_fixed_window_is_aligned_to_the_clock():
    plugin = fixed(2, sizes=(30,))

    first = shown(send(plugin, now="10:00:25"))
    send(plugin, now="10:00:25")
    refused = send(plugin, now="10:00:25")
    anew = shown(send(plugin, now="10:00:30"))

    assert first == {
        "X-RateLimit-Limit-30": "2",
        "X-RateLimit-Remaining-30": "1",
        "RateLimit-Limit": "2",
        "RateLimit-Remaining": "1",
        "RateLimit-Reset": "5",
    }
    assert refused.status == 429
    assert refused.refusal.body == b'{"message":"API rate limit exceeded"}'
    assert shown(refused)["Retry-After"] == shown(refused)["RateLimit-Reset"] == "5"
    assert shown(refused)["X-RateLimit-Remaining-30"] == "0"
    assert (anew["X-RateLimit-Remaining-30"], anew["RateLimit-Reset"]) == ("1", "30")


def test_a_burst_passes_up_to_the_limit():
    assert statuses(12, sliding(10)) == [200] * 10 + [429] * 2


def test_a_sliding_window_weighs_the_one_before():
    plugin = sliding(10, disable_penalty=True)
    statuses(8, plugin, now="10:00:00")

    first = send(plugin, now="10:01:30")

    assert shown(first)["X-RateLimit-Remaining-Minute"] == "5"
    assert statuses(6, plugin, now="10:01:30") == [200] * 5 + [429]


def test_fractions_of_a_second_weigh():
    plugin = sliding(100)
    statuses(60, plugin, now="10:00:00")

    found = shown(send(plugin, now="10:01:00.500"))

    # Of the 60 before 59.5 count, and this one does.
    assert found["X-RateLimit-Remaining-Minute"] == "39"


def test_who_hammers_on_stays_out():
    plugin = sliding(3, sizes=(30,))
    assert statuses(3, plugin, now="10:00:07") == [200] * 3

    refused = send(plugin, now="10:00:07")

    assert shown(refused)["RateLimit-Reset"] == "38"
    assert shown(refused)["Retry-After"] == "38"
    assert send(plugin, now="10:00:45").status == 200


def test_without_the_penalty_refused_requests_are_forgotten():
    plugin = sliding(3, sizes=(30,), disable_penalty=True)
    statuses(20, plugin, now="10:00:07")

    refused = send(plugin, now="10:00:07")

    # 3 in the window: 23 seconds are left of it, and a third of the next must pass.
    assert shown(refused)["RateLimit-Reset"] == "33"
    assert send(plugin, now="10:00:40").status == 200


def test_who_is_silent_for_two_windows_begins_anew():
    plugin = sliding(3)
    statuses(20, plugin, now="10:00:00")

    assert shown(send(plugin, now="10:02:00"))["RateLimit-Remaining"] == "2"


def test_of_two_windows_the_tightest_is_the_headline_then_the_longest():
    both = shown(send(fixed(5, 5, sizes=(30, 60)), now="10:00:17"))
    tightest = shown(send(fixed(5, 6, sizes=(30, 60), namespace="m"), now="10:00:17"))

    assert (both["X-RateLimit-Limit-30"], both["X-RateLimit-Limit-Minute"]) == (
        "5",
        "5",
    )
    assert both["RateLimit-Reset"] == "43"
    assert tightest["RateLimit-Reset"] == "13"


@pytest.mark.parametrize("penalty", [True, False])
def test_a_request_that_one_window_refuses_counts_in_all_or_none(penalty):
    plugin = sliding(2, 10, sizes=(30, 60), disable_penalty=not penalty)
    statuses(5, plugin, now="10:00:00")

    after = send(plugin, now="10:00:00", counts=False)

    assert after.status == 429
    assert shown(after)["X-RateLimit-Remaining-Minute"] == ("4" if penalty else "7")


@pytest.mark.parametrize(
    ("size", "name"),
    [
        (1, "Second"),
        (60, "Minute"),
        (3600, "Hour"),
        (86_400, "Day"),
        (2_592_000, "Month"),
        (31_536_000, "Year"),
        (30, "30"),
        (0.5, "0.5"),
    ],
)
def test_a_window_is_named_by_its_length(size, name):
    found = shown(send(sliding(5, sizes=(size,))))

    assert found[f"X-RateLimit-Limit-{name}"] == "5"
    assert found[f"X-RateLimit-Remaining-{name}"] == "4"


def test_jitter_is_added_to_what_a_refused_client_waits_only():
    plugin = fixed(1, retry_after_jitter_max=5)
    passed = send(plugin)

    refused = [shown(send(plugin)) for _ in range(100)]

    assert "Retry-After" not in shown(passed)
    assert {headers["RateLimit-Reset"] for headers in refused} == {"60"}
    waits = {int(headers["Retry-After"]) for headers in refused}
    assert waits == {60, 61, 62, 63, 64, 65}


def test_the_operator_words_the_refusal_and_hides_the_headers():
    plugin = fixed(
        1, hide_client_headers=True, error_code=420, error_message="slow down"
    )

    passed, refused = send(plugin), send(plugin)

    assert passed.headers == refused.headers == ()
    assert refused.status == 420
    assert refused.refusal.body == b'{"message":"slow down"}'


@pytest.mark.parametrize(
    ("config", "one", "other", "alone"),
    [
        ({"identifier": "ip"}, IP_1, IP_2, True),
        ({"identifier": "consumer"}, {"identity": CARL}, {"identity": ARIEL}, True),
        (
            {"identifier": "consumer"},
            {"identity": CARL, **IP_1},
            {"identity": CARL, **IP_2},
            False,
        ),
        ({"identifier": "consumer"}, IP_1, IP_2, True),
        ({"identifier": "credential"}, {"identity": CARL}, {"identity": ARIEL}, True),
        ({"identifier": "service"}, {"service": "a"}, {"service": "b"}, True),
        ({"identifier": "service"}, IP_1, IP_2, True),
        ({"identifier": "route"}, {"route": "a"}, {"route": "b"}, True),
        (
            {"identifier": "route"},
            {"route": "a", **IP_1},
            {"route": "a", **IP_2},
            False,
        ),
        (
            {"identifier": "header", "header_name": "X-Tier"},
            {"headers": {"X-Tier": "a"}, **IP_1},
            {"headers": {"X-Tier": "a"}, **IP_2},
            False,
        ),
        (
            {"identifier": "path", "path": "/a b"},
            {"target": "/a%20b?x", **IP_1},
            {"target": "/a%20b", **IP_2},
            False,
        ),
        (
            {"identifier": "consumer-group"},
            {"identity": CARL, **IP_1},
            {"identity": ARIEL, **IP_2},
            False,
        ),
        ({"identifier": "consumer-group"}, IP_1, IP_2, True),
        (
            {"compound_identifier": ["consumer", "ip"]},
            {"identity": CARL, **IP_1},
            {"identity": CARL, **IP_2},
            True,
        ),
        (
            {"compound_identifier": ["consumer", "service"]},
            {"identity": CARL, "service": "a", **IP_1},
            {"identity": CARL, "service": "a", **IP_2},
            False,
        ),
        (
            {"identifier": "consumer", "counter_key": "consumer.custom_id"},
            {"identity": CARL},
            {"identity": Identity("id-99", "other", "c-7", "id-98")},
            False,
        ),
        (
            {"identifier": "consumer", "counter_key": "consumer.username"},
            {"identity": CARL},
            {"identity": Identity("id-99", "carl", None, "id-98")},
            False,
        ),
        ({}, {"plane": "id-9"}, {"plane": "id-10"}, True),
    ],
)
def test_who_is_counted_together(config, one, other, alone):
    plugin = fixed(1, **config)
    assert statuses(2, plugin, **one) == [200, 429]

    assert (send(plugin, **other).status == 200) is alone


def test_a_namespace_is_what_instances_share_counters_by():
    send(fixed(1, namespace="a"))

    same = fixed(1, namespace="a", id="id-20", scope=Scope(route="r"))
    other = fixed(1, namespace="b", id="id-21", scope=Scope(route="r"))

    assert send(same, route="r").status == 429
    assert send(other, route="r").status == 200


OVERRIDES = {
    ref: override
    for id_, override in {
        "id-gold": Read("gold", {"limit": [7], "window_size": [60]}),
        "id-zinc": Read(
            "zinc", {"limit": [9], "window_size": [30], "window_type": "fixed"}
        ),
    }.items()
    for ref in (id_, override.group)
}


def legacy(*groups: str, enforce: bool = True, **config) -> Instance:
    return fixed(
        2, enforce_consumer_groups=enforce, consumer_groups=list(groups), **config
    )


@pytest.mark.parametrize(
    ("groups", "identity", "expected"),
    [
        (["gold"], CARL, "gold"),
        (["gold", "zinc"], CARL, "gold"),
        (["zinc", "gold"], CARL, "zinc"),
        (["id-zinc", "gold"], CARL, "zinc"),
        (["silver", "gold"], CARL, "gold"),
        (["zinc", "gold"], ARIEL, "gold"),
        (["silver"], CARL, None),
        ([], CARL, None),
        (None, CARL, None),
        (["gold"], None, None),
    ],
)
def test_the_first_group_in_the_plugins_list_that_has_an_override_wins(
    groups, identity, expected
):
    config = {"enforce_consumer_groups": True, "consumer_groups": groups}

    found = override_for(config, OVERRIDES, identity)
    ignored = override_for(
        {**config, "enforce_consumer_groups": False}, OVERRIDES, identity
    )

    assert (found and found.group, ignored) == (expected, None)


def test_an_override_replaces_the_limits_and_nothing_else():
    plugin = legacy("gold", "zinc", error_code=420)

    of_group = [
        send(plugin, identity=CARL, overrides=OVERRIDES, now="10:00:07")
        for _ in range(8)
    ]
    of_plugin = send(plugin, overrides=OVERRIDES)

    assert shown(of_group[0])["X-RateLimit-Limit-Minute"] == "7"
    assert [d.status for d in of_group] == [200] * 7 + [420]
    # The override says nothing of the type of its window: it slides.
    assert int(shown(of_group[-1])["RateLimit-Reset"]) > 53
    assert shown(of_plugin)["X-RateLimit-Limit-Minute"] == "2"


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_stored_override_is_found_by_its_groups_name_and_id(gateway, by):
    carl = make_consumer(username="carl")
    make_key(carl, key="k")
    gold = make_group(carl, name="gold")
    config = {"limit": [7], "window_size": [60], "window_type": "fixed"}
    Override.objects.create(scope=gold.scope, consumer_group=gold, config=config)
    make_plugin("key-auth")
    make_plugin(
        "rate-limiting-advanced",
        limit=[2],
        window_size=[60],
        enforce_consumer_groups=True,
        consumer_groups=[gold.name if by == "name" else str(gold.pk)],
    )

    answer = gateway(headers={"apikey": "k"})

    assert answer.headers["X-RateLimit-Limit-Minute"] == "7"
    assert answer.headers["X-RateLimit-Remaining-Minute"] == "6"


def test_the_story_says_whose_limits_hold():
    story: list[dict] = []
    send(legacy("zinc"), identity=CARL, overrides=OVERRIDES, story=story)

    [counted] = [event for event in story if event["event"] == "counted"]

    assert counted["group"] == "zinc"
    assert counted["limits"] == [
        {"limit": 9, "seconds": 30, "remaining": 8, "reset": 30}
    ]


def test_the_alphabetically_first_groups_instance_runs():
    plugins = [
        fixed(100),
        fixed(7, scope=Scope(group="zinc"), id="id-20"),
        fixed(9, scope=Scope(group="gold"), id="id-21"),
    ]

    assert shown(send(*plugins, identity=CARL))["X-RateLimit-Limit-Minute"] == "9"
    assert shown(send(*plugins, identity=ARIEL))["X-RateLimit-Limit-Minute"] == "9"
    assert shown(send(*plugins))["X-RateLimit-Limit-Minute"] == "100"


def test_of_both_plugins_the_simple_one_has_the_last_word():
    simple = Instance("rate-limiting", {"minute": 3, "limit_by": "ip"}, "id-30")

    found = shown(send(fixed(9), simple))

    assert found["RateLimit-Limit"] == found["X-RateLimit-Limit-Minute"] == "3"


def test_a_request_that_only_asks_is_not_counted():
    plugin = fixed(1)

    looks = [send(plugin, counts=False).status for _ in range(3)]

    assert looks == [200] * 3
    assert statuses(2, plugin) == [200, 429]


def test_a_stored_config_without_limits_is_a_refusal():
    assert send(limiter()).status == 500


class Gone:
    def take(self, *args, **kwargs):
        raise Away


def test_while_redis_is_away_the_machine_limits_by_itself(monkeypatch):
    monkeypatch.setattr(counters, "shared", Gone)

    assert statuses(3, fixed(2)) == [200, 200, 429]


def test_without_any_counters_requests_pass(monkeypatch):
    monkeypatch.setattr(counters, "shared", Gone)
    monkeypatch.setattr(counters, "local", Gone)
    story: list[dict] = []

    passed = send(fixed(2), story=story)

    assert (passed.status, passed.headers) == (200, ())
    assert {"event": "skipped", "why": "counters"} in story


class Client:
    """A client that was refused at `now`, and then only asks."""

    def __init__(self, size: int, limit: int, now: float, counts: tuple[int, int]):
        self.limit = Limit.named("x", size, limit)
        self.began = now // size
        self.counts = counts

    def passes(self, now: float) -> bool:
        """Ask at `now`, with what is stored then of that window and the one before."""
        current, previous = self.counts
        stored = {self.began: current, self.began - 1: previous}
        number = now // self.limit.length
        pair = (stored.get(number, 0), stored.get(number - 1, 0))
        held = window(self.limit, number, True)
        return held.rate(*pair, now) <= held.most


@settings(max_examples=300)
@given(
    size=st.integers(1, 3600),
    limit=st.integers(1, 60),
    offset=st.floats(0, 1, exclude_max=True),
    current=st.integers(0, 120),
    previous=st.integers(0, 120),
)
def test_a_silent_client_passes_when_it_is_told_and_not_a_second_before(
    size, limit, offset, current, previous
):
    now = 1_700_000_000 // size * size + int(offset * size)
    client = Client(size, limit, now, (current, previous))
    if client.passes(now):
        return

    *_, reset = quota(
        client.limit,
        window(client.limit, client.began, True),
        now,
        client.counts,
        False,
    )

    assert client.passes(now + reset)
    assert reset == 1 or not client.passes(now + reset - 1 - 1e-3)


def test_reset_is_a_whole_number_of_seconds_from_one():
    found = shown(send(sliding(5), now="10:00:59.999"))

    assert found["RateLimit-Reset"] == "1"
