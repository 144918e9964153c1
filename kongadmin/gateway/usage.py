"""How many requests came from whom, and what became of them.

Counted in memory, written in batches, off the way of the requests.
"""

import atexit
import logging
import threading
import time
from collections.abc import Iterable
from itertools import batched, islice

from kongadmin import metrics
from kongadmin.gateway.database import ERRORS, Database, open_database
from kongadmin.gateway.decision import Decision

FLUSH_SECONDS = 10
MOST_PENDING = 100_000
MINUTE, HOUR, DAY = 60, 3600, 86_400
# How long counts are kept, by the seconds that one of them covers.
RETENTION = {MINUTE: DAY, HOUR: 31 * DAY, DAY: 400 * DAY}
NOBODY = "00000000-0000-0000-0000-000000000000"
ALLOWED, DENIED, LIMITED, LAST = range(4)
OUTCOMES = ("allowed", "denied", "limited")

# Minute, then the ids of control plane, consumer and credential; NOBODY for a stranger.
Who = tuple[int, str, str, str]

BATCH = 5000
ADDING = (
    "ON CONFLICT (consumer_id, seconds, start, credential_id, scope_id) DO UPDATE SET "
    "allowed = consumers_usage.allowed + excluded.allowed, "
    "denied = consumers_usage.denied + excluded.denied, "
    "limited = consumers_usage.limited + excluded.limited"
)
LATER = (
    "ON CONFLICT (credential_id) DO UPDATE SET used_at = excluded.used_at "
    "WHERE excluded.used_at > consumers_lastused.used_at"
)

logger = logging.getLogger(__name__)


class Usage:
    """The requests that are not in the database yet.

    `pending` has for each minute and caller how many were allowed, denied and limited,
    and when the last one was allowed.
    """

    def __init__(self) -> None:
        self.pending: dict[Who, list[float]] = {}
        self.unwritten: dict[Who, list[float]] = {}
        self.planes: dict[str, str] = {}
        self.lock = threading.Lock()
        self.writing = threading.Lock()
        self.thread: threading.Thread | None = None
        self.purged = 0

    def note(self, decision: Decision) -> None:
        """Count a request."""
        identity, refusal = decision.identity, decision.refusal
        minute = int(decision.now) // MINUTE * MINUTE
        if identity:
            credential_id = identity.credential_id or NOBODY
            who = (minute, decision.plane.id, identity.consumer_id, credential_id)
        else:
            who = (minute, decision.plane.id, NOBODY, NOBODY)
        with self.lock:
            counts = self.pending.get(who)
            if counts is None:
                if len(self.pending) >= MOST_PENDING:
                    return
                counts = self.pending[who] = [0, 0, 0, 0.0]
                self.planes[decision.plane.id] = decision.plane.name
            # A plugin may end a request well, with an answer of its own.
            if refusal is None or (refusal.status < 400 and not refusal.is_limit):
                counts[ALLOWED] += 1
                counts[LAST] = decision.now
            else:
                counts[LIMITED if refusal.is_limit else DENIED] += 1
        if self.thread is None:
            self.start()

    def start(self) -> None:
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(
                    target=self.run, name="kongadmin-usage", daemon=True
                )
                self.thread.start()
                atexit.register(self.flush)

    def run(self) -> None:
        while True:
            time.sleep(FLUSH_SECONDS)
            self.flush()

    def flush(self) -> None:
        """Write what is counted; what cannot be written now waits for the next time."""
        with self.writing:
            with self.lock:
                counted, self.pending = self.pending, {}
            self.measure(counted)
            counted = merged(self.unwritten, counted)
            if not counted:
                return
            try:
                with open_database() as database:
                    write(database, counted)
                    self.purge(database)
            except ERRORS as error:
                logger.warning("Usage could not be written: %s", error)
                self.unwritten = dict(islice(counted.items(), MOST_PENDING))
            else:
                self.unwritten = {}

    def measure(self, counted: dict[Who, list[float]]) -> None:
        """Tell Prometheus what became of the requests of each control plane."""
        for (_, scope_id, _, _), counts in counted.items():
            for outcome, count in zip(OUTCOMES, counts, strict=False):
                if count:
                    labels = (self.planes[scope_id], outcome)
                    metrics.decisions.labels(*labels).inc(count)

    def purge(self, database: Database) -> None:
        """Once an hour, delete what is older than it has to be."""
        now = int(time.time())
        if now - self.purged < HOUR:
            return
        self.purged = now
        for seconds, kept in RETENTION.items():
            database.rows(
                "DELETE FROM consumers_usage WHERE seconds = %s AND start < %s",
                seconds,
                now - kept,
            )


def merged(
    first: dict[Who, list[float]], second: dict[Who, list[float]]
) -> dict[Who, list[float]]:
    """Return the sums of both, and the later of their last uses."""
    both = dict(first)
    for who, counts in second.items():
        known = both.get(who, (0, 0, 0, 0.0))
        sums = [a + b for a, b in zip(known, counts, strict=True)]
        both[who] = [*sums[:LAST], max(known[LAST], counts[LAST])]
    return both


def write(database: Database, counted: dict[Who, list[float]]) -> None:
    """Add counts to those of their minute, hour and day; note the last uses.

    All at once, and in the order of their ids, so that two processes do not wait for
    each other. Times of last use only move forward.
    """
    last: dict[str, float] = {}
    for (*_, credential_id), counts in counted.items():
        if counts[ALLOWED] and credential_id != NOBODY:
            last[credential_id] = max(counts[LAST], last.get(credential_id, 0.0))
    with database.transaction():
        for rows in batched(summed(counted), BATCH):
            database.rows(
                f"{database.upsert_usage} {ADDING}", database.usage_rows(rows)
            )
        for uses in batched(sorted(last.items()), BATCH):
            values = database.used_rows(uses)
            database.rows(f"{database.upsert_used} {LATER}", values)


def summed(counted: dict[Who, list[float]]) -> Iterable[tuple]:
    """Yield what to add: ids of consumer, credential and scope, seconds, start, counts.

    In the order of the table's key, each key once.
    """
    sums: dict[tuple, list[float]] = {}
    for (minute, scope_id, consumer_id, credential_id), counts in counted.items():
        for seconds in RETENTION:
            start = minute // seconds * seconds
            key = (consumer_id, seconds, start, credential_id, scope_id)
            total = sums.setdefault(key, [0, 0, 0])
            for n in range(LAST):
                total[n] += counts[n]
    for key in sorted(sums):
        yield (*key, *sums[key])
