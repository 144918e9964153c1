"""Who set which field: metadata.managedFields, and server-side apply, which obeys it.

A set of fields is kept as the paths of its leaves; a step is FieldsV1's: `f:name`,
`v:"item of a set"` or `k:{"key of a list":…}`. What a schema calls atomic is one leaf.
"""

import copy
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from kongadmin.dialects.kubernetes.errors import Cause
from kongadmin.dialects.kubernetes.schemas import Schema, child

type Path = tuple[str, ...]
type Fields = frozenset[Path]

UPDATE, APPLY = "Update", "Apply"
# What the server sets, or what names the object: nobody's field.
UNMANAGED = {("f:apiVersion",), ("f:kind",)} | {
    ("f:metadata", f"f:{name}")
    for name in (
        "name",
        "generateName",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "managedFields",
    )
}
SELF = "."


def dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def item_key(item: Any, schema: Schema) -> str:
    """Return the step that leads to an item of a list that is merged by item."""
    if schema["x-kubernetes-list-type"] == "set":
        return f"v:{dumps(item)}"
    keys = schema["x-kubernetes-list-map-keys"]
    return "k:" + dumps({name: item[name] for name in keys if name in item})


def steps(value: Any, schema: Schema) -> Iterator[tuple[str, Any, Schema]]:
    """Yield the parts of a value that are managed one by one; none of a leaf."""
    if isinstance(value, dict) and schema.get("x-kubernetes-map-type") != "atomic":
        for name, inner in value.items():
            yield f"f:{name}", inner, child(schema, name) or {}
    elif isinstance(value, list) and is_merged(schema):
        for item in value:
            yield item_key(item, schema), item, schema["items"]


def is_merged(schema: Schema) -> bool:
    """Say whether a list is merged item by item: others are replaced whole."""
    return schema.get("x-kubernetes-list-type") in ("set", "map")


def leaves(value: Any, schema: Schema, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path and value of every leaf that somebody may manage."""
    if path in UNMANAGED:
        return
    if path and path[-1].startswith("k:"):
        yield (*path, SELF), None
    parts = list(steps(value, schema))
    for step, part, inner in parts:
        yield from leaves(part, inner, (*path, step))
    if path and not parts:
        yield path, value


def fields_of(value: Any, schema: Schema) -> Fields:
    return frozenset(path for path, _ in leaves(value, schema))


def to_tree(fields: Iterable[Path]) -> dict:
    """Return paths as FieldsV1 nests them."""
    tree: dict = {}
    for path in sorted(fields):
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    return tree


def from_tree(tree: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(tree, dict) and tree:
        for step, inner in tree.items():
            yield from from_tree(inner, (*path, step))
    elif path:
        yield path


@dataclass(frozen=True, slots=True)
class Manager:
    """Who has set `fields`, and how: by Update or by Apply."""

    name: str
    operation: str
    api_version: str
    time: str
    fields: Fields
    subresource: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        return self.name, self.operation, self.api_version, self.subresource


def read(entries: Iterable[Any]) -> list[Manager]:
    """Return the managers that a managedFields list tells of."""
    return [
        Manager(
            entry.get("manager", ""),
            entry.get("operation", UPDATE),
            entry.get("apiVersion", ""),
            entry.get("time", ""),
            frozenset(from_tree(entry.get("fieldsV1"))),
            entry.get("subresource", ""),
        )
        for entry in entries
        if isinstance(entry, dict) and entry.get("fieldsV1")
    ]


def write(managers: Iterable[Manager]) -> list[dict]:
    """Return a managedFields list; who manages nothing any more is left out."""
    return [
        {
            "manager": one.name,
            "operation": one.operation,
            "apiVersion": one.api_version,
            "time": one.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": to_tree(one.fields),
            **({"subresource": one.subresource} if one.subresource else {}),
        }
        for one in managers
        if one.fields
    ]


def after_update(
    entries: list[dict], old: dict, new: dict, schema: Schema, author: Manager
) -> list[dict]:
    """Return managedFields after `author` made `new` of `old`: what changed is its."""
    before, after = dict(leaves(old, schema)), dict(leaves(new, schema))
    changed = {
        path
        for path, value in after.items()
        if path not in before or before[path] != value
    }
    gone = before.keys() - after.keys()
    managers = read(entries)
    kept = (managed_by(author, managers) - gone) | changed
    return settle(managers, author, kept, changed | gone)


def managed_by(author: Manager, managers: list[Manager]) -> Fields:
    return next((one.fields for one in managers if one.key == author.key), frozenset())


def settle(
    managers: list[Manager], author: Manager, kept: Iterable[Path], lost: set[Path]
) -> list[dict]:
    """Return the entries once `author` manages `kept`, and the others lost some."""
    own = replace(author, fields=frozenset(kept))
    found = []
    for one in managers:
        if one.key != author.key:
            found.append(replace(one, fields=one.fields - lost))
        elif one.fields == own.fields and not lost:
            found.append(one)
        else:
            found.append(own)
    if not managed_by(author, managers):
        found.append(own)
    return write(found)


class Conflicts(Exception):
    """Fields that others manage and that an apply would change."""

    def __init__(self, causes: list[Cause]) -> None:
        self.causes = causes


def apply(
    live: dict | None,
    entries: list[dict],
    config: dict,
    schema: Schema,
    author: Manager,
    force: bool = False,
) -> tuple[dict, list[dict]]:
    """Return the object, and its managedFields, that an applied configuration makes.

    Raises Conflicts where it would change what others manage, unless it has the force.
    """
    managers = read(entries)
    others = [one for one in managers if one.key != author.key]
    applied = fields_of(config, schema)
    dropped = (managed_by(author, managers) - applied).difference(
        *(one.fields for one in others)
    )
    base = dict(live or {})
    for path in sorted(dropped, key=len, reverse=True):
        drop(base, path, schema)
    merged = combine(base, config, schema)
    before, after = dict(leaves(live or {}, schema)), dict(leaves(merged, schema))
    changed = {p for p in applied if p not in before or before[p] != after[p]}
    refuse_conflicts(others, changed, force)
    return merged, settle(managers, author, applied, changed if force else set())


def refuse_conflicts(others: list[Manager], changed: set[Path], force: bool) -> None:
    if force:
        return
    causes = [
        Cause("FieldManagerConflict", shown(path), f'conflict with "{one.name}"{using}')
        for one in others
        for using in [f" using {one.api_version}" if one.operation == UPDATE else ""]
        for path in sorted(one.fields & changed)
    ]
    if causes:
        raise Conflicts(causes)


def shown(path: Path) -> str:
    """Return a path as kubectl shows it: .spec.tags, .credentials["x"]."""
    text = ""
    for step in path:
        sign, _, rest = step.partition(":")
        if sign == "f":
            text += f".{rest}"
        elif sign == "v":
            text += f"[{rest}]"
        elif sign == "k":
            pairs = json.loads(rest).items()
            text += "[" + ",".join(f"{name}={dumps(v)}" for name, v in pairs) + "]"
    return text


def combine(live: Any, config: Any, schema: Schema) -> Any:
    """Return `live` with what `config` says put into it; both stay as they are."""
    is_atomic = schema.get("x-kubernetes-map-type") == "atomic"
    if isinstance(config, dict) and isinstance(live, dict) and not is_atomic:
        merged = dict(live)
        for name, value in config.items():
            inner = child(schema, name) or {}
            merged[name] = combine(live.get(name), value, inner)
        return merged
    if isinstance(config, list) and isinstance(live, list) and is_merged(schema):
        return combine_lists(live, config, schema)
    return copy.deepcopy(config)


def combine_lists(live: list, config: list, schema: Schema) -> list:
    merged = {item_key(item, schema): item for item in live}
    for item in config:
        key = item_key(item, schema)
        merged[key] = combine(merged.get(key), item, schema["items"])
    return list(merged.values())


def drop(value: Any, path: Path, schema: Schema) -> None:
    """Remove a leaf; `value` is changed, but for what it may share with others."""
    step, *rest = path
    if isinstance(value, list):
        drop_item(value, step, rest, schema)
        return
    name = step.partition(":")[2]
    if not isinstance(value, dict) or name not in value:
        return
    if not rest:
        del value[name]
        return
    inner = copy.copy(value[name])
    drop(inner, tuple(rest), child(schema, name) or {})
    value[name] = inner
    if inner in ({}, []):  # nobody asked for what is empty now
        del value[name]


def drop_item(items: list, step: str, rest: list[str], schema: Schema) -> None:
    for place, item in enumerate(items):
        if item_key(item, schema) != step:
            continue
        if not rest or rest == [SELF]:
            del items[place]
        else:
            inner = copy.copy(item)
            drop(inner, tuple(rest), schema["items"])
            items[place] = inner
        return
