"""What a failed database means for who asked: try again, or come back later.

Everything else that a database raises is a fault of ours.
"""

import select
import sqlite3

import psycopg
from django.db import DatabaseError, InterfaceError
from django.db.backends.base.base import BaseDatabaseWrapper

RETRY_SECONDS = 1
# Another transaction was in the way and this one is rolled back: serialization failure,
# deadlock, lock not available; a row gone, or there, that was not when we looked.
CONTENDED = {"40001", "40P01", "55P03", "23503", "23505"}
CONTENDED_IN_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
}
# PostgreSQL's classes of connection failures, lack of resources, and intervention.
AWAY = ("08", "53", "57")
AWAY_IN_SQLITE = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


def is_contended(error: BaseException | None) -> bool:
    """Say whether others were quicker: nothing was stored, and asking again may do."""
    cause = getattr(error, "__cause__", None)
    if isinstance(cause, sqlite3.Error):
        return sqlite_code(cause) in CONTENDED_IN_SQLITE
    return getattr(cause, "sqlstate", None) in CONTENDED


def is_away(error: BaseException | None) -> bool:
    """Say whether the database cannot be reached, or can do nothing for now."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return sqlite_code(cause) & 0xFF in AWAY_IN_SQLITE
    # Without a state the server has not answered: there is no connection.
    state = getattr(cause, "sqlstate", "")
    return state is None or state[:2] in AWAY


def sqlite_code(error: sqlite3.Error) -> int:
    """Return SQLite's code: extended for constraints, else the kind alone."""
    code = getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR
    is_constraint = code & 0xFF == sqlite3.SQLITE_CONSTRAINT
    return code if is_constraint else code & 0xFF


def in_words(error: BaseException | None) -> str | None:
    """Return what to tell with status 503, None where that is not the matter."""
    if is_contended(error):
        return "The database is too busy; try again"
    if is_away(error):
        return "The database cannot be reached; try again in a moment"
    return None


def give_up_ended(database: BaseDatabaseWrapper) -> None:
    """Part with a connection that the server has ended while nobody used it.

    A server says nothing to who asks nothing, so whatever there is to read is the end.
    """
    kept = database.connection
    if isinstance(kept, psycopg.Connection) and not database.in_atomic_block:
        if not kept.closed and has_news(kept.fileno()):
            kept.close()
        if kept.closed:
            database.close()


def has_news(handle: int) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(0))
