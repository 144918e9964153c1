"""Where a plan is put together and kept: a SQLite file that nobody else can open.

Memory stays small whatever the size of a document. Rows lie here as the database would
hold them, so no secret is ever on disk in clear.
"""

import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import batched, chain
from pathlib import Path
from typing import Any, BinaryIO

TABLES = """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT);
    CREATE TABLE stored (
        number INTEGER PRIMARY KEY, kind INTEGER, id BLOB, consumer BLOB,
        consumer_group BLOB, is_selected INTEGER, print BLOB, row BLOB
    );
    CREATE TABLE stored_key (key BLOB, stored INTEGER);
    CREATE TABLE name (kind TEXT, text TEXT, field TEXT, id BLOB, said TEXT);
    CREATE TABLE deferred (number INTEGER PRIMARY KEY, row BLOB);
    CREATE TABLE claim (key BLOB, step INTEGER);
    CREATE TABLE lost (id BLOB PRIMARY KEY, owner BLOB, model TEXT, row BLOB);
    CREATE INDEX lost_by_owner ON lost (owner);
    CREATE TABLE step (
        number INTEGER PRIMARY KEY, verb INTEGER, kind INTEGER, id BLOB,
        consumer BLOB, consumer_group BLOB, name TEXT, owner TEXT, changed TEXT,
        before BLOB, after BLOB, stored INTEGER, line INTEGER, position INTEGER,
        problem TEXT, is_done INTEGER DEFAULT 0
    );
"""
# What is needed while a plan is made, and no longer.
SCRATCH = ("stored", "stored_key", "name", "deferred", "claim")
# Rows that go into a table with no more than these columns.
SHORT = {"unchanged": "step (number, verb, kind, id, owner, stored, line, position)"}
BATCH = 1000
# So many in one statement: a statement for each row would take half as long again.
AT_ONCE = 50
PIECE = 1 << 20


class Staging:
    """The tables, and rows on their way into them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.database = connection
        self.waiting: dict[str, list[tuple]] = defaultdict(list)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536"):
            self.execute(f"PRAGMA {pragma}")

    def begin(self) -> None:
        """Spare each statement a transaction of its own."""
        self.execute("BEGIN")

    @classmethod
    def new(cls) -> "Staging":
        """Return an empty one; SQLite itself deletes its file."""
        staging = cls(connect(""))
        staging.begin()
        staging.script(TABLES)
        return staging

    @classmethod
    def load(cls, pieces: Iterable[bytes]) -> "Staging":
        """Return what `save` wrote."""
        with tempfile.TemporaryDirectory(prefix="kongadmin-plan-") as folder:
            path = Path(folder) / "plan"
            with path.open("wb") as file:
                file.writelines(pieces)
            staging = cls(connect(path))
            staging.begin()  # opens the file, which then needs no name
            staging.recall("mode")
            return staging

    def save(self) -> Iterator[bytes]:
        """Yield the whole as bytes, in pieces."""
        self.flush()
        self.execute("COMMIT")
        with tempfile.TemporaryDirectory(prefix="kongadmin-plan-") as folder:
            path = Path(folder) / "plan"
            copy = connect(path)
            self.database.backup(copy)
            self.begin()
            for table in SCRATCH:
                copy.execute(f"DROP TABLE IF EXISTS {table}")
            copy.execute("VACUUM")
            copy.close()
            with path.open("rb") as file:
                yield from pieces_of(file)

    def put(self, table: str, row: tuple) -> None:
        """Insert a row, soon; `table` may be one of SHORT."""
        rows = self.waiting[table]
        rows.append(row)
        if len(rows) >= BATCH:
            self.insert(table, rows)
            rows.clear()

    def insert(self, table: str, rows: list[tuple]) -> None:
        for some in batched(rows, AT_ONCE, strict=False):
            places = f"({', '.join('?' for _ in some[0])})"
            self.database.execute(
                f"INSERT OR IGNORE INTO {SHORT.get(table, table)} "  # noqa: S608
                f"VALUES {', '.join(places for _ in some)}",
                [*chain.from_iterable(some)],
            )

    def flush(self) -> None:
        for table, rows in self.waiting.items():
            self.insert(table, rows)
            rows.clear()

    def execute(self, sql: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        return self.database.execute(sql, tuple(values))

    def script(self, sql: str) -> None:
        """Run several statements within the transaction."""
        for statement in sql.split(";"):
            self.execute(statement)

    def index(self) -> None:
        """Make what is stored quick to find; once it is all there."""
        self.flush()
        self.execute("CREATE INDEX stored_by_id ON stored (id)")

    def remember(self, name: str, value: str) -> None:
        self.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def recall(self, name: str) -> str | None:
        row = self.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row and row[0]


def connect(path: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(path, check_same_thread=False, isolation_level=None)


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
