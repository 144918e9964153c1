"""Lists by cursor: `page[size]`, `page[after]`, `page[before]`. Contract konnect §1.5.

In the order of creation, then id. A cursor is unpadded base64url of a JSON object with
both, so that one of a deleted row still marks its place.
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from kongadmin import keyset
from kongadmin.dialects.konnect.problems import Problem, parameter
from kongadmin.keyset import Cursor, Sort

SIZE, AFTER, BEFORE = "page[size]", "page[after]", "page[before]"
DEFAULT_SIZE, LARGEST_SIZE = 10, 1000
OLDEST_FIRST = Sort("created_at")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for; a place is the text of a cursor."""

    size: int
    after: str = ""
    before: str = ""


def read_page(arguments: dict) -> Page:
    """Return what the query asks for; refuse all of it that is wrong."""
    found: list[dict] = []
    size = read_size(arguments, SIZE, LARGEST_SIZE, DEFAULT_SIZE, found)
    after, before = (text_of(arguments, name) for name in (AFTER, BEFORE))
    if after and before:
        reason = f"cannot be used with {AFTER}"
        found.append(parameter(BEFORE, "invalid", reason, "query"))
    for name, text in ((AFTER, after), (BEFORE, before)):
        if text and decode(text) is None:
            found.append(parameter(name, "invalid", "is not a cursor", "query"))
    if found:
        raise Problem.invalid(found)
    return Page(size, after, before)


def read_size(
    arguments: dict, name: str, most: int, default: int, found: list[dict]
) -> int:
    """Return a whole number from 1 to `most`; what is wrong goes into `found`."""
    if name not in arguments:
        return default
    try:
        size = int(text_of(arguments, name))
    except ValueError:
        found.append(parameter(name, "is_integer", "must be an integer", "query"))
        return default
    if size < 1:
        reason = "must be at least 1"
        found.append(parameter(name, "min", reason, "query", minimum=1))
    elif size > most:
        reason = f"must be at most {most}"
        found.append(parameter(name, "max", reason, "query", maximum=most))
    return size


def text_of(arguments: dict, name: str) -> str:
    """Return an argument's text; one without `=` has none."""
    text = arguments.get(name, "")
    return text if isinstance(text, str) else ""


def encode(row: Model) -> str:
    """Return the cursor that marks the place of a row."""
    place = {"id": str(row.pk), "t": row.created_at.isoformat()}
    raw = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str) -> Cursor | None:
    """Return the place that a cursor marks, None if the text is no cursor."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        place = json.loads(raw)
        moment = datetime.fromisoformat(place["t"])
        return Cursor(moment.astimezone(UTC), UUID(place["id"]))
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return None


def fetch(rows: QuerySet, page: Page) -> tuple[list, dict[str, str | None]]:
    """Return the rows of a page, and the cursors of the pages beside it, if any."""
    text = page.after or page.before
    cursor = decode(text) if text else None
    backwards = bool(page.before)
    found = keyset.fetch(rows, OLDEST_FIRST, page.size + 1, cursor, backwards=backwards)
    has_more, found = len(found) > page.size, found[: page.size]
    if backwards:
        found.reverse()
    follows = bool(found) and (backwards or has_more)
    precedes = bool(found) and (has_more if backwards else bool(cursor))
    return found, {
        AFTER: encode(found[-1]) if follows else None,
        BEFORE: encode(found[0]) if precedes else None,
    }


def answer(
    data: list[dict], cursors: dict, page: Page, request: HttpRequest
) -> dict[str, Any]:
    """Return the body of a list; the links repeat the filters."""
    repeated = [
        (name, value)
        for name, value in request.pairs
        if isinstance(value, str) and name.startswith("filter")
    ]

    def link(name: str) -> str | None:
        if cursors[name] is None:
            return None
        pairs = [*repeated, (SIZE, str(page.size)), (name, cursors[name])]
        query = "&".join(f"{quote(n, '[]')}={quote(v, '')}" for n, v in pairs)
        return f"{request.path_info}?{query}"

    meta = {"next": link(AFTER), "previous": link(BEFORE), "size": page.size}
    return {"data": data, "meta": meta}
