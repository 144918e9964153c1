"""Declared rows on their way: to a decision, or waiting for what they refer to."""

import json

from kongadmin.declarative.document import Place, Ref, Row
from kongadmin.declarative.judging import said_of
from kongadmin.declarative.kinds import Kind
from kongadmin.entities import Entity
from kongadmin.fields import keyring


class Step:
    """A declared row on its way to a decision."""

    __slots__ = ("entity", "kind", "names", "number", "row", "stored")

    def __init__(self, number: int, kind: Kind, row: Row, names: dict) -> None:
        self.number, self.kind, self.row, self.names = number, kind, row, names
        self.entity: Entity | None = None
        self.stored: tuple | None = None

    @property
    def name(self) -> str:
        if self.kind.title and len(self.names) == len(self.kind.refs):
            return self.kind.title.format(**self.names)
        return said_of(self.row) if self.kind.title else str(self.entity)


def frozen(row: Row) -> bytes:
    """Return a row as bytes that nobody can read on a disk."""
    values = {
        name: {"$ref": list(value)} if isinstance(value, Ref) else value
        for name, value in row.values.items()
    }
    return keyring.encrypt(json.dumps([row.kind, values, row.place]))


def thawed(stored: bytes) -> Row:
    kind, values, place = json.loads(keyring.decrypt(stored))
    for name, value in values.items():
        if isinstance(value, dict) and "$ref" in value:
            values[name] = Ref(*value["$ref"])
    return Row(kind, values, place and Place(*place))
