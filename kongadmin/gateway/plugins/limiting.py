"""What the plugins that limit rates have in common: who is counted, what is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from urllib.parse import unquote

from kongadmin.gateway.counters import digest
from kongadmin.gateway.decision import Decision, Headers
from kongadmin.gateway.plugins.base import Handler, Instance
from kongadmin.gateway.request import header_text, header_variable

# How many of those who are counted are remembered by what they were told apart.
COUNTED = 10_000
remembered_digest = lru_cache(COUNTED)(digest)


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """The most requests in a window of so many seconds, made ready for headers."""

    length: float
    most: float
    headline: tuple[str, str]
    limit_header: tuple[str, str]
    remaining_header: str

    @classmethod
    def named(cls, name: str, length: float, most: float) -> Self:
        text = number(most)
        return cls(
            length,
            most,
            ("RateLimit-Limit", text),
            (f"X-RateLimit-Limit-{name}", text),
            f"X-RateLimit-Remaining-{name}",
        )


# What a request has left of a limit, and in how many seconds there is more.
Quota = tuple[Limit, float, int]


class Limiting(Handler):
    """A plugin that counts requests by what `kinds` say, taken together."""

    is_repeatable = False

    def __init__(self, instance: Instance, kinds: Sequence[str]) -> None:
        super().__init__(instance)
        config = instance.config
        self.kinds = kinds
        self.finders: list[Callable[[Decision], str | None]] = [
            getattr(self, f"by_{kind.replace('-', '_')}") for kind in kinds
        ]
        # A header may be somebody's secret.
        self.digest = digest if "header" in kinds else remembered_digest
        self.header = header_variable(config.get("header_name") or "")
        self.path = config.get("path")
        self.hides = config.get("hide_client_headers", False)
        self.status = int(config.get("error_code") or 429)
        self.message = config.get("error_message") or "API rate limit exceeded"

    def identifiers(self, decision: Decision) -> list[str]:
        """Return by what a request is counted: its client's address where all fails."""
        found = [find(decision) for find in self.finders]
        if None in found:
            address = self.by_ip(decision)
            found = [address if value is None else value for value in found]
        return found

    def by_ip(self, decision: Decision) -> str:
        return decision.request.client_ip

    def by_consumer(self, decision: Decision) -> str | None:
        return decision.identity.consumer_id if decision.identity else None

    def by_credential(self, decision: Decision) -> str | None:
        return decision.identity.credential_id if decision.identity else None

    def by_service(self, decision: Decision) -> str | None:
        return decision.request.service

    def by_route(self, decision: Decision) -> str | None:
        return decision.request.route

    def by_header(self, decision: Decision) -> str | None:
        value = decision.request.headers.get(self.header)
        return None if value is None else header_text(value)

    def by_path(self, decision: Decision) -> str | None:
        return self.path if unquote(decision.request.path) == self.path else None

    def by_consumer_group(self, decision: Decision) -> str | None:
        """The group that the plugin is for, else the first one of the consumer."""
        groups = decision.identity.groups if decision.identity else ()
        return self.instance.scope.group or next(iter(groups), None)

    def show(
        self,
        decision: Decision,
        allowed: bool,
        quotas: Sequence[Quota],
        jitter: int = 0,
        group: str | None = None,
    ) -> None:
        """Tell the client what it has left, and the story why.

        `jitter` is added to what a refused client is told to wait, `group` is the one
        whose limits hold instead of the plugin's.
        """
        if not self.hides:
            decision.put_headers(headers(allowed, quotas, jitter))
        if decision.story is not None:
            decision.tell(
                "counted",
                counted_by=list(self.kinds),
                group=group,
                allowed=allowed,
                limits=[
                    {
                        "limit": limit.most,
                        "seconds": limit.length,
                        "remaining": remaining,
                        "reset": reset,
                    }
                    for limit, remaining, reset in quotas
                ],
            )


def headers(allowed: bool, quotas: Sequence[Quota], jitter: int) -> Headers:
    """Return the headers about limits; the tightest one has some of its own."""
    found: Headers = ()
    for limit, remaining, _ in quotas:
        found += (limit.limit_header, (limit.remaining_header, number(remaining)))
    tightest = quotas[0] if len(quotas) == 1 else min(quotas, key=tightness)
    limit, remaining, reset = tightest
    found += (
        limit.headline,
        ("RateLimit-Remaining", number(remaining)),
        ("RateLimit-Reset", str(reset)),
    )
    return found if allowed else (*found, ("Retry-After", str(reset + jitter)))


def tightness(quota: Quota) -> tuple[float, float]:
    """Sort by what remains; of equal ones the longest window is the tightest."""
    limit, remaining, _ = quota
    return remaining, -limit.length


def number(value: float) -> str:
    """Return a number as Lua writes it."""
    return str(value) if type(value) is int else f"{value:.14g}"
