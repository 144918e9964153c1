"""ip-restriction, as Kong decides it.

Source of the rules: kong/plugins/ip-restriction/handler.lua.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from kongadmin.gateway.decision import Decision, Refusal
from kongadmin.gateway.plugins.base import Handler, Instance

NO_ADDRESS = Refusal(
    403,
    "Cannot identify the client IP address, unix domain sockets are not supported.",
)


class Networks:
    """Addresses and networks; how many there are hardly matters for a look-up."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.known: dict[tuple[int, int], set[int]] = {}
        for text in texts:
            network = ip_network(text, strict=False)
            free_bits = network.max_prefixlen - network.prefixlen
            prefix = int(network.network_address) >> free_bits
            self.known.setdefault((network.version, free_bits), set()).add(prefix)

    def __contains__(self, address: IPv4Address | IPv6Address) -> bool:
        number, version = int(address), address.version
        return any(
            number >> free_bits in prefixes
            for (own_version, free_bits), prefixes in self.known.items()
            if own_version == version
        )

    def __bool__(self) -> bool:
        return bool(self.known)


class IPRestriction(Handler):
    """Lets only some addresses pass, or all but some."""

    is_repeatable = False

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        config = instance.config
        self.allow = Networks(config.get("allow") or ())
        self.deny = Networks(config.get("deny") or ())
        self.status = int(config.get("status") or 403)
        self.message = config.get("message")

    def access(self, decision: Decision) -> Refusal | None:
        client_ip = decision.request.client_ip
        address = parse_address(client_ip)
        if address is None:
            return NO_ADDRESS
        if address in self.deny or (self.allow and address not in self.allow):
            message = self.message or f"IP address not allowed: {client_ip}"
            return Refusal(self.status, message)
        return None


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address; one of IPv4 also where a socket of IPv6 has wrapped it."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
