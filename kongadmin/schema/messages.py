"""How Kong prints tables: the `message` of a refusal, and keys as `{name="x"}`."""

import re
from collections.abc import Iterator
from typing import Any

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def violation_message(fields: dict) -> str:
    """Return the sentence that sums up a `fields` tree, rules about the whole first."""
    problems = list(_problems(fields))
    if len(problems) == 1:
        return f"schema violation ({problems[0]})"
    return f"{len(problems)} schema violations ({'; '.join(problems)})"


def lua(value: Any) -> str:
    """Return a value as Kong prints it inside messages: `{id="x",name=null}`."""
    return _written(value, indent=None)


def _problems(fields: dict) -> Iterator[str]:
    yield from fields.get("@entity", ())
    for name in sorted(fields.keys() - {"@entity"}):
        error = fields[name]
        if isinstance(error, str):
            yield f"{name}: {error}"
        else:
            for place, inner in _places(error):
                text = inner if isinstance(inner, str) else _written(inner, indent="")
                yield f"{name}.{place}: {text}"


def _places(error: dict | list) -> list[tuple[Any, Any]]:
    """Return the errors inside a record (by name) or an array (by 1-based position)."""
    if isinstance(error, dict):
        return sorted(error.items())
    return [(place, e) for place, e in enumerate(error, 1) if e is not None]


def _written(value: Any, indent: str | None) -> str:
    """Return a value in Lua's notation, on one line if indent is None."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict | list):
        return _table(value, indent)
    return str(value)


def _table(value: dict | list, indent: str | None) -> str:
    deeper = None if indent is None else indent + "  "
    equals = "=" if indent is None else " = "
    items = [
        ("" if key is None else key + equals) + _written(item, deeper)
        for key, item in _keyed(value)
    ]
    if indent is None or not items:
        return "{" + ",".join(items) + "}"
    return "{\n" + ",\n".join(deeper + item for item in items) + f"\n{indent}}}"


def _keyed(value: dict | list) -> Iterator[tuple[str | None, Any]]:
    """Yield a table's items with their keys; an array needs keys after a hole only."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield key if _IDENTIFIER.fullmatch(key) else f"[{_quoted(key)}]", value[key]
        return
    whole = None not in value
    for place, item in enumerate(value, 1):
        if whole or None not in value[:place]:
            yield None, item
        elif item is not None:
            yield f"[{place}]", item


def _quoted(text: str) -> str:
    if "\n" in text and "\r" not in text:
        return _long_bracket(text)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


def _long_bracket(text: str) -> str:
    level = ""
    while f"]{level}]" in text:
        level += "="
    return f"[{level}[{text}]{level}]"
