"""Which groups let a consumer pass."""

import pytest

from factories import make_consumer, make_credential, make_group, make_key, make_plugin
from judging import Known, judged, outcome, plugin
from kongadmin.gateway.decision import Identity
from kongadmin.gateway.plugins.acl import read_acl_groups

KEY = {"apikey": "k"}
FINE, UNKNOWN = (200, ""), (401, "Unauthorized")
UNWANTED = (403, "You cannot consume this service")
DEV_AND_OPS = ("dev", "ops")


class Members(Known):
    """Knows the groups of everybody, and of whom the key is."""

    def __init__(self, groups=(), who: Identity | None = None) -> None:
        super().__init__({read_acl_groups: {"id-1": groups, "id-3": groups}})
        self.who = who

    def key(self, decision, key):
        return self.who or super().key(decision, key)


def asked(who: str, groups: tuple, **config) -> tuple[int, str]:
    """Return the outcome for nobody, for a guest, or for somebody with a key."""
    plugins = [] if who == "nobody" else [plugin("key-auth", anonymous="guest")]
    headers = KEY if who == "somebody" else {}
    acl = plugin("acl", **config)
    return outcome(*plugins, acl, headers=headers, known=Members(groups))


@pytest.mark.parametrize(
    ("who", "groups", "allow", "deny"),
    [
        ("nobody", (), UNKNOWN, UNKNOWN),
        ("somebody", (), UNWANTED, FINE),
        ("somebody", ("ops",), UNWANTED, FINE),
        ("somebody", ("DEV",), UNWANTED, FINE),
        ("somebody", DEV_AND_OPS, FINE, UNWANTED),
        ("guest", (), UNKNOWN, FINE),
        ("guest", ("ops",), UNWANTED, FINE),
        ("guest", DEV_AND_OPS, FINE, UNWANTED),
    ],
)
def test_one_group_of_the_list_decides(who, groups, allow, deny):
    assert asked(who, groups, allow=["dev", "x"]) == allow
    assert asked(who, groups, deny=["dev", "x"]) == deny


def test_a_refusal_has_no_challenge():
    decision = judged(plugin("acl", allow=["dev"]))

    assert decision.refusal.headers == ()


def groups_told(acl, known: Known) -> str | None:
    decision = judged(plugin("key-auth"), acl, headers=KEY, known=known)
    return dict(decision.upstream_headers).get("X-Consumer-Groups")


def test_the_service_is_told_all_groups_unless_they_are_hidden():
    known = Members(DEV_AND_OPS)

    assert groups_told(plugin("acl", allow=["ops"]), known) == "dev, ops"
    assert groups_told(plugin("acl", deny=["x"]), Members()) is None
    hidden = plugin("acl", allow=["ops"], hide_groups_header=True)
    assert groups_told(hidden, known) is None


def test_consumer_groups_count_beside_acls_own_if_the_plugin_says_so():
    gold = Identity("id-1", "carl", None, "id-2", groups=("gold",))
    known = Members(("dev",), gold)
    acl = plugin("acl", allow=["gold"], include_consumer_groups=True)
    without = plugin("acl", allow=["gold"])

    assert groups_told(acl, known) == "dev, gold"
    assert outcome(plugin("key-auth"), without, headers=KEY, known=known) == UNWANTED


def test_consumers_of_realms_have_consumer_groups_only():
    ariel = Identity("id-1", "ariel", None, "id-2", groups=("a", "b"), realm_id="id-8")
    known = Members(("dev",), ariel)

    def asked(**config):
        acl = plugin("acl", **config)
        return outcome(plugin("key-auth"), acl, headers=KEY, known=known)

    assert asked(allow=["dev"]) == UNWANTED
    assert asked(deny=["dev"]) == FINE
    assert asked(allow=["b"], include_consumer_groups=True) == FINE


def test_stored_groups_are_found(gateway):
    make_plugin("key-auth")
    acl = make_plugin("acl", allow=["dev", "gold"])
    carl = make_consumer(username="carl")
    make_key(carl, key="k")
    assert gateway(headers=KEY).status == 403

    for name in ("ops", "dev"):
        make_credential("acl", carl, group=name)
    make_group(carl, name="gold")

    assert gateway(headers=KEY).headers["X-Consumer-Groups"] == "dev, ops"
    acl.config = {**acl.config, "include_consumer_groups": True}
    acl.save()
    assert gateway(headers=KEY).headers["X-Consumer-Groups"] == "dev, gold, ops"
