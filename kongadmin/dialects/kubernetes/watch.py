"""Watching: one line of JSON for each change, as long as somebody listens.

A watcher holds a thread and almost nothing else: it looks at a number in memory that
every commit replaces, and asks the database when that has changed, one watcher at a
time.
"""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from kongadmin import revision
from kongadmin.dialects.admin_api.answers import dump
from kongadmin.dialects.kubernetes import failures, reads, store
from kongadmin.dialects.kubernetes.calls import Call
from kongadmin.dialects.kubernetes.errors import Cause, Failure, expired, invalid
from kongadmin.dialects.kubernetes.kinds import stored_as
from kongadmin.dialects.kubernetes.models import Event
from kongadmin.dialects.kubernetes.selectors import matches
from kongadmin.dialects.kubernetes.versions import check_match
from kongadmin.dialects.kubernetes.wire import recast

ADDED, MODIFIED, DELETED, BOOKMARK, ERROR = (
    *("ADDED", "MODIFIED", "DELETED"),
    *("BOOKMARK", "ERROR"),
)
MOST_WATCHERS = 64  # in one process
# How often to look at the number in memory; at the database though that is the same,
# since other machines change it too; and how long to go on.
LOOK, LOOK_ANYWAY, LONGEST = 0.25, 2.0, 3600.0
BOOKMARK_EVERY = 60.0

seats = threading.BoundedSemaphore(MOST_WATCHERS)
asking = threading.Lock()
stopping = threading.Event()  # set when the process is to end

type Show = Callable[[dict], dict]
# What a change is to who selects, by whether the object was and is selected.
TYPES = {(False, True): ADDED, (True, True): MODIFIED, (True, False): DELETED}


def take_seat() -> None:
    """Refuse a watcher for whom there is no room."""
    if not seats.acquire(blocking=False):
        details = {"retryAfterSeconds": 1}
        message = "too many watches are open; try again later"
        raise Failure(429, "TooManyRequests", message, details)


def refuse_streaming_list(call: Call) -> None:
    """Say that a list is not streamed as events: clients then list and watch."""
    if call.is_set("sendInitialEvents"):
        why = "Forbidden: sendInitialEvents is not served"
        cause = Cause("FieldValueForbidden", "sendInitialEvents", why)
        raise invalid(call.kind, "", [cause])


class Watcher:
    """One watch: what it is about, and how far it has come."""

    def __init__(self, call: Call, show: Show, stream: socket.socket | None) -> None:
        refuse_streaming_list(call)
        check_match(call)
        self.call, self.show, self.stream = call, show, stream
        self.labels, self.fields = call.labels, call.fields
        self.stored = stored_as(call.kind.plural)
        self.version = call.number("resourceVersion")
        wanted = call.number("timeoutSeconds") or LONGEST
        self.until = time.monotonic() + min(wanted, LONGEST)
        self.seen = self.looked = self.marked = 0.0

    def lines(self) -> Iterator[bytes]:
        """Yield what happens until the time is up, the client has gone or we end."""
        yield b""  # so that the headers go out at once
        try:
            for event in self.events():
                yield dump(event) + b"\n"
        except DatabaseError as error:
            status, _ = failures.told(error)
            yield dump(say_event(ERROR, status)) + b"\n"

    def events(self) -> Iterator[dict]:
        if not self.version:
            yield from self.ask(self.existing)
        elif self.ask(lambda: store.is_forgotten(self.version)):
            yield say_event(ERROR, expired().status)
            return
        self.marked = time.monotonic()
        while not self.is_over():
            yield from self.ask(self.news) if self.has_news() else ()
            yield from self.bookmarks()
            stopping.wait(LOOK)

    def ask(self, question: Callable[[], Any]) -> Any:
        """Ask the database, and give the connection to it back."""
        with asking:
            try:
                return question()
            finally:
                database = connections[DEFAULT_DB_ALIAS]
                if not database.in_atomic_block:  # a test's
                    database.close_if_unusable_or_obsolete()

    def existing(self) -> list[dict]:
        """Return what there is as events, and begin where that ends."""
        said, metadata = reads.list_of(self.call)
        self.version = int(metadata["resourceVersion"])
        return [say_event(ADDED, self.show(one)) for one in said]

    def is_over(self) -> bool:
        return (
            stopping.is_set()
            or time.monotonic() >= self.until
            or (self.stream is not None and has_gone(self.stream))
        )

    def has_news(self) -> bool:
        """Say whether anything may have changed since the last look."""
        current, now = revision.shared().cell[revision.OBJECTS], time.monotonic()
        if current == self.seen and now - self.looked < LOOK_ANYWAY:
            return False
        self.seen, self.looked = current, now
        return True

    def news(self) -> list[dict]:
        """Return what has happened since, as this watcher sees it."""
        rows = Event.objects.filter(
            pk__gt=self.version, group=self.stored.group, plural=self.stored.plural
        )
        if self.call.namespace:
            rows = rows.filter(namespace=self.call.namespace)
        found = []
        for row in rows.order_by("pk"):
            self.version = row.pk
            type = self.type_of(row)
            if type:
                said = recast(row.snapshot, self.stored, self.call.kind)
                found.append(say_event(type, self.show(said)))
        return found

    def type_of(self, row: Event) -> str | None:
        """Return what a change is to who selects, for whom a label brings an object."""
        if not reads.fits_fields(row.snapshot, self.call):
            return None
        now = row.snapshot["metadata"].get("labels", {})
        fits = row.type != DELETED and matches(self.labels, now)
        before = row.labels_before
        did = before is not None and matches(self.labels, before)
        return TYPES.get((did, fits))

    def bookmarks(self) -> Iterator[dict]:
        """Tell now and then how far it has come, for who wants to know."""
        now, kind = time.monotonic(), self.call.kind
        is_due = now - self.marked > BOOKMARK_EVERY
        if is_due and self.call.is_set("allowWatchBookmarks"):
            self.marked = now
            said = {"apiVersion": kind.api_version, "kind": kind.name}
            metadata = {"resourceVersion": str(self.version)}
            yield say_event(BOOKMARK, said | {"metadata": metadata})


def say_event(type: str, object: dict) -> dict:
    return {"type": type, "object": object}


def has_gone(stream: socket.socket) -> bool:
    """Say whether a client, who has nothing more to say, has hung up."""
    try:
        readable, _, _ = select.select([stream], [], [], 0)
        return bool(readable) and not stream.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):
        return True
