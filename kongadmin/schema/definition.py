"""Schema: one entity's or plugin's fields and rules, loaded from YAML."""

import copy
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Self

from .checks import Change, transformation_check
from .editions import EVERYTHING, Edition
from .fields import field_check, record_check
from .json_schema import Translation, needed_in
from .paths import look_up
from .reading import check_top, read_checks, read_fields, read_file
from .shorthands import Shorthand, shorthands_of
from .values import finisher, hide_secrets, record_filler, record_merger, record_reader

_PRIVATE = ("custom_entity_check", "custom_translation", "custom_validator")


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
        self._transformations: list[dict] = definition.get("transformations", [])
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
            *map(transformation_check, self._transformations),
        ]
        self._shorthands = _shorthands(whole, [])
        self._read = record_reader(self._fields | ttl)
        self._fill = record_filler(whole)
        self._merge = record_merger(whole)

    @property
    def tied(self) -> list[set[str]]:
        """The sets of fields of which an update sends all or none."""
        return [
            {name.partition(".")[0] for name in (*each["input"], *each["needs"])}
            for each in self._transformations
        ]

    def describe(self) -> dict:
        """Return the body of `GET /schemas/…`, without what only this program reads."""
        fields = [{name: field} for name, field in self.fields.items()]
        checks = [_served(check) for check in self._checks]
        body = {"entity_checks": [check for check in checks if check], "fields": fields}
        return copy.deepcopy(body)

    def in_json_schema(self, said: Translation) -> dict:
        """Return what the entity is in JSON Schema, every field a property."""
        return said.fields(self._fields)

    @property
    def needed(self) -> list[str]:
        """The fields that a new entity must be sent with."""
        return needed_in(self._fields)

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

    def shortcut(
        self, names: Collection[str], trusted: Collection[str] = ()
    ) -> Callable[[dict], dict | None] | None:
        """Return what fills and judges values of just these names at once.

        It returns None for values that are refused; errors() says why. There is none
        where what is left out would not always be the same, or be refused. The fields
        in `trusted` are not judged.
        """
        first, second = self.fill({}), self.fill({})
        left_out = {n: v for n, v in first.items() if n not in names}
        if (
            self._shorthands
            or not self._fields.keys() >= set(names)
            or any(v != second[n] or isinstance(v, dict) for n, v in left_out.items())
            or record_check({n: self._fields[n] for n in left_out})(left_out)
        ):
            return None
        steps = [
            (name, finisher(self._fields[name]), field_check(self._fields[name]))
            for name in names
            if name not in trusted
        ]
        return self._shortcut(left_out, steps)

    def _shortcut(self, left_out: dict, steps: list) -> Callable[[dict], dict | None]:
        checks = self._entity_checks

        def fill(values: dict) -> dict | None:
            filled = left_out | values
            for name, finish, find_error in steps:
                value = filled[name]
                if finish and value is not None:
                    filled[name] = value = finish(value)
                if find_error(value) is not None:
                    return None
            errors: dict = {}
            for check in checks:
                check(filled, errors, Change(False, filled, None))
            return None if errors else filled

        return fill

    def hide_secrets(self, name: str, value: Any, hide: Callable[[str], Any]) -> Any:
        """Return a field's value with every text in it that is `encrypted` hidden."""
        return hide_secrets(self._fields[name], value, hide)

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
        for place, shorthand in self._shorthands:
            error = shorthand.error(look_up(values, place))
            if error is not None:
                errors[shorthand.name] = error
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


def _shorthands(record: dict, place: list[str]) -> list[tuple[list[str], Shorthand]]:
    """Return the deprecated names of a record and of those inside it, with places."""
    found = [(place, shorthand) for shorthand in shorthands_of(record)]
    for name, field in record.get("fields", {}).items():
        if field["type"] == "record":
            found += _shorthands(field, [*place, name])
    return found
