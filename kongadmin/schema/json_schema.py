"""Kong's schema language said in JSON Schema 2020-12, as OpenAPI 3.1 speaks it.

JSON Schema has no words for rules across fields, Lua patterns and named validators:
what it accepts may still be refused, but what it refuses is never accepted.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .fields import LAST_SECOND

VAULT = {"type": "string", "pattern": r"^\{vault://.*\}$"}
LENGTHS = {
    "string": "Length",
    "array": "Items",
    "set": "Items",
    "map": "Properties",
}
PLAIN_TYPES = {"set": "array", "map": "object", "record": "object"}
RULES: dict[str, Callable[[Any], dict]] = {
    "between": lambda limits: {"minimum": limits[0], "maximum": limits[1]},
    "contains": lambda value: {"contains": {"const": value}},
    "eq": lambda value: {"const": value},
    "gt": lambda limit: {"exclusiveMinimum": limit},
    "is_regex": lambda _: {"format": "regex"},
    "ne": lambda value: {"not": {"const": value}},
    "not_one_of": lambda values: {"not": {"enum": values}},
    "one_of": lambda values: {"enum": values},
    "starts_with": lambda text: {"pattern": f"^{re.escape(text)}"},
    "timestamp": lambda _: {"exclusiveMinimum": 0, "maximum": LAST_SECOND},
    "uuid": lambda _: {"format": "uuid"},
}


@dataclass(frozen=True, slots=True)
class Translation:
    """How definitions are said: for values as answered, or as they may be sent.

    `reference` returns the schema of what names an entity of a type. With `is_whole`
    what is sent must have the fields that nothing else would fill.
    """

    reference: Callable[[str], dict]
    is_sent: bool = False
    is_whole: bool = False

    def fields(self, fields: dict[str, dict]) -> dict:
        """Return the schema of an object with these fields; none of them must be."""
        said = {name: self.field(field) for name, field in fields.items()}
        strict = {"additionalProperties": False} if self.is_sent else {}
        return {"type": "object", "properties": said, **strict}

    def field(self, field: dict) -> dict:
        """Return the schema of one field's values."""
        said = {"type": "null"} if must_be_null(field) else self.value(field)
        if not (field.get("required") or self.is_answered_always(field)):
            said = nullable(said)
        if "description" in field:
            said["description"] = field["description"]
        if field.get("default") is not None:
            said["default"] = field["default"]
        if "deprecation" in field:
            said["deprecated"] = True
        return said

    def is_answered_always(self, field: dict) -> bool:
        """Say whether the field is made by us and can neither be lost nor cleared."""
        is_ours = field.get("uuid") or field.get("timestamp")
        return bool(not self.is_sent and field.get("auto") and is_ours)

    def value(self, field: dict) -> dict:
        """Return the schema of the field's values apart from null."""
        kind = field["type"]
        if kind == "foreign":
            return dict(self.reference(field["reference"]))
        said = {"type": PLAIN_TYPES.get(kind, kind), **self.inside(field)}
        for name, rule in RULES.items():
            argument = field.get(name)
            if argument is not None and argument is not False:
                said |= rule(argument)
        said |= lengths(field)
        return {"anyOf": [said, VAULT]} if field.get("referenceable") else said

    def inside(self, field: dict) -> dict:
        """Return what is said of the elements, values or fields in a field."""
        kind = field["type"]
        if kind in ("array", "set"):
            items = {"items": self.field({**field["elements"], "required": True})}
            is_unique = kind == "set" and not self.is_sent
            return items | ({"uniqueItems": True} if is_unique else {})
        if kind == "map":
            values = self.field({**field["values"], "required": True})
            return {"additionalProperties": values}
        if "fields" in field:
            return self.record(field)
        return {}

    def record(self, field: dict) -> dict:
        said = self.fields(field["fields"] | field.get("shorthand_fields", {}))
        needed = needed_in(field["fields"]) if self.is_whole else []
        return said | ({"required": needed} if needed else {})


def must_be_null(field: dict) -> bool:
    return "eq" in field and field["eq"] is None


def lengths(field: dict) -> dict:
    """Return the limits of a text's or a list's length; no text is empty by itself."""
    noun = LENGTHS.get(field["type"])
    exact = field.get("len_eq")
    least = field.get("len_min", 1 if noun == "Length" else None)
    found = {
        f"min{noun}": least if exact is None else exact,
        f"max{noun}": field.get("len_max") if exact is None else exact,
    }
    return {name: limit for name, limit in found.items() if limit is not None}


def needed_in(fields: dict[str, dict]) -> list[str]:
    """Return the fields without which values are refused: nothing else fills them."""
    return [name for name, field in fields.items() if is_needed(field)]


def is_needed(field: dict) -> bool:
    if not field.get("required") or field.get("auto") or "default" in field:
        return False
    return field["type"] != "record" or bool(needed_in(field.get("fields", {})))


def nullable(said: dict) -> dict:
    """Return the schema that takes null as well."""
    if not isinstance(said.get("type"), str) or "const" in said:
        choices = said.get("anyOf") or [said]
        return {"anyOf": [*choices, {"type": "null"}]}
    if said["type"] == "null":
        return said
    values = {"enum": [*said["enum"], None]} if "enum" in said else {}
    return {**said, "type": [said["type"], "null"], **values}
