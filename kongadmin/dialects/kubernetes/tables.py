"""Lists as tables: what `kubectl get` prints, cell by cell."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from kongadmin.dialects.kubernetes.kinds import Column, Kind
from kongadmin.dialects.kubernetes.paths import at

API_VERSION = "meta.k8s.io/v1"
NAME = {"name": "Name", "type": "string", "format": "name", "description": "Name"}
# From how many seconds on an age is told in which unit.
UNITS = [(2 * 86_400, 86_400, "d"), (2 * 3600, 3600, "h"), (120, 60, "m"), (0, 1, "s")]


def definitions(kind: Kind) -> list[dict[str, Any]]:
    return [{**NAME, "priority": 0}, *map(define, kind.columns)]


def define(column: Column) -> dict[str, Any]:
    types = {"condition": "string", "count": "integer"}
    return {
        "name": column.name,
        "type": types.get(column.type, column.type),
        "format": "",
        "description": column.description,
        "priority": 0,
    }


def table(
    said: Iterable[dict], kind: Kind, metadata: dict, include: str
) -> dict[str, Any]:
    """Return objects as a Table; `include` says how much of each its row carries."""
    return {
        "kind": "Table",
        "apiVersion": API_VERSION,
        "metadata": metadata,
        "columnDefinitions": definitions(kind),
        "rows": [row(one, kind, include) for one in said],
    }


def row(said: dict, kind: Kind, include: str) -> dict[str, Any]:
    cells = [cell(said, column) for column in kind.columns]
    return {
        "cells": [said["metadata"]["name"], *cells],
        "object": INCLUDED[include](said),
    }


def metadata_only(said: dict) -> dict[str, Any]:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": API_VERSION,
        "metadata": said["metadata"],
    }


INCLUDED = {"None": lambda said: None, "Metadata": metadata_only, "Object": dict}


def cell(said: dict, column: Column) -> Any:
    if column.type == "condition":
        return condition(said, column.path)
    value = at(said, column.path)
    if column.type == "count":
        return len(value or ())
    if column.type == "date":
        return age(value)
    return value


def condition(said: dict, name: str) -> str | None:
    """Return the status of a condition; None, which prints as nothing, without it."""
    conditions = at(said, "status.conditions") or ()
    return next((one["status"] for one in conditions if one["type"] == name), None)


def age(since: str | None) -> str:
    """Return how long ago a moment was, as people say it: 42s, 4m, 3h, 2d."""
    if not since:
        return "<unknown>"
    began = datetime.fromisoformat(since)
    seconds = max(int((datetime.now(UTC) - began).total_seconds()), 0)
    size, letter = next(
        (size, letter) for least, size, letter in UNITS if seconds >= least
    )
    return f"{seconds // size}{letter}"
