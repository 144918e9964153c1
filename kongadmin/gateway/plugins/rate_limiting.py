"""rate-limiting: so many requests in each second, minute, … of the calendar.

Source of the rules: kong/plugins/rate-limiting/handler.lua; data-plane contract §3.1.
Where its `policy` would keep the counters does not matter here: see gateway.counters.
"""

from datetime import UTC, datetime
from functools import lru_cache
from math import ceil

from kongadmin.gateway import counters
from kongadmin.gateway.counters import Away, Window
from kongadmin.gateway.decision import FAILED, Decision, Refusal
from kongadmin.gateway.plugins.base import Instance
from kongadmin.gateway.plugins.limiting import Limit, Limiting

# Kong counts with these lengths whatever the calendar says of a month or a year.
PERIODS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "month": 2_592_000,
    "year": 31_536_000,
}


class RateLimiting(Limiting):
    """Limits by the calendar; requests that are refused do not count."""

    def __init__(self, instance: Instance) -> None:
        config = instance.config
        super().__init__(instance, [config.get("limit_by") or "consumer"])
        self.is_tolerant = config.get("fault_tolerant", True)
        self.limits = {
            period: Limit.named(period.title(), length, config[period])
            for period, length in PERIODS.items()
            if config.get(period) is not None
        }
        self.refusal = Refusal(self.status, self.message, is_limit=True)

    def access(self, decision: Decision) -> Refusal | None:
        if not self.limits:
            return None
        now, scope = decision.now, self.instance.scope
        windows = [
            Window(limit.length, start(period, now), ceil(limit.most) - 1)
            for period, limit in self.limits.items()
        ]
        # A consumer's own instance and the one for all share their counters.
        name = self.digest(
            decision.plane.id,
            self.instance.name,
            scope.route or "",
            scope.service or "",
            *self.identifiers(decision),
        )
        try:
            taken = counters.shared().take(name, windows, now, counting=decision.counts)
        except Away:
            decision.tell("skipped", why="counters")
            return None if self.is_tolerant else FAILED
        quotas = [
            (
                limit,
                max(0, limit.most - current),
                max(1, limit.length - int(now - window.start)),
            )
            for limit, window, (current, _) in zip(
                self.limits.values(), windows, taken.counts, strict=True
            )
        ]
        self.show(decision, taken.allowed, quotas)
        return None if taken.allowed else self.refusal


def start(period: str, now: float) -> float:
    """Return when the second, minute, … began that `now` is in."""
    length = PERIODS[period]
    if length > PERIODS["day"]:
        return calendar(now // PERIODS["day"])[period]
    return now // length * length


@lru_cache(16)
def calendar(day: float) -> dict[str, float]:
    """Return when the month and the year of a day since 1970 began."""
    date = datetime.fromtimestamp(day * PERIODS["day"], UTC)
    month = date.replace(day=1)
    return {"month": month.timestamp(), "year": month.replace(month=1).timestamp()}
