"""From a field's definition to the function that judges its values.

Everything about a definition is looked up once, when the schema is loaded. What
remains per value is a short chain of functions, each returning an error or None.
"""

import math
import re
from collections.abc import Callable
from typing import Any

from .checks import Change, entity_check
from .named import VALIDATORS
from .patterns import lua_pattern
from .shorthands import plain

type Check = Callable[[Any], Any]

REQUIRED = "required field missing"
UNKNOWN = "unknown field"

# The last second of the year 9999: the end of Python's and PostgreSQL's calendars.
LAST_SECOND = 253402300799
_NOT_UTF8 = re.compile("[\x00\ud800-\udfff]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def field_check(field: dict) -> Check:
    """Return the function that says what is wrong with a value of the field."""
    when_null = _null_error(field)
    steps = (_TYPES[field["type"]](field), *_rule_checks(field))
    may_refer = field.get("referenceable", False)

    def check(value: Any) -> Any:
        if value is None:
            return when_null
        if may_refer and _is_reference(value):
            return None
        for step in steps:
            error = step(value)
            if error is not None:
                return error
        return None

    return check


def record_check(fields: dict, ignored: tuple[str, ...] = ()) -> Check:
    """Return the function that says what is wrong with a record, by field.

    Names in `ignored` are known whatever their value.
    """
    checks = {name: field_check(field) for name, field in fields.items()}
    checks |= dict.fromkeys(ignored, _accept)
    required = [name for name, field in fields.items() if _is_required(field)]
    may_be_null = frozenset(n for n, known in checks.items() if known(None) is None)

    def check(values: dict) -> dict | None:
        errors = {}
        for name, value in values.items():
            if value is None and name in may_be_null:
                continue  # most values are null, so they take no call
            known = checks.get(name)
            error = known(value) if known else UNKNOWN
            if error is not None:
                errors[name] = error
        for name in required:
            if name not in values:
                errors[name] = REQUIRED
        return errors or None

    return check


def _is_reference(value: Any) -> bool:
    """Tell if a value only says where in a vault the gateway finds the real one."""
    return isinstance(value, str) and value.startswith("{vault://") and value[-1] == "}"


def _accept(value: Any) -> None:
    """Find nothing wrong with any value."""


def _is_required(field: dict) -> bool:
    """Tell if a field must be sent; what is made on saving need not be."""
    return field.get("required", False) and not field.get("auto")


def _null_error(field: dict) -> str | None:
    if "ne" in field and field["ne"] is None:
        return "value must not be null"
    if field.get("eq") is not None:
        return f"value must be {plain(field['eq'])}"
    return REQUIRED if field.get("required") else None


# Types


def _string(field: dict) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "expected a string"
        wrong = _NOT_UTF8.search(value)
        if wrong:
            position = wrong.start() + 1
            return f"invalid utf-8 character sequence detected at position {position}"
        return None

    return check


def _number(field: dict) -> Check:
    return lambda value: None if _is_number(value) else "expected a number"


def _integer(field: dict) -> Check:
    def check(value: Any) -> str | None:
        whole = _is_number(value) and (isinstance(value, int) or value.is_integer())
        return None if whole else "expected an integer"

    return check


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _boolean(field: dict) -> Check:
    return lambda value: None if isinstance(value, bool) else "expected a boolean"


def _list_of(kind: str) -> Callable[[dict], Check]:
    """Return the judge of arrays or sets: null stands for each good element.

    Kong's own lists end with the last error, so good elements after it are left out.
    """

    def build(field: dict) -> Check:
        element = field_check({**field["elements"], "required": True})

        def check(values: Any) -> str | list | None:
            if not isinstance(values, list):
                return f"expected {kind}"
            errors = [element(value) for value in values]
            while errors and errors[-1] is None:
                errors.pop()
            return errors or None

        return check

    return build


def _map(field: dict) -> Check:
    check_key = field_check({**field["keys"], "required": True})
    check_value = field_check({**field["values"], "required": True})

    def check(values: Any) -> str | dict | None:
        if not isinstance(values, dict):
            return "expected a map"
        # As in Kong, the first error stands for the map, without the key it is about.
        for key, value in values.items():
            error = check_key(key) or check_value(value)
            if error is not None:
                return error
        return None

    return check


def _record(field: dict) -> Check:
    find = _members(field) if "fields" in field else _accept
    return lambda value: find(value) if isinstance(value, dict) else "expected a record"


def _members(field: dict) -> Check:
    """Return the judge of a record's fields, and then of its rules across fields."""
    fields = field["fields"]
    find = record_check(fields, tuple(field.get("shorthand_fields", ())))
    definitions = field.get("entity_checks", ())
    checks = [entity_check(item, fields, field_check) for item in definitions]

    def check(values: dict) -> dict | None:
        errors = find(values) or {}
        for judge in checks:
            judge(values, errors, Change(False, values, None))
        return errors or None

    return check


def _foreign(field: dict) -> Check:
    def check(value: Any) -> dict | None:
        if not isinstance(value, dict) or "id" not in value:
            return {"id": "missing primary key"}
        if value["id"] is None:
            return {"id": REQUIRED}
        error = _uuid(True)(value["id"])
        return {"id": error} if error else None

    return check


_TYPES: dict[str, Callable[[dict], Check]] = {
    "array": _list_of("an array"),
    "boolean": _boolean,
    "foreign": _foreign,
    "integer": _integer,
    "map": _map,
    "number": _number,
    "record": _record,
    "set": _list_of("a set"),
    "string": _string,
}


# Rules


def _rule_checks(field: dict) -> list[Check]:
    """Return the judges of a field's own rules, in the order Kong applies them."""
    if field["type"] == "string":
        field = {"len_min": 1, **field}
    return [rule(field[name]) for name, (rule, _) in _RULES.items() if name in field]


def _eq(wanted: Any) -> Check:
    text = f"value must be {plain(wanted)}"
    return lambda value: None if value == wanted else text


def _ne(unwanted: Any) -> Check:
    text = f"value must not be {plain(unwanted)}"
    return lambda value: text if value == unwanted else None


def _one_of(options: list) -> Check:
    text = f"expected one of: {', '.join(map(str, options))}"
    return lambda value: None if value in options else text


def _not_one_of(options: list) -> Check:
    text = f"must not be one of: {', '.join(map(str, options))}"
    return lambda value: text if value in options else None


def _gt(limit: float) -> Check:
    text = f"value must be greater than {limit}"
    return lambda value: None if value > limit else text


def _timestamp(_: bool) -> Check:
    text = "expected a valid timestamp"
    return lambda value: None if 0 < value <= LAST_SECOND else text


def _uuid(_: bool) -> Check:
    def check(value: Any) -> str | None:
        known = isinstance(value, str) and _UUID.fullmatch(value)
        return None if known else "expected a valid UUID"

    return check


def _between(limits: list) -> Check:
    low, high = limits
    text = f"value should be between {low} and {high}"
    return lambda value: None if low <= value <= high else text


def _len_eq(length: int) -> Check:
    text = f"length must be {length}"
    return lambda value: None if len(value) == length else text


def _len_min(least: int) -> Check:
    text = f"length must be at least {least}"
    return lambda value: None if len(value) >= least else text


def _len_max(most: int) -> Check:
    text = f"length must be at most {most}"
    return lambda value: None if len(value) <= most else text


def _starts_with(beginning: str) -> Check:
    text = f"should start with: {beginning}"
    return lambda value: None if value.startswith(beginning) else text


def _is_regex(_: bool) -> Check:
    def check(value: str) -> str | None:
        try:
            re.compile(value)
        except re.error:
            return f"not a valid regex: {value}"
        return None

    return check


def _match(pattern: str) -> Check:
    search = lua_pattern(pattern).search
    return lambda value: None if search(value) else f"invalid value: {value}"


def _not_match(pattern: str) -> Check:
    search = lua_pattern(pattern).search
    return lambda value: f"invalid value: {value}" if search(value) else None


def _match_all(items: list[dict]) -> Check:
    searches = [(lua_pattern(i["pattern"]).search, i.get("err")) for i in items]

    def check(value: str) -> str | None:
        failed = [err for search, err in searches if not search(value)]
        return (failed[0] or f"invalid value: {value}") if failed else None

    return check


def _match_none(items: list[dict]) -> Check:
    searches = [(lua_pattern(i["pattern"]).search, i.get("err")) for i in items]

    def check(value: str) -> str | None:
        failed = [err for search, err in searches if search(value)]
        return (failed[0] or f"invalid value: {value}") if failed else None

    return check


def _match_any(item: dict) -> Check:
    searches = [lua_pattern(pattern).search for pattern in item["patterns"]]

    def check(value: str) -> str | None:
        if any(search(value) for search in searches):
            return None
        return item.get("err") or f"invalid value: {value}"

    return check


def _named(name: str) -> Check:
    if name not in VALIDATORS:
        raise ValueError(f"there is no validator '{name}'")
    return VALIDATORS[name]


def _contains(wanted: Any) -> Check:
    text = f"expected to contain: {plain(wanted)}"
    return lambda value: None if wanted in value else text


# By attribute: the judge it makes, and what the attribute's own value must be.
_RULES: dict[str, tuple[Callable[[Any], Check], Any]] = {
    "eq": (_eq, object),
    "ne": (_ne, object),
    "not_one_of": (_not_one_of, list),
    "one_of": (_one_of, list),
    "gt": (_gt, (int, float)),
    "timestamp": (_timestamp, bool),
    "uuid": (_uuid, bool),
    "is_regex": (_is_regex, bool),
    "between": (_between, list),
    "len_eq": (_len_eq, int),
    "len_min": (_len_min, int),
    "len_max": (_len_max, int),
    "starts_with": (_starts_with, str),
    "not_match": (_not_match, str),
    "match_none": (_match_none, list),
    "match": (_match, str),
    "match_all": (_match_all, list),
    "match_any": (_match_any, dict),
    "contains": (_contains, object),
    "custom_validator": (_named, str),
}

RULE_KINDS = {name: kind for name, (_, kind) in _RULES.items()}
TYPE_NAMES = tuple(_TYPES)
