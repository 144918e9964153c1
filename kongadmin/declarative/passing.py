"""Declared rows on their way: to a decision, or waiting for what they refer to."""

import json

from kongadmin.declarative.document import Place, Ref, Row
from kongadmin.declarative.judging import said_of
from kongadmin.declarative.kinds import Kind
from kongadmin.declarative.names import Found
from kongadmin.entities import Entity
from kongadmin.fields import keyring


class Step:
    """A declared row on its way to a decision."""

    __slots__ = ("entity", "kind", "number", "refs", "row", "stored")

    def __init__(
        self, number: int, kind: Kind, row: Row, refs: dict[str, Found]
    ) -> None:
        self.number, self.kind, self.row, self.refs = number, kind, row, refs
        self.entity: Entity | None = None
        self.stored: tuple | None = None

    @property
    def name(self) -> str:
        if self.kind.title and len(self.refs) == len(self.kind.refs):
            names = {field: found.name for field, found in self.refs.items()}
            return self.kind.title.format(**names)
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


def owner_of(refs: dict[str, Found]) -> str | None:
    """Return what the consumer or the group is called that a row hangs on."""
    owner = refs.get("consumer") or refs.get("consumer_group")
    return owner and owner.name
