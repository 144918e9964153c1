"""Who is at the other end of a connection, forwarded headers considered."""

import ipaddress

from kongadmin.settings import TRUSTED_PROXIES


def is_trusted(address: str) -> bool:
    """Say whether forwarded headers from `address` are believed."""
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(peer in network for network in TRUSTED_PROXIES)


def client_address(environ: dict) -> str:
    """Return the client's address: the right-most untrusted one of the chain."""
    address = environ.get("REMOTE_ADDR", "")
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    for hop in reversed([hop.strip() for hop in forwarded if hop.strip()]):
        if not is_trusted(address):
            break
        address = hop
    return address
