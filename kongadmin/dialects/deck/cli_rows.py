"""Which rows a command is about, and how much of each is written."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from consumers.models import Consumer
from groups.models import Membership
from kongadmin.declarative.document import Row
from kongadmin.declarative.kinds import KINDS
from kongadmin.plugins.models import Plugin, whole_schema

PLUGINS, MEMBERSHIPS = Plugin.schema.name, Membership.schema.name
ALWAYS = {  # written though it is the default
    "name",
    "config",
    *(name for kind in KINDS.values() for name in kind.keys),
}
type Choice = frozenset[str]


def kinds_of(is_without_consumers: bool, is_without_memberships: bool) -> Choice | None:
    """Return the kinds that a command is about, None for all."""
    if is_without_consumers:
        return frozenset([PLUGINS])
    if is_without_memberships:
        return frozenset(KINDS) - {MEMBERSHIPS}
    return None


def chosen(rows: Iterable[Row], kinds: Choice | None) -> Iterable[Row]:
    """Leave out rows of other kinds; without consumers, also what is for them."""
    if kinds is None:
        return rows
    return (r for r in rows if r.kind in kinds and not is_for_others(r, kinds))


def is_for_others(row: Row, kinds: Choice) -> bool:
    is_alone = Consumer.schema.name not in kinds
    return is_alone and any(row.values.get(name) for name in KINDS[row.kind].refs)


def without_defaults(rows: Iterable[Row]) -> Iterator[Row]:
    """Take from rows what they would have anyway."""
    for row in rows:
        defaults = defaults_of(row.kind, row.values.get("name"))
        values = {
            name: less(value, defaults.get(name))
            for name, value in row.values.items()
            if name in ALWAYS or value != defaults.get(name)
        }
        yield Row(row.kind, values, row.place)


def less(value: Any, default: Any) -> Any:
    """Return a record without the fields that are as by default."""
    if not isinstance(value, dict) or not isinstance(default, dict):
        return value
    return {
        name: less(inner, default.get(name))
        for name, inner in value.items()
        if name not in default or inner != default[name]
    }


@cache
def defaults_of(kind: str, name: str | None) -> dict[str, Any]:
    """Return what an entity of a kind has if nothing is said; `name` is a plugin's."""
    if kind == PLUGINS:
        return whole_schema(name).fill({"name": name})
    schema = KINDS[kind].model.schema
    return schema.fill({})
