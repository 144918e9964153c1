"""Get and list: objects as they are, filtered and a page at a time."""

import base64
import binascii
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.calls import Call
from kongadmin.dialects.kubernetes.errors import bad_request, not_found
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.paths import at
from kongadmin.dialects.kubernetes.selectors import matches
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
    limit = call.number("limit")
    version = store.current_version()
    rows = rows_after(rows_of(call), call.given("continue"))
    found = selected(rows, call)
    page = list(islice(found, limit) if limit else found)
    metadata = {"resourceVersion": str(max([version, *map(version_of, page)]))}
    if limit and next(found, None) is not None:
        metadata["continue"] = token_after(page[-1])
        if not call.labels and not call.fields:
            rest = rows_after(rows_of(call), metadata["continue"])
            metadata["remainingItemCount"] = rest.count()
    return page, metadata


def version_of(said: dict) -> int:
    return int(said["metadata"]["resourceVersion"])


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


def rows_after(rows: QuerySet[Object], token: str) -> QuerySet[Object]:
    """Keep what comes behind the place that a continue token names."""
    if not token:
        return rows
    namespace, name = read_token(token)
    behind = Q(namespace__gt=namespace) | Q(namespace=namespace, name__gt=name)
    return rows.filter(behind)


def token_after(said: dict) -> str:
    meta = said["metadata"]
    place = json.dumps([meta.get("namespace", ""), meta["name"]])
    return base64.urlsafe_b64encode(place.encode()).decode()


def read_token(token: str) -> tuple[str, str]:
    try:
        namespace, name = json.loads(base64.urlsafe_b64decode(token))
        return str(namespace), str(name)
    except (ValueError, TypeError, binascii.Error) as error:
        raise bad_request("continue key is not valid") from error
