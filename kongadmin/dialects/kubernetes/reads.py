"""Get and list: objects as they are, filtered and a page at a time."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.calls import Call
from kongadmin.dialects.kubernetes.errors import not_found
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.paths import at
from kongadmin.dialects.kubernetes.selectors import matches
from kongadmin.dialects.kubernetes.versions import (
    Place,
    check_match,
    place_of,
    version_of,
)
from kongadmin.dialects.kubernetes.wire import say

CHUNK = 500


def get(call: Call) -> dict:
    store.current_version()  # so that there is what exists from the beginning
    object = store.find(call.kind.plural, call.namespace, call.name)
    if object is None:
        raise not_found(call.kind, call.name)
    return say(object, call.kind)


def list_of(call: Call) -> tuple[list[dict], dict[str, Any]]:
    """Return the objects that are asked for, and the metadata of their list."""
    check_match(call)
    limit, place = call.number("limit"), place_of(call)
    version = place.version if place else version_of(call)
    found = selected(rows_after(rows_of(call), place), call)
    page = list(islice(found, limit) if limit else found)
    if not place:
        version = max([version, *map(number_of, page)])
    metadata = {"resourceVersion": str(version)}
    if limit and next(found, None) is not None:
        end = end_of(page, version)
        metadata["continue"] = end.token
        if not call.labels and not call.fields:
            metadata["remainingItemCount"] = rows_after(rows_of(call), end).count()
    return page, metadata


def number_of(said: dict) -> int:
    return int(said["metadata"]["resourceVersion"])


def end_of(page: list[dict], version: int) -> Place:
    last = page[-1]["metadata"]
    return Place(version, last.get("namespace", ""), last["name"])


def rows_of(call: Call) -> QuerySet[Object]:
    """Return what a call is about, as far as the database can tell."""
    rows = store.objects(call.kind.plural, call.namespace or None)
    for requirement in call.fields:
        column = requirement.key.removeprefix("metadata.")
        if column in ("name", "namespace"):
            wanted = Q(**{f"{column}__in": requirement.values})
            rows = rows.filter(wanted if requirement.wants else ~wanted)
    return rows.order_by("namespace", "name")


def selected(rows: QuerySet[Object], call: Call) -> Iterator[dict]:
    """Yield those that the selectors select, as they are said."""
    labels = call.labels
    for object in rows.iterator(CHUNK):
        if matches(labels, object.labels):
            said = say(object, call.kind)
            if fits_fields(said, call):
                yield said


def fits_fields(said: dict, call: Call) -> bool:
    fields = {one.key: at(said, one.key) or "" for one in call.fields}
    return matches(call.fields, fields)


def rows_after(rows: QuerySet[Object], place: Place | None) -> QuerySet[Object]:
    """Keep what comes behind a place."""
    if place is None:
        return rows
    namespace, name = place.namespace, place.name
    behind = Q(namespace__gt=namespace) | Q(namespace=namespace, name__gt=name)
    return rows.filter(behind)
