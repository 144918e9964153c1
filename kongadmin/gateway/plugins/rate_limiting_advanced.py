"""rate-limiting-advanced: windows of any length, that begin anew or slide.

Source of the rules: data-plane contract §3.2 and §3.3. Where its `strategy` would keep
the counters does not matter here: see gateway.counters. While Redis is away those of
this machine are used, so that each machine limits by itself.
"""

import json
import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import ceil, floor
from typing import Any, NamedTuple, Self

from kongadmin.gateway import counters
from kongadmin.gateway.counters import Away, Taken, Window
from kongadmin.gateway.decision import MISCONFIGURED, Decision, Identity, Refusal
from kongadmin.gateway.plugins.base import Instance, Override
from kongadmin.gateway.plugins.limiting import Limit, Limiting, Quota, number

NAMES = {
    1: "Second",
    60: "Minute",
    3600: "Hour",
    86_400: "Day",
    2_592_000: "Month",
    31_536_000: "Year",
}
# What floating-point numbers may be off, in requests and in seconds.
SLACK = 1e-6
INSTANT = 1e-9


class Limits(NamedTuple):
    """What an instance may limit otherwise for the members of a group."""

    limits: Sequence[Limit]
    slides: bool
    jitter: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        sizes, limits = config.get("window_size") or [], config.get("limit") or []
        pairs = zip(sizes, limits, strict=False)  # The schema wants as many of both.
        return cls(
            [Limit.named(NAMES.get(w) or number(w), w, most) for w, most in pairs],
            config.get("window_type") != "fixed",
            int(config.get("retry_after_jitter_max") or 0),
        )


class RateLimitingAdvanced(Limiting):
    """Limits by the clock; requests that are refused may count as well."""

    def __init__(self, instance: Instance) -> None:
        config = instance.config
        alone = config.get("identifier") or "consumer"
        super().__init__(instance, config.get("compound_identifier") or [alone])
        self.own = Limits.of(config)
        self.of_groups: dict[str, Limits] = {}
        self.namespace = config.get("namespace") or instance.id
        key = config.get("counter_key") or "consumer.id"
        self.key = "consumer_id" if key == "consumer.id" else key.split(".")[1]
        self.replaces = config.get("enforce_consumer_groups", False)
        self.forgives = config.get("disable_penalty", False)
        body = json.dumps({"message": self.message}, separators=(",", ":"))
        self.refusal = Refusal(
            self.status, self.message, body=body.encode(), is_limit=True
        )

    def by_consumer(self, decision: Decision) -> str | None:
        identity = decision.identity
        return identity and (getattr(identity, self.key) or identity.consumer_id)

    def access(self, decision: Decision) -> Refusal | None:
        group, held = None, self.own
        if self.replaces:
            group, held = self.limits_for(decision)
        limits, slides, most_jitter = held
        if not limits:
            return MISCONFIGURED
        now = decision.now
        windows = [window(limit, now // limit.length, slides) for limit in limits]
        name = self.digest(
            decision.plane.id, self.namespace, *self.identifiers(decision)
        )
        penalty = not (slides and self.forgives)
        try:
            taken = take(name, windows, now, penalty, decision.counts)
        except Away:  # Nothing says that requests should fail with it.
            decision.tell("skipped", why="counters")
            return None
        is_counted = taken.allowed or penalty
        quotas = [
            quota(limit, windows[n], now, taken.counts[n], is_counted)
            for n, limit in enumerate(limits)
        ]
        if taken.allowed:
            self.show(decision, True, quotas, group=group)
            return None
        jitter = random.randint(0, most_jitter)  # noqa: S311  # no secret
        self.show(decision, False, quotas, jitter, group)
        return self.refusal

    def limits_for(self, decision: Decision) -> tuple[str | None, Limits]:
        """Return the group whose limits hold instead of our own, and what holds."""
        override = override_for(
            self.instance.config, decision.plane.overrides, decision.identity
        )
        if override is None:
            return None, self.own
        group = override.group
        if group not in self.of_groups:
            self.of_groups[group] = Limits.of(override.config)
        return group, self.of_groups[group]


def override_for(
    config: Mapping[str, Any],
    overrides: Mapping[str, Override],
    identity: Identity | None,
) -> Override | None:
    """Return the override that replaces a plugin's limits for somebody, if one does.

    It is that of the first group in the plugin's list which has one and the consumer
    in it.
    """
    if not config.get("enforce_consumer_groups") or identity is None:
        return None
    for ref in config.get("consumer_groups") or ():
        override = overrides.get(ref)
        if override and override.group in identity.groups:
            return override
    return None


def take(
    name: bytes, windows: Sequence[Window], now: float, penalty: bool, counting: bool
) -> Taken:
    """Count in the shared counters, else in this machine's own."""
    try:
        return counters.shared().take(
            name, windows, now, penalty=penalty, counting=counting
        )
    except Away:
        return counters.local().take(
            name, windows, now, penalty=penalty, counting=counting
        )


@lru_cache(1000)
def window(limit: Limit, number: float, slides: bool) -> Window:
    """Return a limit's window since 1970; a sliding one looks at the one before."""
    length = limit.length
    previous = (number - 1) * length if slides else None
    return Window(length, number * length, limit.most - 1 + SLACK, previous)


def quota(
    limit: Limit,
    window: Window,
    now: float,
    counts: tuple[int, int],
    is_counted: bool,
) -> Quota:
    """Return what is left of a limit, given what is stored after the request."""
    most = limit.most
    current, previous = counts
    rate = window.rate(current, previous, now) + (not is_counted)
    remaining = floor(most - rate + SLACK) if rate < most else 0
    rest = window.start + window.length - now
    if rate > most + SLACK and window.previous is not None:
        rest = wait(limit, rest, current, previous)
    return limit, remaining, max(1, ceil(rest - INSTANT))


def wait(limit: Limit, rest: float, current: int, previous: int) -> float:
    """Return in how many seconds one more request passes a sliding window.

    Its client is silent until then; `rest` is what is left of the window. The count of
    the window before fades first, then, in the next one, that of this.
    """
    length, spare = limit.length, limit.most - 1
    if current <= spare and previous:
        seconds = rest - length * (spare - current) / previous
        if 0 <= seconds <= rest:
            return seconds
    if not current:
        return rest
    return rest + length * max(0, 1 - spare / current)
