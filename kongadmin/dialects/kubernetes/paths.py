"""Values at paths such as spec.consumerRef.name and credentials[]."""

from collections.abc import Iterator
from typing import Any


def at(value: Any, path: str) -> Any:
    """Return the value at a path without lists; None where nothing is."""
    for step in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def texts_at(value: Any, path: str) -> Iterator[str]:
    """Yield every text at a path; `x[]` stands for each item of the list x."""
    found = at(value, path.removesuffix("[]"))
    for item in found if path.endswith("[]") and isinstance(found, list) else [found]:
        if isinstance(item, str) and item:
            yield item


def join(path: str, name: str) -> str:
    """Return the path of what is called `name` at a path, "" being the root."""
    return f"{path}.{name}" if path else name
