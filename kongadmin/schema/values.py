"""From a field's definition to the functions that type, complete and merge values.

Like the judges in `fields`, they are made once per schema. None of them raises: a
value that does not fit its field is passed on, and judged later.
"""

import base64
import re
import secrets
import string
from collections.abc import Callable
from typing import Any

from .paths import ABSENT
from .shorthands import shorthands_of

type Convert = Callable[[Any], Any]

_LETTERS = string.ascii_letters
_DECIMAL = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_HEXADECIMAL = re.compile(r"\s*[+-]?0[xX][0-9a-fA-F]{1,12}\s*")
_LARGEST_EXACT = 2**53


def random_key() -> str:
    """Return a new secret of 32 letters and digits (24 random bytes in base64)."""
    text = base64.b64encode(secrets.token_bytes(24)).decode()
    if "+" in text or "/" in text:
        text = "".join(c if c.isalnum() else secrets.choice(_LETTERS) for c in text)
    return text


# Form text to typed values


def record_reader(fields: dict) -> Callable[[dict], dict]:
    """Return the function that types a record's form values by its fields."""
    readers = {name: _reader(field) for name, field in fields.items()}

    def read(values: dict) -> dict:
        return {
            name: readers[name](value) if name in readers else value
            for name, value in values.items()
        }

    return read


def _reader(field: dict) -> Convert:
    """Return the function that types one form value; an empty text is null."""
    typed = _typed(field)
    return lambda value: None if value == "" else typed(value)


def _typed(field: dict) -> Convert:
    match field["type"]:
        case "number" | "integer":
            return _to_number
        case "boolean":
            return _to_boolean
        case "array" | "set":
            return _list_reader(field)
        case "map":
            return _if_dict(_values_each(_reader(field["values"])))
        case "foreign":
            return _if_dict(_values_each(_reader({"type": "string"})))
        case "record":
            every = field.get("fields", {}) | field.get("shorthand_fields", {})
            return _if_dict(record_reader(every))
    return _unchanged


def _unchanged(value: Any) -> Any:
    return value


def _if_dict(convert: Convert) -> Convert:
    return lambda value: convert(value) if isinstance(value, dict) else value


def _values_each(convert: Convert) -> Convert:
    return lambda values: {key: convert(value) for key, value in values.items()}


def _to_boolean(value: Any) -> Any:
    return value == "true" if value in ("true", "false") else value


def _to_number(value: Any) -> Any:
    """Return the number a text stands for as Lua reads it, or the value as it is."""
    if not isinstance(value, str):
        return value
    if _HEXADECIMAL.fullmatch(value):
        return int(value, 16)
    if not _DECIMAL.fullmatch(value):
        return value
    number = float(value)
    if number in (float("inf"), float("-inf")):
        return value
    exact = number.is_integer() and abs(number) <= _LARGEST_EXACT
    return int(number) if exact else number


def _list_reader(field: dict) -> Convert:
    element = _reader(field["elements"])
    is_set = field["type"] == "set"

    def read(value: Any) -> Any:
        if value is None or isinstance(value, dict):
            return value
        values = value if isinstance(value, list) else [value]
        values = [element(v) for v in values]
        return _unique(values) if is_set else values

    return read


def _unique(values: list) -> list:
    """Return the values without repetitions, in order; true and 1 are not the same."""
    seen = set()
    kept = []
    for value in values:
        if not isinstance(value, dict | list):
            key = (isinstance(value, bool), value)
            if key in seen:
                continue
            seen.add(key)
        kept.append(value)
    return kept


# Defaults


def record_filler(field: dict) -> Callable[[dict], dict]:
    """Return the function that completes a record: every field, then unknown keys."""
    plan = [
        (name, _supplier(inner), finisher(inner))
        for name, inner in field["fields"].items()
    ]
    known = frozenset(field["fields"])
    shorthands = shorthands_of(field)

    def fill(values: dict) -> dict:
        for shorthand in shorthands:
            values = shorthand.carry_over(values)
        filled = {}
        for name, supply, finish in plan:
            value = values.get(name, ABSENT)
            if value is ABSENT:
                value = supply() if supply else None
            elif finish and value is not None:
                value = finish(value)
            filled[name] = value
        if values.keys() - known:
            filled |= {n: value for n, value in values.items() if n not in known}
        for shorthand in shorthands:
            shorthand.mirror(filled)
        return filled

    return fill


def _supplier(field: dict) -> Callable[[], Any] | None:
    """Return the function that makes the value of an absent field, if it has one."""
    if field.get("default") is not None:
        return _default_supplier(field)
    if field.get("auto") and field["type"] == "string" and not field.get("uuid"):
        return random_key
    if field["type"] == "record" and field.get("required") and "fields" in field:
        fill = record_filler(field)
        return lambda: fill({})
    return None


def _default_supplier(field: dict) -> Callable[[], Any]:
    finish = finisher(field) or _unchanged
    default = finish(field["default"])
    return lambda: _fresh(default)


def _fresh(value: Any) -> Any:
    """Return a copy that shares no list or dict with the value."""
    if isinstance(value, dict):
        return {key: _fresh(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fresh(inner) for inner in value]
    return value


def finisher(field: dict) -> Convert | None:
    """Return the function that completes a value that was given, if it needs any."""
    match field["type"]:
        case "integer":
            return _to_whole
        case "array" | "set":
            return _list_finisher(field)
        case "map":
            finish = finisher(field["values"])
            return _if_dict(_values_each(finish)) if finish else None
        case "record" if "fields" in field:
            return _if_dict(record_filler(field))
    return None


def _to_whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _list_finisher(field: dict) -> Convert | None:
    element = finisher(field["elements"])
    is_set = field["type"] == "set"
    if not (element or is_set):
        return None

    def finish(values: Any) -> Any:
        if not isinstance(values, list):
            return values
        if element:
            values = [v if v is None else element(v) for v in values]
        return _unique(values) if is_set else values

    return finish


# A change over what is stored


def record_merger(field: dict) -> Callable[[dict, dict], dict]:
    """Return the function that lays a patch over a stored record, key by key."""
    inner = {
        name: record_merger(nested)
        for name, nested in field.get("fields", {}).items()
        if nested["type"] == "record"
    }
    shorthands = shorthands_of(field)

    def merge(stored: dict, patch: dict) -> dict:
        merged = {**stored, **patch}
        for name, merge_inner in inner.items():
            old, new = stored.get(name), patch.get(name)
            if isinstance(old, dict) and isinstance(new, dict):
                merged[name] = merge_inner(old, new)
        for shorthand in shorthands:
            merged = shorthand.follow(merged, patch)
        return merged

    return merge


# Secrets


def hide_secrets(field: dict, value: Any, hide: Convert) -> Any:
    """Return a value with every text whose field is `encrypted` hidden."""
    if field.get("encrypted"):
        return _hide_all(value, hide)
    if isinstance(value, dict):
        known = field.get("fields", {}) | field.get("shorthand_fields", {})
        other = field.get("values", {})
        return {n: hide_secrets(known.get(n, other), v, hide) for n, v in value.items()}
    if isinstance(value, list):
        return [hide_secrets(field.get("elements", {}), v, hide) for v in value]
    return value


def _hide_all(value: Any, hide: Convert) -> Any:
    if isinstance(value, dict):
        return {name: _hide_all(inner, hide) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hide_all(inner, hide) for inner in value]
    return hide(value) if isinstance(value, str) else value
