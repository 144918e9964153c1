"""The objects of a file while it is read: outside of memory, as nobody can read them.

What refers to another is known once all of the file has been read, however long it is.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from kongadmin.declarative.document import Place, Ref
from kongadmin.declarative.staging import connect
from kongadmin.fields import keyring

TABLE = """
    CREATE TABLE object (
        number INTEGER PRIMARY KEY, plural TEXT, namespace TEXT, name TEXT,
        line INTEGER, column INTEGER, field TEXT, text TEXT, said BLOB,
        UNIQUE (plural, namespace, name)
    )
"""
NAMED = "namespace = ? AND name = ?"

type Name = tuple[str, str]  # a namespace, and a name in it


class Object(NamedTuple):
    """An object that was kept: what it is, where it stands, what was kept of it."""

    plural: str
    key: Name
    place: Place
    said: Any


class Kept:
    """The objects, in a file of SQLite's that SQLite itself deletes."""

    def __init__(self) -> None:
        self.database = connect("")
        for sql in ("PRAGMA journal_mode=OFF", "BEGIN", TABLE):
            self.database.execute(sql)

    def put(self, object: Object, field: str = "", text: str = "") -> None:
        """Keep an object; others refer to it by what a field of its row says."""
        said = keyring.encrypt(json.dumps(object.said))
        row = (object.plural, *object.key, *object.place[:2], field, text, said)
        self.database.execute(
            "INSERT INTO object VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", row
        )

    def line_of(self, plural: str, key: Name) -> int | None:
        """Return where an object stands, None where it does not."""
        found = self.found("line", plural, key)
        return found and found[0]

    def ref(self, plural: str, kind: str, key: Name) -> Ref | None:
        """Return how rows refer to the row of an object."""
        found = self.found("text, field", plural, key)
        return found and Ref(kind, *found)

    def find(self, plural: str, key: Name) -> Object | None:
        return next(self.all(f"plural = ? AND {NAMED}", plural, *key), None)

    def all(self, where: str, *values: str) -> Iterator[Object]:
        """Yield objects in the order of the file."""
        columns = "plural, namespace, name, line, column, said"
        sql = f"SELECT {columns} FROM object WHERE {where} ORDER BY number"  # noqa: S608
        for plural, namespace, name, line, column, said in self.database.execute(
            sql, values
        ):
            opened = json.loads(keyring.decrypt(said))
            yield Object(plural, (namespace, name), Place(line, column), opened)

    def found(self, columns: str, plural: str, key: Name) -> tuple | None:
        sql = f"SELECT {columns} FROM object WHERE plural = ? AND {NAMED}"  # noqa: S608
        return self.database.execute(sql, (plural, *key)).fetchone()
