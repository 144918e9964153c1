"""SQLite, asked through its driver."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kongadmin.gateway.drivers.base import PATIENCE_SECONDS, USAGE_COLUMNS, Driver

ERRORS = (sqlite3.Error, OSError)
LOOK_SECONDS = 0.1
LATEST_CHANGE = "SELECT max(id) FROM kongadmin_change"


class SQLite(Driver):
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
