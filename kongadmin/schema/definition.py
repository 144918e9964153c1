"""Schema: one entity's or plugin's fields and rules, loaded from YAML."""

import copy
from pathlib import Path
from typing import Any, Self

from .checks import Change, transformation_check
from .editions import EVERYTHING, Edition
from .fields import plain, record_check
from .paths import ABSENT, look_up
from .reading import check_top, read_checks, read_fields, read_file
from .values import (
    record_filler,
    record_merger,
    record_reader,
    shorthands_of,
)

_PRIVATE = ("custom_validator", "custom_entity_check")


class Schema:
    """What an entity (or a plugin) consists of, and what may be said of its values.

    A definition is written as Kong writes it, `fields` being a list of maps with one
    key each; a plain map is understood as well. Values are plain dicts.
    """

    def __init__(self, definition: dict, edition: Edition = EVERYTHING):
        check_top(definition)
        self.name: str = definition["name"]
        self.ttl: bool = definition.get("ttl", False)
        self.priority: int | None = definition.get("priority")
        self.version: str | None = definition.get("version")
        self._fields = read_fields(definition["fields"], edition)
        self._checks: list[dict] = definition.get("entity_checks") or []
        self._transformations: list[dict] = definition.get("transformations") or []
        self.fields: dict[str, dict] = {
            name: _served(field) for name, field in self._fields.items()
        }
        self._compile()

    @classmethod
    def of(cls, definition: dict, edition: Edition = EVERYTHING) -> Self:
        """Return the schema a definition describes, as far as an edition has it.

        Raises ValueError for what the language does not have.
        """
        return cls(definition, edition)

    @classmethod
    def load(
        cls,
        path: Path | str,
        edition: Edition = EVERYTHING,
        common: Path | None = None,
    ) -> Self:
        """Return the schema a YAML file describes, as far as an edition has it.

        `common` is a file with fields that follow its own.
        """
        definition = read_file(path)
        if common:
            definition["fields"] += read_file(common)["fields"]
        return cls(definition, edition)

    def _compile(self) -> None:
        whole = {"type": "record", "fields": self._fields}
        ttl = {"ttl": {"type": "number"}} if self.ttl else {}
        ignored = ("updated_at", *ttl)
        self._find_errors = record_check(self._fields, ignored)
        self._entity_checks = [
            *read_checks(self._checks, self._fields),
            *(transformation_check(each) for each in self._transformations),
        ]
        self._shorthands = _shorthand_paths(whole, [])
        self._read = record_reader(self._fields | ttl)
        self._fill = record_filler(whole)
        self._merge = record_merger(whole)

    def describe(self) -> dict:
        """Return the body of `GET /schemas/…`, without what only this program reads."""
        fields = [{name: field} for name, field in self.fields.items()]
        checks = [_served(check) for check in self._checks]
        body = {"entity_checks": [check for check in checks if check], "fields": fields}
        return copy.deepcopy(body)

    def infer(self, values: dict) -> dict:
        """Return form or query values with the types of their fields.

        An empty text is null; text that is no number or boolean stays text, and
        unknown fields stay as they are.
        """
        return self._read(values)

    def merge(self, stored: dict, patch: dict) -> dict:
        """Return the stored values changed by a patch: records key by key."""
        return self._merge(stored, patch)

    def fill(self, values: dict) -> dict:
        """Return the values with every field present: given, made, default or null.

        Sets lose repetitions, 5.0 in an integer field becomes 5, unknown keys stay
        (errors() names them) except `updated_at`, which any entity may be sent.
        """
        filled = self._fill(values)
        if "updated_at" not in self._fields:
            filled.pop("updated_at", None)
        return filled

    def errors(
        self,
        values: dict,
        *,
        updating: bool = False,
        patch: dict | None = None,
        stored: dict | None = None,
    ) -> dict:
        """Return Kong's `fields` tree of what is wrong with the values, {} if nothing.

        `patch` is what an update was sent with, `stored` what was there before it:
        fields that must be set together must be sent together.
        """
        errors = self._find_errors(values) or {}
        for record, name, path in self._shorthands:
            _compare_shorthand(look_up(values, record), name, path, errors)
        change = Change(updating, values if patch is None else patch, stored)
        for check in self._entity_checks:
            check(values, errors, change)
        return errors


def plugin_schema(entity: Schema, plugin: Schema) -> Schema:
    """Return the schema of whole plugin objects with that plugin's name.

    The plugin's own definitions (config, protocols, where it may be applied) take the
    place of the entity's; what plugins cannot be applied to, none can refuse.
    """
    own = {n: field for n, field in plugin._fields.items() if n in entity._fields}
    return Schema(
        {
            "name": plugin.name,
            "priority": plugin.priority,
            "version": plugin.version,
            "fields": entity._fields | own,
            "entity_checks": [*entity._checks, *plugin._checks],
        }
    )


def _served(definition: Any, part: str | None = None) -> Any:
    """Return a definition as clients see it: lists of one-key maps, no functions."""
    if isinstance(definition, list):
        return [_served(item) for item in definition]
    if not isinstance(definition, dict):
        return definition
    if part in ("fields", "shorthand_fields"):
        return [{name: _served(field)} for name, field in definition.items()]
    kept = {
        key: _served(value, key)
        for key, value in definition.items()
        if key not in _PRIVATE
    }
    return kept or []


def _shorthand_paths(record: dict, place: list[str]) -> list[tuple]:
    """Return (place of the record, deprecated name, its replacement), at any depth."""
    found = [(place, name, paths[0]) for name, paths in shorthands_of(record)]
    for name, field in record.get("fields", {}).items():
        if field["type"] == "record":
            found += _shorthand_paths(field, [*place, name])
    return found


def _compare_shorthand(record: Any, name: str, path: list[str], errors: dict) -> None:
    """Report a deprecated field that contradicts its replacement, by its flat name."""
    old, new = look_up(record, [name]), look_up(record, path)
    unset = (None, ABSENT)
    if old in unset or new in unset or old == new:
        return
    values = f"{name} = {plain(old)} vs {'.'.join(path)} = {plain(new)}"
    problem = "both deprecated and new field are used but their values mismatch"
    errors[name] = f"{problem}: {values}"
