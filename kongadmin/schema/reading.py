"""From the text of a schema to definitions by name, or what is wrong with the text.

Operators write schemas too, so every mistake is found here and told by its place;
what comes later may trust its definitions.
"""

from pathlib import Path
from typing import Any

import yaml

from .checks import entity_check
from .editions import Edition
from .fields import RULE_KINDS, TYPE_NAMES, field_check
from .shorthands import shorthands_of
from .typedefs import with_typedef
from .values import record_filler
from .yaml_text import read_yaml

_TEXT_OR_NULL = (str, type(None))
_ATTRIBUTES: dict[str, Any] = RULE_KINDS | {
    "abstract": bool,
    "auto": bool,
    "custom_translation": str,
    "default": object,
    "deprecation": dict,
    "description": str,
    "elements": dict,
    "encrypted": bool,
    "entity_checks": list,
    "fields": (list, dict),
    "keys": dict,
    "legacy": bool,
    "nullable": bool,
    "on_delete": str,
    "reference": str,
    "referenceable": bool,
    "required": bool,
    "shorthand_fields": (list, dict),
    "type": str,
    "unique": bool,
    "values": dict,
}
_TOP = {
    "entity_checks": (list, type(None)),
    "fields": (list, dict),
    "name": str,
    "priority": int,
    "transformations": list,
    "ttl": bool,
    "version": _TEXT_OR_NULL,
}
_GATES = {"enterprise": bool, "since": str}
_PARTS = {"array": ("elements",), "set": ("elements",), "map": ("keys", "values")}


def read_file(path: Path | str) -> dict:
    """Return the definition a YAML file holds; ValueError if it holds none."""
    try:
        definition = read_yaml(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = " ".join(str(error).split())
        raise ValueError(f"it cannot be read as YAML ({problem})") from error
    if not isinstance(definition, dict):
        raise ValueError("it holds no map of name, fields and entity_checks")
    return definition


def check_top(definition: dict) -> None:
    """Raise ValueError for what the outermost level of a schema may not have."""
    for name in ("name", "fields"):
        if name not in definition:
            raise ValueError(f"{name} is missing")
    _check_attributes(definition, _TOP | _GATES, "")


def read_fields(fields: list | dict, edition: Edition, place: str = "") -> dict:
    """Return the definitions of the fields that an edition has, by name, in order.

    A later definition of a name replaces the earlier one where the edition has both.
    """
    found = {}
    for name, field in _pairs(fields, place):
        inner = f"{place}.{name}" if place else name
        if not isinstance(field, dict):
            raise ValueError(f"{inner} is no map of attributes")
        field = _with_typedef(field, inner)
        _check_attributes(field, _ATTRIBUTES | _GATES, inner)
        if edition.has(field):
            found[name] = _read_field(field, edition, inner)
    return found


def read_checks(checks: list[dict], fields: dict) -> list:
    """Return the functions of a schema's entity checks."""
    return [_read_check(check, fields, "entity_checks") for check in checks]


def _pairs(fields: list | dict, place: str) -> list[tuple[str, Any]]:
    if isinstance(fields, dict):
        return list(fields.items())
    if not all(isinstance(item, dict) for item in fields):
        raise ValueError(f"{place or 'fields'} is no list of maps with one name each")
    return [pair for item in fields for pair in item.items()]


def _with_typedef(field: dict, place: str) -> dict:
    try:
        return with_typedef(field)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error


def _check_attributes(given: dict, known: dict, place: str) -> None:
    at = f"{place}: " if place else ""
    unknown = sorted(map(str, given.keys() - known.keys()))
    if unknown:
        raise ValueError(f"{at}the schema language has no {', '.join(unknown)}")
    for name, value in given.items():
        if not isinstance(value, known[name]):
            raise ValueError(f"{at}{name} cannot be {value!r}")


def _read_field(field: dict, edition: Edition, place: str) -> dict:
    """Return a definition with inner fields by name; a record is required by itself."""
    kind = field.get("type")
    if kind not in TYPE_NAMES:
        raise ValueError(f"{place}: type must be one of {', '.join(TYPE_NAMES)}")
    field = {name: value for name, value in field.items() if name not in _GATES}
    for part in _PARTS.get(kind, ()):
        if part not in field:
            raise ValueError(f"{place}: {part} is missing")
        inner = read_fields({part: field[part]}, edition, place)
        field |= inner
    for part in ("fields", "shorthand_fields"):
        if part in field:
            field[part] = read_fields(field[part], edition, place)
    if kind == "record":
        field.setdefault("required", True)
        for check in field.get("entity_checks", ()):
            _read_check(check, field.get("fields", {}), f"{place}.entity_checks")
    _check_rules(field, place)
    return field


def _check_rules(field: dict, place: str) -> None:
    """Make the field's function once, and let it judge the field's own default."""
    try:
        judge = field_check(field)
        shorthands_of(field)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{place}: {error}") from error
    if field.get("default") is not None:
        default = record_filler({"fields": {"x": field}})({})["x"]
        if judge(default) is not None:
            raise ValueError(f"{place}: its default is wrong ({judge(default)})")


def _read_check(check: Any, fields: dict, place: str) -> Any:
    try:
        return entity_check(check, fields, field_check)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{place}: {check!r} is not understood ({error})") from error
