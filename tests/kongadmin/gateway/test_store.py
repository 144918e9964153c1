"""What is remembered, and for how long."""

import tracemalloc
from uuid import uuid4

from kongadmin.gateway.decision import Identity
from kongadmin.gateway.store import UNREAD, Recent, fingerprint

COUNT = 2000


def test_the_oldest_are_forgotten_and_the_used_ones_kept():
    recent = Recent(10)
    for n in range(100):
        recent.put(n, str(n))
        assert recent.get(0) == "0"

    assert len(recent) <= 20
    assert [recent.get(n) for n in range(91, 100)] == [str(n) for n in range(91, 100)]
    assert recent.get(1) is UNREAD


def test_absence_is_remembered_too():
    recent = Recent(10)
    recent.put("nobody", None)

    assert recent.get("nobody") is None


def test_an_identity_that_is_remembered_takes_little_memory():
    """1.5 KB at most, with the headers that are made of it once."""
    recent, plane = Recent(COUNT), str(uuid4())
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()

    for n in range(COUNT):
        key = str(uuid4())
        identity = Identity(
            str(uuid4()), f"consumer-{n}", f"c-{n}", key, "key-auth", key, None, ("a",)
        )
        assert identity.headers + identity.groups_header
        recent.put((plane, fingerprint(f"key-{n}")), identity)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (after - before) / COUNT <= 1500
