"""Which addresses may pass."""

import pytest

from judging import judged, outcome, plugin

FINE, REFUSED = (200, ""), (403, "IP address not allowed: ")


def asked(address: str, **config) -> tuple[int, str]:
    """Return the status and the message, without the address if it ends with that."""
    status, message = outcome(plugin("ip-restriction", **config), REMOTE_ADDR=address)
    return status, message.removesuffix(address)


@pytest.mark.parametrize(
    ("listed", "inside", "outside"),
    [
        ("203.0.113.9", "203.0.113.9", "203.0.113.8"),
        ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
        ("203.0.113.7/24", "203.0.113.0", "203.0.112.255"),
        ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
        ("2001:db8::1", "2001:db8::1", "203.0.113.9"),
        ("203.0.113.9", "::ffff:203.0.113.9", "::ffff:203.0.113.8"),
    ],
)
def test_addresses_and_networks_are_told_apart(listed, inside, outside):
    assert asked(inside, allow=["198.51.100.1", listed]) == FINE
    assert asked(outside, allow=["198.51.100.1", listed]) == REFUSED
    assert asked(inside, deny=["198.51.100.1", listed]) == REFUSED
    assert asked(outside, deny=["198.51.100.1", listed]) == FINE


def test_of_both_lists_an_address_needs_one_and_avoids_the_other():
    config = {"allow": ["203.0.113.0/24"], "deny": ["203.0.113.9"]}

    assert asked("203.0.113.8", **config) == FINE
    assert asked("203.0.113.9", **config) == REFUSED
    assert asked("198.51.100.1", **config) == REFUSED


def test_status_and_message_can_be_chosen():
    config = {"deny": ["203.0.113.9"], "status": 418, "message": "Go away"}

    assert asked("203.0.113.9", **config) == (418, "Go away")


def test_it_is_the_clients_address_that_counts():
    decision = judged(
        plugin("ip-restriction", allow=["203.0.113.9"]),
        headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"},
        REMOTE_ADDR="127.0.0.1",
    )

    assert decision.status == 200


def test_a_client_without_an_address_is_refused():
    status, message = asked("unix:", deny=["203.0.113.9"])

    assert (status, message[:22]) == (403, "Cannot identify the cl")
