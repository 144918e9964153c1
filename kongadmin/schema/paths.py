"""Reading and writing nested values by path: `config.redis.host` in three steps."""

from typing import Any

ABSENT = object()


def look_up(values: Any, path: list[str]) -> Any:
    """Return what lies at the path, or ABSENT when the way there ends early."""
    for step in path:
        if not isinstance(values, dict) or step not in values:
            return ABSENT
        values = values[step]
    return values


def with_value(values: dict, path: list[str], value: Any) -> dict:
    """Return a copy of the values with one more value at the path.

    Only the dicts on the way are copied. A step that is neither a dict nor empty
    stays what it is: its own field reports it.
    """
    head, *rest = path
    if rest:
        inner = values.get(head)
        if inner is not None and not isinstance(inner, dict):
            return values
        value = with_value(inner or {}, rest, value)
    return {**values, head: value}


def put_error(errors: dict, path: list[str], text: Any) -> None:
    """Write a field's error at the path, unless the error of a parent stands there."""
    for step in path[:-1]:
        errors = errors.setdefault(step, {})
        if not isinstance(errors, dict):
            return
    errors[path[-1]] = text
