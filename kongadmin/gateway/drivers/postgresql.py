"""PostgreSQL, asked through psycopg."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from kongadmin.gateway.drivers.base import PATIENCE_SECONDS, USAGE_COLUMNS, Driver

ERRORS = (psycopg.Error, OSError)
# What Django understands among the options, and psycopg does not.
DJANGO_OPTIONS = {"pool", "assume_role", "isolation_level", "server_side_binding"}


class PostgreSQL(Driver):
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


def demand(result: PGresult) -> PGresult:
    """Return libpq's answer, or raise the error that it is."""
    if result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        return result
    raise psycopg.OperationalError(result.get_error_message())
