"""What is remembered, and for how long."""

from kongadmin.gateway.store import UNREAD, Recent


def test_the_oldest_are_forgotten_and_the_used_ones_kept():
    recent = Recent(10)
    for n in range(100):
        recent.put(n, str(n))
        assert recent.get(0) == "0"

    assert len(recent) <= 10
    assert recent.get(99) == "99"
    assert recent.get(1) is UNREAD


def test_absence_is_remembered_too():
    recent = Recent(10)
    recent.put("nobody", None)

    assert recent.get("nobody") is None
