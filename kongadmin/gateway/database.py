"""The two databases, asked through their drivers: one connection, autocommit.

Statements are written with %s. Both classes offer the same methods, so that what asks
need not know which database answers.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from kongadmin.settings import DATABASES

ERRORS = (sqlite3.Error, psycopg.Error, OSError)
PATIENCE_SECONDS = 2
LOOK_SECONDS = 0.1
LATEST_CHANGE = "SELECT max(id) FROM kongadmin_change"
USAGE_COLUMNS = (
    "consumer_id, seconds, start, credential_id, scope_id, allowed, denied, limited"
)
# What Django understands among the options, and psycopg does not.
DJANGO_OPTIONS = {"pool", "assume_role", "isolation_level", "server_side_binding"}


class SQLite:
    """A connection to the database file; it must exist."""

    upsert_used = (
        "INSERT INTO consumers_lastused (credential_id, used_at) "
        "SELECT value ->> 0, value ->> 1 FROM json_each(%s) WHERE true "
    )
    upsert_usage = (
        f"INSERT INTO consumers_usage ({USAGE_COLUMNS}) "  # noqa: S608
        "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, "
        "value ->> 5, value ->> 6, value ->> 7 FROM json_each(%s) WHERE true "
    )

    def __init__(self, settings: dict) -> None:
        path = Path(settings["NAME"]).absolute()
        self.connection = sqlite3.connect(
            f"{path.as_uri()}?mode=rw",
            uri=True,
            autocommit=True,
            timeout=PATIENCE_SECONDS,
        )
        self.connection.executescript(settings["OPTIONS"]["init_command"])

    def rows(self, statement: str, *values: Any) -> list[tuple]:
        """Return the rows that `statement` yields."""
        return self.connection.execute(statement.replace("%s", "?"), values).fetchall()

    find = rows

    def changes(self) -> Iterator[bool]:
        """Say again and again whether the change log has grown since the last time.

        `data_version` also moves when nobody changed anything that is logged.
        """
        version = latest = None
        while True:
            seen, version = version, self.rows("PRAGMA data_version")
            if version != seen:
                known, latest = latest, self.rows(LATEST_CHANGE)
                yield latest != known
            else:
                yield False
            time.sleep(LOOK_SECONDS)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything in the block, or nothing."""
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.rows("ROLLBACK")
            raise
        self.rows("COMMIT")

    def usage_rows(self, rows: list[tuple]) -> str:
        """Return the parameter of `upsert_usage`."""
        return json.dumps(
            [
                (self.id(row[0]), *row[1:3], *map(self.id, row[3:5]), *row[5:])
                for row in rows
            ]
        )

    def used_rows(self, used: list[tuple[str, float]]) -> str:
        """Return the parameter of `upsert_used`."""
        return json.dumps(
            [(self.id(id_), self.moment(seconds)) for id_, seconds in used]
        )

    @staticmethod
    def id(text: str) -> str:
        return text.replace("-", "").lower()

    @staticmethod
    def moment(seconds: float | None) -> str | None:
        """Return seconds since 1970 as a time is stored."""
        if seconds is None:
            return None
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S.%f}"

    @staticmethod
    def seconds(value: str | None) -> float | None:
        """Return a stored time as seconds since 1970."""
        return value and datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp()

    @staticmethod
    def document(value: str) -> Any:
        return json.loads(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()


class PostgreSQL:
    """A connection to the server, given up within seconds when it stops answering."""

    upsert_used = (
        "INSERT INTO consumers_lastused (credential_id, used_at) "
        "SELECT (row ->> 0)::uuid, to_timestamp((row ->> 1)::float8) "
        "FROM json_array_elements(%s::json) AS row "
    )
    upsert_usage = (
        f"INSERT INTO consumers_usage ({USAGE_COLUMNS}) "  # noqa: S608
        "SELECT (row ->> 0)::uuid, (row ->> 1)::int, (row ->> 2)::bigint, "
        "(row ->> 3)::uuid, (row ->> 4)::uuid, (row ->> 5)::bigint, "
        "(row ->> 6)::bigint, (row ->> 7)::bigint "
        "FROM json_array_elements(%s::json) AS row "
    )
    liveness = {
        "connect_timeout": PATIENCE_SECONDS,
        "tcp_user_timeout": PATIENCE_SECONDS * 1000,
        "keepalives_idle": PATIENCE_SECONDS,
        "keepalives_interval": 1,
        "keepalives_count": 2,
    }

    def __init__(self, settings: dict) -> None:
        address = {
            "dbname": settings["NAME"],
            "user": settings["USER"],
            "password": settings["PASSWORD"],
            "host": settings["HOST"],
            "port": settings["PORT"],
        }
        options = settings["OPTIONS"].items()
        self.connection = psycopg.connect(
            autocommit=True,
            **self.liveness,
            **{name: value for name, value in address.items() if value},
            **{name: value for name, value in options if name not in DJANGO_OPTIONS},
        )
        # One cursor for good, and values as the server has them: a third of the cost.
        self.cursor = self.connection.cursor(binary=True)
        self.rows(f"SET statement_timeout = '{PATIENCE_SECONDS}s'")
        self.prepared: dict[str, bytes] = {}
        self.loading = Transformer(self.connection)

    def rows(self, statement: str, *values: Any) -> list[tuple]:
        """Return the rows that `statement` yields."""
        self.cursor.execute(statement, values)
        # Asking the cursor for its description costs as much as the query.
        return self.cursor.fetchall() if self.cursor.pgresult.nfields else []

    def find(self, statement: str, *values: str | bytes) -> list[tuple]:
        """Return the rows that `statement` yields, as `rows` does, at half the cost.

        It goes past psycopg's cursor: the statement is prepared, values are sent as
        they are, and the server answers in one call of libpq.
        """
        server = self.connection.pgconn
        name = self.prepared.get(statement)
        if name is None:
            name = b"find_%d" % len(self.prepared)
            first, *rest = statement.split("%s")
            text = first + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))
            demand(server.prepare(name, text.encode()))
            self.prepared[statement] = name
        formats = [
            Format.BINARY if isinstance(v, bytes) else Format.TEXT for v in values
        ]
        sent = [v if isinstance(v, bytes) else v.encode() for v in values]
        found = demand(server.exec_prepared(name, sent, formats, Format.BINARY))
        self.loading.set_pgresult(found, format=Format.BINARY)
        return self.loading.load_rows(0, found.ntuples, tuple)

    def changes(self) -> Iterator[bool]:
        """Say whether the change log has grown: when it does, and every second."""
        self.rows("LISTEN kongadmin_change")
        while True:
            news = list(self.connection.notifies(timeout=1, stop_after=1))
            yield bool(news)

    def transaction(self) -> AbstractContextManager:
        """Write everything in the block, or nothing."""
        return self.connection.transaction()

    def usage_rows(self, rows: list[tuple]) -> str:
        """Return the parameter of `upsert_usage`."""
        return json.dumps(rows)

    def used_rows(self, used: list[tuple[str, float]]) -> str:
        """Return the parameter of `upsert_used`."""
        return json.dumps(used)

    @staticmethod
    def id(text: str) -> str:
        return text

    @staticmethod
    def moment(seconds: float | None) -> datetime | None:
        """Return seconds since 1970 as a time is stored."""
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    @staticmethod
    def seconds(value: datetime | None) -> float | None:
        """Return a stored time as seconds since 1970."""
        return value and value.timestamp()

    @staticmethod
    def document(value: Any) -> Any:
        return value

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()


def demand(result: PGresult) -> PGresult:
    """Return libpq's answer, or raise the error that it is."""
    if result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        return result
    raise psycopg.OperationalError(result.get_error_message())


Database = SQLite | PostgreSQL


def open_database() -> Database:
    """Connect to the database of the settings; raises one of ERRORS if it is away."""
    settings = DATABASES["default"]
    driver = SQLite if settings["ENGINE"].endswith("sqlite3") else PostgreSQL
    return driver(settings)
