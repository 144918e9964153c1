"""Bodies of requests: read as JSON, judged by a schema, refused in Konnect's terms.

The rules stand in the schemas (kongadmin.schema), which say what is wrong in Kong's
words; MEANINGS tells what those are called here.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from django.http import HttpRequest

from kongadmin.dialects.admin_api.parsers import as_text, refuse_constant
from kongadmin.dialects.konnect.problems import Problem, parameter
from kongadmin.schema import Schema

JSON = "application/json"

# What a schema says; the rule that is; how it is said here.
MEANINGS = [
    (r"required field missing", "required", "is a required field"),
    (r"unknown field", "unknown_property", "unknown property"),
    (r"expected (?:an array|a set)", "is_array", "must be an array"),
    (r"expected (?:a map|a record)", "is_object", "must be an object"),
    (r"expected a string", "is_string", "must be a string"),
    (r"expected a number", "is_number", "must be a number"),
    (r"expected an integer", "is_integer", "must be an integer"),
    (r"expected a boolean", "is_boolean", "must be a boolean"),
    (r"expected a valid UUID", "is_uuid", "must be a UUID"),
    (r"value must be null", "is_null", "must not be given"),
    (r"not a label's .*", "is_label", "is not a label"),
    (r"invalid value: .*", "matches_regex", "has a wrong format"),
]
LENGTH = re.compile(r"length must be at (least|most) (\d+)")
RANGE = re.compile(r"value should be between (\S+) and (\S+)")
ABOVE = re.compile(r"value must be greater than (\d+)")
CHOICE = re.compile(r"expected one of: (.*)")


def read_object(request: HttpRequest) -> dict:
    """Return the JSON object in a request's body; refuse any other."""
    kind = request.META.get("CONTENT_TYPE", "").partition(";")[0]
    if kind.strip().lower() != JSON:
        raise Problem(415)
    try:
        body = json.loads(as_text(request.body), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        reason = "must be a JSON object"
        raise Problem.invalid([parameter("body", "invalid", reason)])
    return body


def judge(
    schema: Schema,
    sent: dict,
    known: Collection[str],
    *,
    nullable: Collection[str] = (),
    stored: dict | None = None,
    fixed: dict | None = None,
    also: Callable[[dict], Iterable[dict]] = lambda values: (),
) -> dict:
    """Return a body complete, with defaults, or laid over what is `stored`.

    `known` are the properties it may have, `nullable` those that may be null; `fixed`
    is what the path says; `also` finds what no schema knows in values that may have
    any type. Raises Problem with all that is wrong.
    """
    found = list(misplaced(schema, sent, known, nullable))
    refused = {each["field"] for each in found}
    given = {name: value for name, value in sent.items() if name not in refused}
    values = schema.fill({**(stored or {}), **given, **(fixed or {})})
    errors = schema.errors(values, updating=stored is not None)
    if refused & errors.keys():
        errors.pop("@entity", None)  # it only sums up what the fields say
    kept = {name: tree for name, tree in errors.items() if name not in refused}
    found += [*wrong_in(kept, values), *also(given)]
    if found:
        raise Problem.invalid(found)
    return values


def misplaced(
    schema: Schema, sent: dict, known: Collection[str], nullable: Collection[str]
) -> Iterator[dict]:
    """Find what the schema does not mind: null for "unset", items that repeat."""
    for name, value in sent.items():
        if name not in known:
            yield parameter(name, "unknown_property", "unknown property")
        elif value is None and name not in nullable:
            yield parameter(name, "invalid", "must not be null")
        elif schema.fields[name]["type"] == "set" and repeats(value):
            yield parameter(name, "invalid", "must not hold an item twice")


def repeats(items: Any) -> bool:
    is_list = isinstance(items, list)
    return is_list and any(item in items[:place] for place, item in enumerate(items))


def wrong_in(tree: dict, values: Any, place: str = "") -> Iterator[dict]:
    """Return what a schema's tree of errors says, by the path of each value."""
    for name, error in tree.items():
        if name == "@entity":
            if len(tree) == 1:  # else it only sums up what the fields say
                field = place or "body"
                yield from (parameter(field, "invalid", text) for text in error)
            continue
        value = values.get(name) if isinstance(values, dict) else None
        path = f"{place}.{name}" if place else name
        yield from wrong_at(path, error, value)


def wrong_at(path: str, error: Any, value: Any) -> Iterator[dict]:
    """Return what is wrong with one value, or inside of it."""
    if isinstance(error, str):
        yield meaning(path, error, value)
    elif isinstance(error, dict):
        yield from wrong_in(error, value, path)
    else:
        values = value if isinstance(value, list) else [None] * len(error)
        for index, inner in enumerate(error):
            if inner is not None:
                yield from wrong_at(f"{path}[{index}]", inner, values[index])


def meaning(path: str, text: str, value: Any) -> dict:
    """Return the parameter that a schema's text about a value stands for."""
    for pattern, rule, reason in MEANINGS:
        if re.fullmatch(pattern, text, re.DOTALL):
            return parameter(path, rule, reason)
    if found := LENGTH.fullmatch(text):
        return length(path, found[1], int(found[2]), value)
    if found := RANGE.fullmatch(text):
        low, high = map(int, found.groups())
        if value < low:
            return parameter(path, "min", f"must be at least {low}", minimum=low)
        return parameter(path, "max", f"must be at most {high}", maximum=high)
    if found := ABOVE.fullmatch(text):
        low = int(found[1]) + 1
        return parameter(path, "min", f"must be at least {low}", minimum=low)
    if found := CHOICE.fullmatch(text):
        choices = found[1].split(", ")
        return parameter(path, "enum", f"must be one of {found[1]}", choices=choices)
    return parameter(path, "invalid", text)


def length(path: str, bound: str, limit: int, value: Any) -> dict:
    items = "characters" if isinstance(value, str) else "items"
    rule = "length" if isinstance(value, str) else "items"
    reason = f"must have at {bound} {limit} {items}"
    if bound == "least":
        return parameter(path, f"min_{rule}", reason, minimum=limit)
    return parameter(path, f"max_{rule}", reason, maximum=limit)
