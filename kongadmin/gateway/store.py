"""What one process knows of the database, and whether it still holds.

A `View` is what was read since the last change; it is thrown away whole with the next
one. Requests only compare a number (see kongadmin.revision), which whoever writes on
this machine replaces; the `Watcher` listens for what was written elsewhere.
"""

import logging
import os
import threading
from collections.abc import Callable, Hashable
from functools import cached_property
from hashlib import blake2b
from typing import Any

from kongadmin import revision
from kongadmin.gateway.database import ERRORS, Database, open_database
from kongadmin.gateway.decision import Decision, Identity
from kongadmin.gateway.plane import Plane
from kongadmin.gateway.plugins.key_auth import Source
from kongadmin.gateway.reading import (
    read_consumer,
    read_key,
    read_own_instances,
    read_plane,
)
from kongadmin.gateway.realms import (
    HIT,
    MISS,
    OTHER_REGION,
    Found,
    look_up,
    read_realm,
    warn_of_region,
)
from kongadmin.gateway.unavailable import Unavailable
from kongadmin.metrics import lookups
from kongadmin.revision import CHANGES, REALM_CACHES
from kongadmin.settings import REALM_CACHE_MODE

IDENTITIES = 100_000
PLANES = 1000
RETRY_SECONDS = 1
UNREAD: Any = object()
# A secret in front of what is digested is enough (BLAKE2 cannot be lengthened), and
# takes half the steps of `key=`, which fills a block of its own.
OF_THIS_PROCESS = blake2b(os.urandom(32), digest_size=16)
LAGS = REALM_CACHE_MODE == "konnect"

logger = logging.getLogger(__name__)


class Recent:
    """A dictionary that keeps the entries asked for last: `least`, at most twice that.

    It fills one half; then that becomes the old half, of which only what is asked for
    again survives. Every step takes the same short time.
    """

    def __init__(self, least: int) -> None:
        self.least = least
        self.young: dict[Hashable, Any] = {}
        self.old: dict[Hashable, Any] = {}

    def get(self, key: Hashable) -> Any:
        """Return the value of `key`, or UNREAD."""
        value = self.young.get(key, UNREAD)
        if value is UNREAD:
            value = self.old.get(key, UNREAD)
            if value is not UNREAD:
                self.put(key, value)
        return value

    def put(self, key: Hashable, value: Any) -> None:
        if len(self.young) >= self.least:
            self.old, self.young = self.young, {}
        self.young[key] = value

    def __len__(self) -> int:
        return len(self.young) + len(self.old)


class View:
    """What holds while the revision is `number`, read when it is first asked for.

    What is absent is remembered too. Keys are remembered by a fingerprint only. With
    `of_realms`, identities of realms outlive the view.
    """

    def __init__(
        self,
        number: int | None,
        ask: Callable[..., Any],
        of_realms: Recent | None = None,
    ) -> None:
        self.number = number
        self.ask = ask
        self.planes = Recent(PLANES)
        self.identities = Recent(IDENTITIES)
        self.of_realms = self.identities if of_realms is None else of_realms

    def plane(self, ref: str) -> Plane | None:
        """Return the control plane with that name or id."""
        plane = self.planes.get(ref)
        if plane is UNREAD:
            plane = self.ask(read_plane, ref)
            self.planes.put(ref, plane)
        return plane

    def key(self, decision: Decision, key: str) -> Identity | None:
        """Return who a key of the control plane belongs to, unless it has expired."""
        plane_id = decision.plane.id
        try:
            name = (plane_id, fingerprint(key))
        except UnicodeEncodeError:  # No stored key has bytes that are not UTF-8.
            return None
        identity = found = self.identities.get(name)
        if found is UNREAD:
            identity = self.ask(read_key, plane_id, key)
            self.identities.put(name, identity)
        if identity and is_over(identity.expires_at, decision.now):
            identity = None
        if decision.story is not None:
            tell_source(decision, Source(), HIT if identity else MISS, found)
        return identity

    def realm_key(
        self, decision: Decision, source: Source, key: str
    ) -> Identity | None:
        """Return who a key of a realm belongs to, as seen from the control plane.

        What is found holds for the realm's ttl, what is not for its negative_ttl.
        """
        plane, now = decision.plane, decision.now
        if source.region and source.region != plane.region:
            warn_of_region(source.id, plane.name)
            found, cached = Found(OTHER_REGION, now), UNREAD
        else:
            try:
                name = (source.id, fingerprint(key), plane.id)
            except UnicodeEncodeError:  # No stored key has bytes that are not UTF-8.
                return None
            found = cached = self.of_realms.get(name)
            if found is UNREAD or is_over(found.until, now):
                realm = self.recall(read_realm, plane, source.id)
                found, cached = self.ask(look_up, plane, realm, key, now), UNREAD
                self.of_realms.put(name, found)
        identity = found.identity
        if identity and is_over(identity.expires_at, now):
            identity = None
        decision.hold_until(found.until)
        if decision.story is not None:
            result = MISS if found.result == HIT and not identity else found.result
            tell_source(decision, source, result, cached)
        return identity

    def consumer(self, plane: Plane, ref: str) -> Identity | None:
        """Return the consumer with that id, else with that username."""
        return self.recall(read_consumer, plane, ref)

    def own_instances(self, plane: Plane, consumer_id: str) -> dict:
        """Return the plugins for one consumer alone, as Plane keeps its own."""
        return self.recall(read_own_instances, plane, consumer_id)

    def recall(self, read: Callable[..., Any], plane: Plane, *values: Any) -> Any:
        """Return `read(database, plane's id, *values)`, which is asked for once."""
        name = (read, plane.id, *values)
        found = self.identities.get(name)
        if found is UNREAD:
            found = self.ask(read, plane.id, *values)
            self.identities.put(name, found)
        return found

    def remembers(self, read: Callable[..., Any], plane: Plane, *values: Any) -> bool:
        """Say whether `recall` would answer without asking."""
        return self.identities.get((read, plane.id, *values)) is not UNREAD


def fingerprint(key: str) -> bytes:
    """Return what a key is remembered by.

    Nobody can tell the key from it who has not got this process's secret; it costs less
    than the digest that is stored.
    """
    found = OF_THIS_PROCESS.copy()
    found.update(key.encode())
    return found.digest()


def is_over(moment: float | None, now: float) -> bool:
    return moment is not None and moment <= now


def tell_source(decision: Decision, source: Source, result: str, found: Any) -> None:
    """Add to the story what a source of identities said, and who remembered it."""
    cached = "miss" if found is UNREAD else "hit"
    decision.tell(
        "source",
        source=source.scope,
        realm_id=source.id,
        result=result,
        cache=cached if decision.counts else "bypass",
    )


class Lagging:
    """Identities of realms that hold for their ttl, whatever changes meanwhile.

    So Konnect's gateways have them. Purging is the one way to be rid of them.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.recent = Recent(IDENTITIES)

    def current(self, cell: memoryview) -> Recent:
        """Return what is known, which is nothing after a purge."""
        if self.number != cell[REALM_CACHES]:
            self.number, self.recent = cell[REALM_CACHES], Recent(IDENTITIES)
        return self.recent


class Store:
    """The current view, and one connection for each thread that has to read."""

    def __init__(self) -> None:
        self.local = threading.local()
        self.available = True
        self.watcher: Watcher | None = None
        self.starting = threading.Lock()
        self.lagging = Lagging() if LAGS else None
        self.view = View(None, self.ask)

    @cached_property
    def cell(self) -> memoryview:
        """The numbers that every change replaces."""
        return revision.shared().cell

    def current(self) -> View:
        """Return a view in which every change committed before the call counts."""
        view = self.view
        return view if view.number == self.cell[CHANGES] else self.renew()

    def renew(self) -> View:
        """Forget everything."""
        with self.starting:
            if self.watcher is None or not self.watcher.is_alive():
                self.watcher = Watcher(self)
                self.watcher.start()
        # Number and place are taken before anything is read into the view, so that a
        # change in between replaces it.
        number = self.cell[CHANGES]
        of_realms = self.lagging.current(self.cell) if self.lagging else None
        view = self.view = View(number, self.ask, of_realms)
        return view

    def ask(self, read: Callable[..., Any], *values: Any) -> Any:
        """Return `read(database, *values)`; Unavailable if there is no answer.

        A connection may have ended by itself, so a second one is tried; while the
        watcher knows the database to be away none is.
        """
        for _ in range(2):
            if not self.available:
                break
            try:
                answer = read(self.database(), *values)
            except ERRORS as error:
                self.local.database = None
                reason = error
            else:
                lookups.labels("nothing" if answer is None else "found").inc()
                return answer
        else:
            self.available = False
            logger.error("The database does not answer: %s", reason)
        lookups.labels("error").inc()
        raise Unavailable

    def close(self) -> None:
        """End the watcher and this thread's connection; the next request needs both."""
        if self.watcher:
            self.watcher.stopping.set()
            self.watcher.join()
        if database := getattr(self.local, "database", None):
            database.close()
        self.local.database = None
        self.view = View(None, self.ask)

    def database(self) -> Database:
        """Return the connection of this thread."""
        database = getattr(self.local, "database", None)
        if database is None:
            database = self.local.database = open_database()
        return database


class Watcher(threading.Thread):
    """Listens for changes that other machines write, and for the database itself.

    It never writes the revision: each process hears by itself.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(name="kongadmin-watcher", daemon=True)
        self.store = store
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                with open_database() as database:
                    self.follow(database)
            except ERRORS:
                self.store.available = False
            self.stopping.wait(RETRY_SECONDS)

    def follow(self, database: Database) -> None:
        """Forget with every change; return when a thread had no answer."""
        changes = database.changes()
        next(changes)
        # What was written until now may have gone unheard.
        self.store.renew()
        self.store.available = True
        for has_changed in changes:
            if self.stopping.is_set() or not self.store.available:
                return
            if has_changed:
                self.store.renew()
