"""When credentials were last accepted: noted in memory, written in batches."""

import atexit
import logging
import threading
import time

from kongadmin.gateway.database import ERRORS, open_database

FLUSH_SECONDS = 10
REST_SECONDS = 60
MOST_PENDING = 100_000

logger = logging.getLogger(__name__)


class LastUsed:
    """The uses that are not in the database yet.

    A credential is written at most once in REST_SECONDS; what comes in between waits,
    so that its last use is not lost. Times in the database only move forward.
    """

    def __init__(self) -> None:
        self.pending: dict[str, float] = {}
        self.written: dict[str, float] = {}
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None

    def note(self, credential_id: str, now: float) -> None:
        """Remember that a credential was accepted at `now`."""
        self.pending[credential_id] = now
        if self.thread is None:
            self.start()

    def start(self) -> None:
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(
                    target=self.run, name="kongadmin-last-used", daemon=True
                )
                self.thread.start()
                atexit.register(self.flush, everything=True)

    def run(self) -> None:
        while True:
            time.sleep(FLUSH_SECONDS)
            self.flush()

    def flush(self, everything: bool = False) -> None:
        """Write what is due; what cannot be written now stays for the next time."""
        with self.lock:
            uses = self.take()
            rested = time.time() - REST_SECONDS
            self.written = {i: t for i, t in self.written.items() if t > rested}
            due = {i: t for i, t in uses.items() if everything or i not in self.written}
            if not due or not write(due):
                due = {}
            self.written |= due
            for credential_id in list(uses.keys() - due.keys())[:MOST_PENDING]:
                self.pending.setdefault(credential_id, uses[credential_id])

    def take(self) -> dict[str, float]:
        """Empty `pending` while other threads go on filling it."""
        uses = {}
        while self.pending:
            credential_id, used_at = self.pending.popitem()
            uses[credential_id] = used_at
        return uses


def write(uses: dict[str, float]) -> bool:
    """Write the uses in one statement; say whether the database took them.

    They are in order of their ids, so that two processes do not wait for each other.
    """
    try:
        with open_database() as database:
            database.rows(
                f"{database.upsert_used} ON CONFLICT (credential_id) DO UPDATE "
                "SET used_at = excluded.used_at "
                "WHERE excluded.used_at > consumers_lastused.used_at",
                database.used_rows(sorted(uses.items())),
            )
    except ERRORS as error:
        logger.warning("Last uses could not be written: %s", error)
        return False
    return True
