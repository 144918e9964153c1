"""What became of consumers' requests over time, as the authorizer counted them."""

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Sum

from consumers.models import Consumer, Usage

OUTCOMES = ("allowed", "denied", "limited")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time until now: so many steps of so many seconds."""

    name: str
    label: str
    step: int
    steps: int
    step_label: str

    def starts(self, now: float) -> range:
        """Return when the steps begin, in seconds since 1970, the current one last."""
        last = int(now) // self.step * self.step
        return range(last - (self.steps - 1) * self.step, last + 1, self.step)


SPANS = {
    span.name: span
    for span in (
        Span("hour", "Last hour", 60, 60, "minute"),
        Span("day", "Last 24 hours", 3600, 24, "hour"),
        Span("month", "Last 30 days", 86_400, 30, "day"),
    )
}


class Point(NamedTuple):
    """How many requests of one step were allowed, denied and limited."""

    start: int
    allowed: int = 0
    denied: int = 0
    limited: int = 0

    @property
    def total(self) -> int:
        return self.allowed + self.denied + self.limited

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.start, UTC)

    def to_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("start", *OUTCOMES)}


def series(
    consumer_ids: Iterable[UUID], span: Span, now: float | None = None
) -> dict[UUID, list[Point]]:
    """Return a point for every step of `span` and every consumer; one query."""
    starts = span.starts(time.time() if now is None else now)
    rows = Usage.objects.filter(
        consumer_id__in=list(consumer_ids),
        seconds=span.step,
        start__range=(starts[0], starts[-1]),
    )
    sums = rows.values_list("consumer_id", "start").annotate(**summed())
    found: defaultdict[UUID, dict[int, Point]] = defaultdict(dict)
    for id_, *numbers in sums.order_by():
        point = Point(*numbers)
        found[id_][point.start] = point
    nothing = {start: Point(start) for start in starts}
    return {id_: [*(nothing | found[id_]).values()] for id_ in consumer_ids}


def by_credential(
    consumer: Consumer, span: Span, now: float | None = None
) -> dict[UUID, Point]:
    """Return the sums of a span by the credential that was shown; one query."""
    start = span.starts(time.time() if now is None else now)[0]
    rows = Usage.objects.filter(
        consumer_id=consumer.pk, seconds=span.step, start__gte=start
    )
    sums = rows.values_list("credential_id").annotate(**summed())
    return {id_: Point(start, *numbers) for id_, *numbers in sums.order_by()}


def total(points: Iterable[Point]) -> Point:
    """Return the sums of several steps, from the first on."""
    points = list(points)
    sums = (sum(getattr(point, name) for point in points) for name in OUTCOMES)
    return Point(points[0].start, *sums)


def with_series(consumers: list[Consumer], span: Span) -> list[Consumer]:
    """Give each consumer `requests`, its points; one query for all."""
    found = series([consumer.pk for consumer in consumers], span) if consumers else {}
    for consumer in consumers:
        consumer.requests = found[consumer.pk]
    return consumers


def summed() -> dict[str, Sum]:
    return {f"{name}_sum": Sum(name) for name in OUTCOMES}
