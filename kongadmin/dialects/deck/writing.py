"""Rows as a decK file, or as a declarative file of Kong's own.

Looks as decK's own dumps do: keys in the order of the alphabet, nothing that is null,
lists not indented. What decK has no place for stands at the top under Kong's names.
"""

import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from kongadmin.declarative.document import Head, Ref, Row
from kongadmin.declarative.formats import Options
from kongadmin.declarative.kinds import CONSUMER_GROUPS, CONSUMERS
from kongadmin.dialects.deck.scalars import INDENTED, key, scalar
from kongadmin.dialects.deck.secrets import Hiding, Verbatim
from kongadmin.dialects.deck.terms import (
    LIMITED,
    MEMBERSHIPS,
    NAMES,
    NEWEST,
    OVERRIDES,
    OVERRIDES_IN_FILES,
    PLUGINS,
)
from kongadmin.plugins.catalogue import plugin_schemas

# Made anew by whoever reads the file.
LEFT_OUT = frozenset(["created_at", "updated_at"])
OWNER_FIELDS = {CONSUMERS: "consumer", CONSUMER_GROUPS: "consumer_group"}
# What decK does not take for a plugin that stands in its group.
ONLY_AT_THE_TOP = ("enabled", "protocols")
HELD_IN_MEMORY = 1 << 20
MASKED = "# Secrets are masked: nothing can be imported from this file.\n"
HASHED = "_transform: false # passwords are digests already\n"


def write(rows: Iterable[Row], head: Head, options: Options) -> Iterator[str]:
    """Yield a decK file."""
    return Writer(head, options).text(rows)


def write_for_kong(rows: Iterable[Row], head: Head, options: Options) -> Iterator[str]:
    """Yield a declarative file for a Kong without a database."""
    return KongWriter(head, options).text(rows)


class Writer:
    """One file: groups first, then consumers as they come, then all others."""

    def __init__(self, head: Head, options: Options) -> None:
        self._head = head
        self._options = options
        self._hide = Hiding(options).hide
        self._has_overrides = False
        self._is_hashed = False
        self._has_begun = False
        self._groups: list[list[Row]] = []
        self._later: dict[str, Any] = {}

    def text(self, rows: Iterable[Row]) -> Iterator[str]:
        owned: list[Row] = []
        for row in rows:
            if row.kind in OWNER_FIELDS:
                yield from self._done(owned)
                owned = [row]
            elif owned and self._stands_in(row, owned[0]):
                owned.append(row)
            else:
                self._lay_aside(row)
        yield from self._done(owned)
        if not self._has_begun:
            yield from self._beginning()
        yield from self._ending()

    def _done(self, owned: list[Row]) -> Iterator[str]:
        """Take an owner with all that hangs on it; groups wait for each other."""
        if not owned:
            return
        if owned[0].kind == CONSUMERS:
            if not self._has_begun:
                yield from self._beginning()
                yield f"{CONSUMERS}:\n"
            yield entry(self._whole(owned))
        elif self._has_begun:
            raise ValueError("consumer groups must come before consumers")
        else:
            self._has_overrides |= any(row.kind == OVERRIDES for row in owned)
            self._groups.append(owned)

    def _beginning(self) -> Iterator[str]:
        self._has_begun = True
        if self._options.secrets == "masked":
            yield MASKED
        yield block({"_format_version": NEWEST})
        if info := self._info():
            yield block({"_info": info})
        if self._head.workspace:
            yield block({"_workspace": self._head.workspace})
        if self._groups:
            yield f"{CONSUMER_GROUPS}:\n"
        for owned in self._groups:
            yield entry(self._whole(owned))

    def _info(self) -> dict:
        head, info = self._head, {}
        if self._has_overrides:
            info["consumer_group_policy_overrides"] = True
        if head.lookup_tags:
            tags = {kind: list(tags) for kind, tags in head.lookup_tags.items()}
            info["default_lookup_tags"] = tags
        if head.select_tags:
            info["select_tags"] = list(head.select_tags)
        return info

    def _ending(self) -> Iterator[str]:
        """Yield what was laid aside."""
        for name in sorted(self._later):
            aside = self._later[name]
            yield f"{name}:\n"
            aside.seek(0)
            yield from iter(lambda: aside.read(HELD_IN_MEMORY), "")  # noqa: B023
            aside.close()
        if self._is_hashed and self._options.secrets != "masked":
            yield HASHED

    def _stands_in(self, row: Row, owner: Row) -> bool:
        """Say whether a row stands in its owner's entry."""
        ref = row.values.get(OWNER_FIELDS[owner.kind])
        if not isinstance(ref, Ref):
            return False
        names = [ref.field] if ref.field else NAMES[owner.kind]
        is_meant = any(owner.values.get(name) == ref.text for name in names)
        return is_meant and self._can_be_nested(row, owner)

    def _can_be_nested(self, row: Row, owner: Row) -> bool:
        if owner.kind == CONSUMERS:
            return row.kind != PLUGINS or not row.values.get("consumer_group")
        if row.kind == PLUGINS:
            return not row.values.get("consumer") and is_plain_of_group(row.values)
        return row.kind == OVERRIDES

    def _whole(self, owned: list[Row]) -> dict:
        """Return an owner with what hangs on it, as it is written."""
        owner, *rest = owned
        values = self._own(owner)
        for row in rest:
            name, item = self._nested(row)
            if name:
                values.setdefault(name, []).append(item)
        if "id" not in values and any(map(self._needs_owners_id, rest)):
            values["id"] = owner.values["id"]
        return values

    def _nested(self, row: Row) -> tuple[str, Any]:
        """Return where in its owner's entry a row stands, and as what."""
        if row.kind == MEMBERSHIPS:
            group = row.values["consumer_group"]
            return "groups", {group.field or "name": group.text}
        if row.kind == PLUGINS and row.values.get("consumer_group"):
            if self._has_overrides:
                self._lay_aside(row)
                return "", None
            return PLUGINS, self._own(row, ("consumer_group", *ONLY_AT_THE_TOP))
        if row.kind == OVERRIDES:
            return PLUGINS, {"name": LIMITED, **self._own(row, ("consumer_group",))}
        return row.kind, self._own(row, ("consumer",))

    def _own(self, row: Row, left_out: tuple[str, ...] = ()) -> dict:
        """Return what a row says of itself, without what says nothing."""
        self._is_hashed |= is_hashed(row)
        values = {
            name: _reference(value) if isinstance(value, Ref) else value
            for name, value in self._hide(row).items()
            if value is not None and name not in LEFT_OUT and name not in left_out
        }
        if not self._options.with_id and row.kind != "mtls_auth_credentials":
            values.pop("id", None)
        return values

    def _needs_owners_id(self, row: Row) -> bool:
        """A digest of a password is one of its consumer's id as well."""
        return row.kind == "basicauth_credentials"

    def _lay_aside(self, row: Row) -> None:
        """Keep what stands at the top, after all consumers."""
        name, values = row.kind, self._own(row)
        if row.kind == OVERRIDES:
            name, values = OVERRIDES_IN_FILES, {"name": LIMITED, **values}
        if name not in self._later:
            self._later[name] = tempfile.SpooledTemporaryFile(  # noqa: SIM115
                HELD_IN_MEMORY, "w+", encoding="utf-8", newline="\n"
            )
        self._later[name].write(entry(values))


class KongWriter(Writer):
    """What Kong itself takes: memberships and overrides stand at the top."""

    def _info(self) -> dict:
        return {}

    def _can_be_nested(self, row: Row, owner: Row) -> bool:
        is_nested = row.kind not in (MEMBERSHIPS, OVERRIDES)
        return is_nested and super()._can_be_nested(row, owner)


def is_hashed(row: Row) -> bool:
    """Say whether a row holds what must not be hashed once more."""
    return row.kind == "basicauth_credentials" or bool(row.values.get("hash_secret"))


def is_plain_of_group(values: dict) -> bool:
    """Say whether a group's plugin is as decK takes one: enabled, usual protocols."""
    schema = plugin_schemas().get(values["name"])
    usual = schema and schema.fields["protocols"].get("default")
    protocols = values.get("protocols")
    return values.get("enabled") is not False and protocols in (None, usual)


def _reference(ref: Ref) -> Any:
    """Return how an entity at the top names another."""
    is_clear = ref.field in (None, "id", NAMES[ref.kind][0])
    return ref.text if is_clear else {ref.field: ref.text}


def block(values: dict, indent: str = "") -> str:
    """Return a mapping, a line for each key that holds a single value."""
    return "".join(
        f"{indent}{_key(name)}:{_value(values[name], indent)}"
        for name in sorted(values)
    )


def entry(values: Any, indent: str = "") -> str:
    """Return an entry of a list."""
    inner = indent + INDENTED
    if isinstance(values, dict) and values:
        return f"{indent}- {block(values, inner)[len(inner) :]}"
    if isinstance(values, list) and values:
        nested = "".join(entry(each, inner) for each in values)
        return f"{indent}- {nested[len(inner) :]}"
    return f"{indent}-{_value(values, indent)}"


def _value(value: Any, indent: str) -> str:
    if isinstance(value, dict):
        return f"\n{block(value, indent + INDENTED)}" if value else " {}\n"
    if isinstance(value, list):
        entries = "".join(entry(each, indent) for each in value)
        return f"\n{entries}" if value else " []\n"
    return f" {value if isinstance(value, Verbatim) else scalar(value, indent)}\n"


@lru_cache(1000)
def _key(name: str) -> str:
    return key(name)
