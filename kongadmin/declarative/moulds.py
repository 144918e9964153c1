"""What rows of a kind that say the same fields have in common, found out once.

This is for kinds whose values have no parts and are kept as they are; of others only
their model knows what becomes of them.
"""

from functools import lru_cache
from typing import Any

from uuid_utils.compat import uuid7

from kongadmin.declarative.columns import columns_of
from kongadmin.declarative.kinds import KINDS, Kind
from kongadmin.declarative.names import Found
from kongadmin.entities import Entity, writers

PARTS = ("record", "map", "array")


class Mould:
    """What the entities of such rows have in common; made from the first of them."""

    def __init__(self, kind: Kind, names: tuple[str, ...]) -> None:
        self.model = kind.model
        self.fill = kind.model.schema.shortcut(names, kind.refs)
        self.prepare = getattr(self.model, "prepare", None)
        blank = columns_of(self.model).blank()
        defaults = self.model.schema.fill({})
        blank.assign({n: v for n, v in defaults.items() if n not in names})
        self.state = blank.__dict__
        known = writers(self.model)
        self.refs = [(name, f"{name}_id") for name in names if name in kind.refs]
        self.writers = [
            (name, known[name])
            for name in names
            if name in known and name not in kind.refs
        ]

    def cast(self, values: dict[str, Any], refs: dict[str, Found]) -> Entity | None:
        """Return the entity that values are; None if its schema refuses them."""
        if self.fill is None or len(refs) != len(self.refs):
            return None
        filled = self.fill(values)
        if filled is None:
            return None
        entity = self.model.__new__(self.model)
        state = entity.__dict__
        state.update(self.state)
        state["id"] = uuid7()
        for name, attribute in self.refs:
            state[attribute] = refs[name].id
        for name, write in self.writers:
            write(entity, filled[name])
        if self.prepare:
            self.prepare(entity)
        return entity


@lru_cache(256)
def mould_of(name: str, names: tuple[str, ...]) -> Mould | None:
    """Return the mould for rows of a kind that say these fields, if there is one."""
    kind = KINDS[name]
    fields = kind.model.schema.fields
    is_flat = all(field["type"] not in PARTS for field in fields.values())
    is_plain = kind.model.assign is Entity.assign
    return Mould(kind, names) if is_flat and is_plain else None
