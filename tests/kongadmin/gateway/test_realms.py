"""Keys of realms: which source answers, who may ask, and for how long it holds."""

from types import SimpleNamespace

import pytest

from consumers.models import KeyAuth
from factories import (
    default_control_plane,
    make_consumer,
    make_key,
    make_plugin,
    make_realm,
)
from kongadmin import revision
from kongadmin.gateway import store, wsgi
from kongadmin.plugins.models import Plugin
from realms.models import Realm

NOW = 1_700_000_000.0
MINUTE = 60


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=NOW, time=lambda: clock.now)
    monkeypatch.setattr(wsgi, "time", clock)
    return clock


def make_open_realm(name: str = "prod", **fields) -> Realm:
    """Make a realm that every control plane may use."""
    fields = {"ttl": 10, "negative_ttl": 5, **fields}
    return make_realm(name=name, allow_all_control_planes=True, **fields)


def make_realm_key(realm: Realm, key: str, username: str, groups=()) -> KeyAuth:
    consumer = make_consumer(
        scope=realm, username=username, consumer_groups=list(groups)
    )
    return make_key(consumer, key=key)


def ask_sources(*sources: Realm | None) -> Plugin:
    """Switch key-auth on for these realms, None being the control plane itself."""
    Plugin.objects.all().delete()
    realms = [
        {"scope": "realm", "id": str(source.pk)} if source else {"scope": "cp"}
        for source in sources
    ]
    return make_plugin("key-auth", identity_realms=realms)


def caller(gateway, key: str) -> str | int:
    """Return the username that a key stands for, or the status of the refusal."""
    answer = gateway(headers={"apikey": key})
    return (
        answer.headers["X-Consumer-Username"] if answer.status == 200 else answer.status
    )


@pytest.mark.parametrize(
    ("order", "in_both", "in_realm", "in_plane"),
    [
        ("realm plane", "of-realm", "of-realm", "of-plane"),
        ("plane realm", "of-plane", "of-realm", "of-plane"),
        ("realm", "of-realm", "of-realm", 401),
        ("plane", "of-plane", 401, "of-plane"),
        ("", 401, 401, 401),
    ],
)
def test_the_first_source_that_knows_a_key_says_whose_it_is(
    gateway, order, in_both, in_realm, in_plane
):
    realm = make_open_realm()
    for key in ("both", "realm"):
        make_realm_key(realm, key, f"of-realm{'' if key == 'both' else '-'}")
    for key in ("both", "plane"):
        make_key(make_consumer(username="of-plane" + "-" * (key != "both")), key=key)
    sources = {"realm": realm, "plane": None}
    ask_sources(*(sources[name] for name in order.split()))

    def seen(key: str):
        found = caller(gateway, key)
        return found.rstrip("-") if isinstance(found, str) else found

    assert (seen("both"), seen("realm"), seen("plane")) == (in_both, in_realm, in_plane)
    assert seen("neither") == 401


def test_a_realm_serves_only_the_control_planes_it_allows(gateway):
    realm = make_realm(ttl=10, negative_ttl=5)
    make_realm_key(realm, "k", "carl")
    ask_sources(realm)
    assert caller(gateway, "k") == 401

    realm.allowed_control_planes = [str(default_control_plane().pk)]
    realm.save()

    assert caller(gateway, "k") == "carl"


def test_a_realm_of_another_region_is_no_source(gateway):
    realm = make_open_realm(region="eu")
    make_realm_key(realm, "k", "carl")
    ask_sources(realm)

    assert caller(gateway, "k") == 401


def test_groups_of_realm_and_consumer_add_up(gateway):
    realm = make_open_realm(consumer_groups=["b", "a"])
    make_realm_key(realm, "k", "carl", groups=["c", "a"])
    ask_sources(realm)

    answer = gateway(headers={"apikey": "k"})

    assert answer.headers["X-Consumer-Groups"] == "a, b, c"


def test_a_key_without_a_realm_is_nobodys(gateway):
    realm = make_open_realm()
    make_realm_key(realm, "k", "carl")
    ask_sources(realm)
    realm.delete()

    assert caller(gateway, "k") == 401


def test_a_change_counts_at_once(gateway):
    realm = make_open_realm()
    ask_sources(realm)
    assert caller(gateway, "k") == 401

    key = make_realm_key(realm, "k", "carl")
    assert caller(gateway, "k") == "carl"

    key.delete()
    assert caller(gateway, "k") == 401


@pytest.fixture
def lagging(gateway, monkeypatch):
    """The mode in which realms lag as Konnect's do."""
    monkeypatch.setattr(wsgi.store, "lagging", store.Lagging())
    revision.bump()
    return gateway


def test_a_deleted_key_holds_until_its_ttl_where_realms_lag(lagging, clock):
    realm = make_open_realm()
    key = make_realm_key(realm, "k", "carl")
    ask_sources(realm)
    assert caller(lagging, "k") == "carl"
    key.delete()

    clock.now += 10 * MINUTE - 1
    assert caller(lagging, "k") == "carl"
    clock.now += 1
    assert caller(lagging, "k") == 401


def test_a_new_key_waits_for_negative_ttl_where_it_was_tried_before(lagging, clock):
    realm = make_open_realm()
    ask_sources(realm)
    assert caller(lagging, "k") == 401
    make_realm_key(realm, "k", "carl")

    clock.now += 5 * MINUTE - 1
    assert caller(lagging, "k") == 401
    clock.now += 1
    assert caller(lagging, "k") == "carl"


def test_purging_ends_the_waiting(lagging, clock):
    realm = make_open_realm()
    key = make_realm_key(realm, "k", "carl")
    ask_sources(realm)
    assert caller(lagging, "k") == "carl"
    key.delete()

    revision.purge_realms()

    assert caller(lagging, "k") == 401


def test_what_one_realm_knows_is_not_what_another_knows(lagging, clock):
    first, second = make_open_realm("first"), make_open_realm("second")
    make_realm_key(first, "k", "of-first")
    ask_sources(first)
    assert caller(lagging, "k") == "of-first"

    ask_sources(second)
    assert caller(lagging, "k") == 401
    ask_sources(first)
    assert caller(lagging, "k") == "of-first"


def test_no_clear_key_is_remembered(lagging):
    realm = make_open_realm()
    make_realm_key(realm, "a-key-of-carl", "carl")
    ask_sources(realm)
    assert caller(lagging, "a-key-of-carl") == "carl"

    assert "a-key-of-carl" not in repr(wsgi.store.lagging.recent.young)
