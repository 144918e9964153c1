"""Patches: JSON merge (RFC 7386), JSON patch (RFC 6902), strategic merge of Secrets."""

import copy
from collections.abc import Callable
from typing import Any

from kongadmin.dialects.kubernetes.errors import Failure

MOST_OPERATIONS = 10_000


def refused(why: str) -> Failure:
    return Failure(422, "Invalid", f"the patch cannot be applied: {why}")


def merge(target: Any, patch: Any) -> Any:
    """Return `target` as a merge patch makes it; both stay as they are."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def merge_strategically(target: Any, patch: Any) -> Any:
    """Return `target` as a strategic merge patch makes it.

    What has such patches here holds maps only, so that the directives of lists ($patch
    and its like) have nothing to say.
    """
    return merge(target, without_directives(patch))


def without_directives(patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    return {n: without_directives(v) for n, v in patch.items() if not n.startswith("$")}


def apply_operations(target: Any, operations: Any) -> Any:
    """Return `target` after the operations of a JSON patch; it stays as it is."""
    if not isinstance(operations, list):
        raise refused("it is no list of operations")
    if len(operations) > MOST_OPERATIONS:
        raise refused(f"it has more than {MOST_OPERATIONS} operations")
    root = {"": copy.deepcopy(target)}
    for operation in operations:
        apply_operation(root, operation)
    if "" not in root:
        raise refused("nothing is left of the object")
    return root[""]


def apply_operation(root: dict, operation: Any) -> None:
    if not isinstance(operation, dict):
        raise refused("an operation is no object")
    name = operation.get("op")
    if name not in OPERATIONS:
        raise refused(f"unknown operation {name!r}")
    OPERATIONS[name](root, operation)


def steps_of(pointer: Any) -> list[str]:
    """Return the steps of a JSON pointer below the root, which is at step ""."""
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise refused(f"{pointer!r} is no JSON pointer")
    steps = pointer.split("/")
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def find(root: dict, pointer: Any) -> tuple[Any, str]:
    """Return what holds the place that a pointer names, and the place in it."""
    *way, last = steps_of(pointer)
    holder: Any = root
    for step in way:
        holder = read(holder, step, pointer)
    if not isinstance(holder, dict | list):
        raise missing(pointer)
    return holder, last


def read(holder: Any, step: str, pointer: str) -> Any:
    if isinstance(holder, dict) and step in holder:
        return holder[step]
    if isinstance(holder, list):
        return holder[place_in(holder, step, pointer, len(holder))]
    raise missing(pointer)


def missing(pointer: str) -> Failure:
    return refused(f"{pointer!r} does not exist")


def place_in(items: list, step: str, pointer: str, end: int) -> int:
    """Return the place that a step names, which must be below `end`."""
    is_number = step.isdecimal() and step.isascii() and len(step) < 10
    place = int(step) if is_number else end
    if place >= end:
        raise missing(pointer)
    return place


def value_of(operation: dict) -> Any:
    if "value" not in operation:
        raise refused("an operation lacks its value")
    return copy.deepcopy(operation["value"])


def put(root: dict, pointer: Any, value: Any) -> None:
    holder, step = find(root, pointer)
    if isinstance(holder, dict):
        holder[step] = value
    else:
        last = len(holder)
        place = last if step == "-" else place_in(holder, step, pointer, last + 1)
        holder.insert(place, value)


def take(root: dict, pointer: Any) -> Any:
    holder, step = find(root, pointer)
    value = read(holder, step, pointer)
    if isinstance(holder, dict):
        del holder[step]
    else:
        del holder[int(step)]
    return value


def add(root: dict, operation: dict) -> None:
    put(root, operation.get("path"), value_of(operation))


def remove(root: dict, operation: dict) -> None:
    take(root, operation.get("path"))


def replace(root: dict, operation: dict) -> None:
    value = value_of(operation)
    holder, step = find(root, operation.get("path"))
    read(holder, step, operation["path"])
    holder[step if isinstance(holder, dict) else int(step)] = value


def move(root: dict, operation: dict) -> None:
    put(root, operation.get("path"), take(root, operation.get("from")))


def duplicate(root: dict, operation: dict) -> None:
    holder, step = find(root, operation.get("from"))
    value = copy.deepcopy(read(holder, step, operation["from"]))
    put(root, operation.get("path"), value)


def test(root: dict, operation: dict) -> None:
    path = operation.get("path")
    holder, step = find(root, path)
    if read(holder, step, path) != value_of(operation):
        raise refused(f"testing value {path} failed")


OPERATIONS: dict[str, Callable[[dict, dict], None]] = {
    "add": add,
    "remove": remove,
    "replace": replace,
    "move": move,
    "copy": duplicate,
    "test": test,
}
