"""Rows that say just what is stored, recognised before anything is judged.

A row that equals one that passed the rules passes them as well. This is for kinds whose
values have no parts; of others only the schema knows the defaults.
"""

from functools import cache
from typing import Any

from consumers.models import BasicAuth
from consumers.models.credentials import password_digest
from kongadmin.declarative.columns import columns_of
from kongadmin.declarative.kinds import KINDS, Kind

# What is not compared: who a row is, and when it was made.
APART = frozenset(("id", "created_at", "updated_at", "tags"))


class Shortcut:
    """How rows of one kind are told for comparison without becoming entities."""

    def __init__(self, kind: Kind) -> None:
        model = kind.model
        fields = model.schema.fields
        by_column = {model.columns.get(name, name): name for name in fields}
        self.names: list[tuple[str, Any, bool]] = []
        self.is_possible = True
        for column, _, _ in columns_of(model).compared:
            name = by_column.get(column.removesuffix("_id"), column)
            field = fields.get(name, {})
            self.is_possible &= field.get("type") not in ("record", "map", "set")
            is_ref = name in kind.refs
            self.names.append((name, field.get("default"), is_ref))
        self.known = frozenset(name for name, _, _ in self.names) | APART
        self.has_tags = kind.has_tags
        self.is_basic = model is BasicAuth

    def told(self, values: dict[str, Any], is_hashed: bool) -> list | None:
        """Return what counts in a comparison; None where it takes the long way."""
        if not self.is_possible or not self.known.issuperset(values):
            return None
        told = []
        for name, default, is_ref in self.names:
            value = values.get(name, default)
            if value is not None and is_ref:
                value = value["id"].replace("-", "")
            told.append(value)
        if self.is_basic and not is_hashed and isinstance(values.get("password"), str):
            place = [name for name, _, _ in self.names].index("password")
            told[place] = password_digest(told[place], values["consumer"]["id"])
        tags = values.get("tags") if self.has_tags else None
        if tags:
            if not isinstance(tags, list) or any(type(tag) is not str for tag in tags):
                return None
            told.append(sorted(set(tags)))
        return told


@cache
def shortcut_of(name: str) -> Shortcut:
    """Return the shortcut for a kind."""
    return Shortcut(KINDS[name])
