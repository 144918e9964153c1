"""The addresses that a token may be used from."""

import ipaddress
from collections.abc import Iterable

from django.core.exceptions import ValidationError


def normal(text: str) -> str:
    """Return an IP address or network as it is stored; ValidationError if neither."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValidationError(
            f"“{text}” is neither an IP address, such as 192.0.2.7, "
            "nor a network, such as 10.0.0.0/8."
        ) from None
    is_one = network.prefixlen == network.max_prefixlen
    return str(network.network_address if is_one else network)


def are_addresses(value: object) -> None:
    """Refuse what is no list of addresses and networks."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValidationError("Give a list of IP addresses and networks.")
    for text in value:
        normal(text)


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Say whether a client's address lies in one of the networks."""
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer in ipaddress.ip_network(network) for network in networks)
