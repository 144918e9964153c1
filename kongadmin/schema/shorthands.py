"""Deprecated names of fields: taken, kept equal to what replaced them, and shown.

A deprecated field sets all the fields that replaced it, and shows the first of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from .paths import ABSENT, look_up, with_value

type Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Shorthand:
    """One deprecated name in a record, and where its value belongs now."""

    name: str
    paths: list[list[str]]
    renewed: Convert
    dated: Convert

    def value_in(self, record: dict) -> Any:
        """Return what the deprecated field shows of the fields that replaced it."""
        new = look_up(record, self.paths[0])
        return None if new is ABSENT else self.dated(new)

    def carry_over(self, values: dict) -> dict:
        """Return the values with a deprecated field's value also where it belongs."""
        old = values.get(self.name)
        if old is None:
            return values
        for path in self.paths:
            if look_up(values, path) in (None, ABSENT):
                values = with_value(values, path, self.renewed(old))
        return values

    def mirror(self, filled: dict) -> None:
        """Show the value of what replaced the field, unless the two disagree."""
        if filled.get(self.name) is None:
            filled[self.name] = self.value_in(filled)

    def follow(self, merged: dict, patch: dict) -> dict:
        """Return the merged record where a field that was sent takes its twin along.

        When both are sent they may disagree, which is then an error.
        """
        if self.name in patch:
            for path in self.paths:
                if not _is_sent(patch, path):
                    new = self.renewed(patch[self.name])
                    merged = with_value(merged, path, new)
        elif self.name in merged and _is_sent(patch, self.paths[0]):
            return {**merged, self.name: self.value_in(patch)}
        return merged

    def error(self, record: Any) -> str | None:
        """Return what is wrong if both were given and do not agree."""
        if not isinstance(record, dict):
            return None
        old, new = record.get(self.name), self.value_in(record)
        if old is None or new is None or old == new:
            return None
        place = ".".join(self.paths[0])
        return (
            "both deprecated and new field are used but their values mismatch: "
            f"{self.name} = {plain(old)} vs {place} = {plain(new)}"
        )


def plain(value: Any) -> str:
    """Return a value of a definition as it stands in a message."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def shorthands_of(field: dict) -> list[Shorthand]:
    """Return the deprecated names of a record."""
    return [
        _shorthand(name, definition)
        for name, definition in field.get("shorthand_fields", {}).items()
    ]


def _shorthand(name: str, definition: dict) -> Shorthand:
    replaced_with = definition["deprecation"]["replaced_with"]
    renewed, dated = _TRANSLATIONS[definition.get("custom_translation")]
    return Shorthand(name, [item["path"] for item in replaced_with], renewed, dated)


def _is_sent(patch: dict, path: list[str]) -> bool:
    """Tell if a patch sets what lies at the path, or anything in its place."""
    if look_up(patch, path) is not ABSENT:
        return True
    return not isinstance(patch.get(path[0], {}), dict)


# Values that changed their form with their name. What does not fit stays as it is.


def _unchanged(value: Any) -> Any:
    return value


def _nodes(host: str, addresses: Any) -> Any:
    """Return `host:port` texts as records."""
    parts = [_parts(address) for address in addresses or ()]
    if not parts or None in parts:
        return addresses
    return [{host: name, "port": port} for name, port in parts]


def _parts(address: Any) -> tuple[str, int] | None:
    name, _, port = address.rpartition(":") if isinstance(address, str) else ("",) * 3
    return (name, int(port)) if name and port.isdecimal() else None


def _addresses(host: str, nodes: Any) -> Any:
    """Return records as `host:port` texts."""
    try:
        return [f"{node[host]}:{node['port']}" for node in nodes or ()] or None
    except (KeyError, TypeError):
        return None


_TRANSLATIONS: dict[str | None, tuple[Convert, Convert]] = {
    None: (_unchanged, _unchanged),
    "cluster_nodes": (partial(_nodes, "ip"), partial(_addresses, "ip")),
    "sentinel_nodes": (partial(_nodes, "host"), partial(_addresses, "host")),
}
