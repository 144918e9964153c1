"""What one process knows of the database, and whether it still holds.

A `View` is what was read since the last change; it is thrown away whole with the next
one. Requests only compare a number (see kongadmin.revision), which whoever writes on
this machine replaces; the `Watcher` listens for what was written elsewhere.
"""

import logging
import re
import threading
from collections.abc import Callable, Hashable
from typing import Any
from uuid import UUID

from kongadmin import revision
from kongadmin.crypto import Keyring
from kongadmin.gateway.database import ERRORS, Database, open_database
from kongadmin.gateway.identify import Identity, KeyAuth, Plane, Source
from kongadmin.revision import CHANGES
from kongadmin.settings import SECRET_KEYS

MOST_IDENTITIES = 100_000
MOST_PLANES = 1000
RETRY_SECONDS = 1
UNREAD: Any = object()
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

logger = logging.getLogger(__name__)
keyring = Keyring(SECRET_KEYS)


class Unavailable(Exception):
    """The database cannot be asked at the moment."""


class Recent:
    """A dictionary of at most `most` entries that forgets those not asked for lately.

    It fills one half; then that becomes the old half, of which only what is asked for
    again survives. Every step takes the same short time.
    """

    def __init__(self, most: int) -> None:
        self.half = most // 2
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
        if len(self.young) >= self.half:
            self.old, self.young = self.young, {}
        self.young[key] = value

    def __len__(self) -> int:
        return len(self.young) + len(self.old)


class View:
    """What holds while the revision is `number`, read when it is first asked for.

    What is absent is remembered too. Keys are remembered by their digest only.
    """

    def __init__(self, number: int | None, ask: Callable[..., Any]) -> None:
        self.number = number
        self.ask = ask
        self.planes = Recent(MOST_PLANES)
        self.identities = Recent(MOST_IDENTITIES)

    def plane(self, ref: str) -> Plane | None:
        """Return the control plane with that name or id."""
        plane = self.planes.get(ref)
        if plane is UNREAD:
            plane = self.ask(read_plane, ref)
            self.planes.put(ref, plane)
        return plane

    def credential(self, plane: Plane, source: Source, key: str) -> Identity | None:
        """Return who `key` belongs to in `source`, as seen from `plane`."""
        if source.scope != "cp":
            return None
        try:
            digest = keyring.digest(key)
        except UnicodeEncodeError:  # No stored key has bytes that are not UTF-8.
            return None
        identity = self.identities.get((plane.id, digest))
        if identity is UNREAD:
            identity = self.ask(read_credential, plane.id, key)
            self.identities.put((plane.id, digest), identity)
        return identity

    def consumer(self, plane: Plane, ref: str) -> Identity | None:
        """Return the consumer with that id, else with that username."""
        identity = self.identities.get((plane.id, ref))
        if identity is UNREAD:
            identity = self.ask(read_consumer, plane.id, ref)
            self.identities.put((plane.id, ref), identity)
        return identity


class Store:
    """The current view, and one connection for each thread that has to read."""

    def __init__(self) -> None:
        self.cell = revision.shared().cell
        self.local = threading.local()
        self.available = True
        self.watcher: Watcher | None = None
        self.starting = threading.Lock()
        self.view = View(None, self.ask)

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
        view = self.view = View(self.cell[CHANGES], self.ask)
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
                return read(self.database(), *values)
            except ERRORS as error:
                self.local.database = None
                reason = error
        else:
            self.available = False
            logger.error("The database does not answer: %s", reason)
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


def read_plane(database: Database, ref: str) -> Plane | None:
    """Return the control plane with that name or id, with its plugins; two queries."""
    if "\0" in ref:  # PostgreSQL has no such text.
        return None
    is_id = UUID_TEXT.fullmatch(ref)
    column, value = ("scope_ptr_id", database.id(ref)) if is_id else ("name", ref)
    found = database.rows(
        f"SELECT scope_ptr_id FROM realms_controlplane WHERE {column} = %s",  # noqa: S608
        value,
    )
    if not found:
        return None
    [[scope_id]] = found
    plugins = database.rows(
        "SELECT name, config FROM plugins_plugin "
        "WHERE scope_id = %s AND enabled AND scoped_to = ''",
        scope_id,
    )
    configs = {name: database.document(config) for name, config in plugins}
    key_auth = KeyAuth(configs["key-auth"]) if "key-auth" in configs else None
    return Plane(id_text(scope_id), key_auth)


def read_credential(database: Database, scope_id: str, key: str) -> Identity | None:
    """Return who a key of a scope belongs to, expired or not; one query."""
    digests = keyring.digests(key)
    places = ", ".join(["%s"] * len(digests))
    found = database.rows(
        "SELECT c.id, c.username, c.custom_id, k.id, k.expires_at "  # noqa: S608
        "FROM consumers_keyauth k JOIN consumers_consumer c ON c.id = k.consumer_id "
        f"WHERE k.scope_id = %s AND k.key_digest IN ({places})",
        database.id(scope_id),
        *digests,
    )
    for consumer_id, username, custom_id, credential_id, expires_at in found:
        return Identity(
            id_text(consumer_id),
            username,
            custom_id,
            id_text(credential_id),
            database.seconds(expires_at),
        )
    return None


def read_consumer(database: Database, scope_id: str, ref: str) -> Identity | None:
    """Return the consumer of a scope with that id, else with that username."""
    wanted = [("username", ref)]
    if UUID_TEXT.fullmatch(ref):
        wanted.insert(0, ("id", database.id(ref)))
    for column, value in wanted:
        found = database.rows(
            "SELECT id, username, custom_id FROM consumers_consumer "  # noqa: S608
            f"WHERE scope_id = %s AND {column} = %s",
            database.id(scope_id),
            value,
        )
        for consumer_id, username, custom_id in found:
            return Identity(id_text(consumer_id), username, custom_id)
    return None


def id_text(stored: str | UUID) -> str:
    """Return an id as people write it; SQLite stores its digits only."""
    return str(UUID(str(stored)))
