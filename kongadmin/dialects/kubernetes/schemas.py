"""What objects may hold: unknown fields found, defaults filled in, the rest judged.

One table (schemas.yaml) validates and is served as OpenAPI. Structural schemas as
Kubernetes has them: every object names its properties, or says what all of them are.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from kongadmin.dialects.kubernetes import rules
from kongadmin.dialects.kubernetes.errors import NIL, Cause
from kongadmin.dialects.kubernetes.kinds import HERE, Kind
from kongadmin.dialects.kubernetes.paths import join
from kongadmin.schema import read_file

type Schema = dict[str, Any]

TABLE = read_file(HERE / "schemas.yaml")
METADATA: Schema = TABLE["metadata"]
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
}
WRONG_TYPE = "FieldValueTypeInvalid"
API_VERSION = {
    "type": "string",
    "description": (
        "APIVersion defines the versioned schema of this representation of an object."
    ),
}
KIND = {
    "type": "string",
    "description": (
        "Kind is a string value representing the REST resource this object represents."
    ),
}


@cache
def schema_of(kind: Kind) -> Schema:
    """Return the whole schema of a kind, envelope included."""
    given = TABLE["kinds"][kind.schema]
    envelope = {"apiVersion": API_VERSION, "kind": KIND, "metadata": METADATA}
    return {
        **given,
        "type": "object",
        "properties": {**envelope, **given["properties"]},
    }


def prune(value: Any, schema: Schema, path: str = "") -> Iterator[str]:
    """Take away what a schema does not know, and nulls; yield the paths of the first.

    `value` is changed.
    """
    if isinstance(value, dict) and "items" not in schema:
        yield from prune_object(value, schema, path)
    elif isinstance(value, list) and "items" in schema:
        for place, item in enumerate(value):
            yield from prune(item, schema["items"], f"{path}[{place}]")


def prune_object(value: dict, schema: Schema, path: str) -> Iterator[str]:
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return
    for name in list(value):
        inner = child(schema, name)
        if inner is None:
            del value[name]
            yield join(path, name)
        elif value[name] is None:
            del value[name]
        else:
            yield from prune(value[name], inner, join(path, name))


def child(schema: Schema, name: str) -> Schema | None:
    """Return the schema of an object's property, None where it may have none such."""
    known = schema.get("properties", {})
    return known[name] if name in known else schema.get("additionalProperties")


def fill(value: Any, schema: Schema) -> None:
    """Fill in the defaults of what is there; `value` is changed."""
    if isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if name not in value and "default" in inner:
                value[name] = inner["default"]
            if name in value:
                fill(value[name], inner)
    elif isinstance(value, list):
        for item in value:
            fill(item, schema.get("items", {}))


def judge(
    value: Any, schema: Schema, old: Any = None, path: str = ""
) -> Iterator[Cause]:
    """Yield everything that is wrong with a value; `old` is what it was before, if any.

    The rules of a value are asked where its parts are right.
    """
    wanted = schema.get("type", "object")
    if not is_type(value, wanted):
        yield wrong_type(value, wanted, path)
        return
    causes = list(JUDGES.get(wanted, judge_scalar)(value, schema, old, path))
    yield from causes
    if not causes:
        yield from broken_rules(value, schema, old, path)


def is_type(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    return isinstance(value, TYPES[wanted])


def type_of(value: Any) -> str:
    names = {type: name for name, type in TYPES.items()} | {float: "number"}
    return names.get(type(value), "null")


def wrong_type(value: Any, wanted: str, path: str) -> Cause:
    given = type_of(value)
    message = (
        f'Invalid value: "{given}": {path} in body must be of type {wanted}: "{given}"'
    )
    return Cause(WRONG_TYPE, path or NIL, message)


def judge_object(value: dict, schema: Schema, old: Any, path: str) -> Iterator[Cause]:
    for name in schema.get("required", ()):
        if name not in value:
            yield Cause("FieldValueRequired", join(path, name), "Required value")
    for name, item in value.items():
        inner = child(schema, name)
        if inner is not None:
            before = old.get(name) if isinstance(old, dict) else None
            yield from judge(item, inner, before, join(path, name))


def judge_array(value: list, schema: Schema, old: Any, path: str) -> Iterator[Cause]:
    most = schema.get("maxItems", len(value))
    if len(value) > most:
        message = f"Too many: {len(value)}: must have at most {most} items"
        yield Cause("FieldValueTooMany", path, message)
    for place, item in enumerate(value):
        yield from judge(item, schema["items"], None, f"{path}[{place}]")
    yield from duplicates(value, schema, path)


def duplicates(value: list, schema: Schema, path: str) -> Iterator[Cause]:
    """Yield the items of a set, or of a list with keys, that are there already."""
    kind = schema.get("x-kubernetes-list-type")
    if kind not in ("set", "map"):
        return
    keys = schema.get("x-kubernetes-list-map-keys", ())
    seen = []
    for place, item in enumerate(value):
        if not is_type(item, schema["items"].get("type", "object")):
            continue
        key = {name: item.get(name) for name in keys} if kind == "map" else item
        if key in seen:
            shown = key if kind == "set" else yaml.safe_dump(key).strip()
            message = f'Duplicate value: "{shown}"'
            yield Cause("FieldValueDuplicate", f"{path}[{place}]", message)
        seen.append(key)


def judge_scalar(value: Any, schema: Schema, old: Any, path: str) -> Iterator[Cause]:
    if "enum" in schema and value not in schema["enum"]:
        known = ", ".join(f'"{name}"' for name in schema["enum"])
        message = f'Unsupported value: "{value}": supported values: {known}'
        yield Cause("FieldValueNotSupported", path, message)
    for text in misfits(value, schema):
        message = f'Invalid value: "{value}": {path} in body {text}'
        yield Cause("FieldValueInvalid", path, message)


def misfits(value: Any, schema: Schema) -> Iterator[str]:
    """Yield what a text or number should be and is not."""
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"should match '{schema['pattern']}'"
    if len(str(value)) < schema.get("minLength", 0):
        yield f"should be at least {schema['minLength']} chars long"
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield f"should be at most {schema['maxLength']} chars long"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"should be greater than or equal to {schema['minimum']}"


def broken_rules(value: Any, schema: Schema, old: Any, path: str) -> Iterator[Cause]:
    given = type_of(value)
    for name in schema.get("x-rules", ()):
        for found in rules.RULES[name](value, old):
            field, message = found if isinstance(found, tuple) else ("", found)
            where = join(path, field) if field else path
            text = message if field else f'Invalid value: "{given}": {message}'
            is_forbidden = text.startswith("Forbidden")
            reason = "FieldValueForbidden" if is_forbidden else "FieldValueInvalid"
            yield Cause(reason, where or NIL, text)


JUDGES = {"object": judge_object, "array": judge_array}
