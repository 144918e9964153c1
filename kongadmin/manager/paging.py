"""Keyset pages: any depth costs the same, and every page has an address."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db.models import IntegerField, QuerySet, Subquery
from django.http import QueryDict
from django.utils.functional import cached_property

from kongadmin import keyset
from kongadmin.keyset import Cursor, Sort

SIZE = 30
SIZES = (15, 30, 50, 100)
MOST_COUNTED = 1000
DAMAGED = "This page's address is damaged."


def encode(place: Cursor) -> str:
    token = json.dumps(place.say(), separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


class Page:
    """One page of `rows`, sorted and placed by the query arguments `given`.

    Arguments: `sort` (a name of `sorts`, with "-" descending), `size`, and `after` or
    `before` (a cursor). Where several lists share an address, each has a `prefix`
    before its cursor, and keeps the others' places.
    """

    sizes = SIZES

    def __init__(
        self,
        rows: QuerySet,
        given: QueryDict,
        sorts: Mapping[str, Sort],
        default: str,
        prefix: str = "",
        size: int = SIZE,
    ) -> None:
        self.rows, self.given, self.sorts = rows, given, sorts
        self.after, self.before = f"{prefix}after", f"{prefix}before"
        name = given.get("sort", default)
        self.sort_name = name if name.removeprefix("-") in sorts else default
        self.sort = sorts[self.sort_name.removeprefix("-")]
        self.is_descending = self.sort_name.startswith("-")
        wanted = given.get("size", "")
        self.size = int(wanted) if wanted in map(str, SIZES) else size
        self.items: list = []
        self.has_next = self.has_previous = False
        self.read()

    def __iter__(self):
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def read(self) -> None:
        backwards = self.given.get(self.before)
        token = backwards or self.given.get(self.after)
        cursor = self.decode(token) if token else None
        found = self.fetch(cursor, bool(backwards))
        more, self.items = len(found) > self.size, found[: self.size]
        if backwards:
            self.items.reverse()
        self.has_next = bool(backwards) or more
        self.has_previous = more if backwards else cursor is not None

    def decode(self, token: str) -> Cursor:
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            value, id_ = json.loads(raw)
            return Cursor.read(self.rows.model, self.sort, value, id_)
        except (TypeError, ValueError) as error:
            raise SuspiciousOperation(DAMAGED) from error

    def fetch(self, cursor: Cursor | None, backwards: bool) -> list:
        """Return up to one row more than the page holds, from the cursor outwards."""
        return keyset.fetch(
            self.rows,
            self.sort,
            self.size + 1,
            cursor,
            is_descending=self.is_descending,
            backwards=backwards,
        )

    def count(self) -> int:
        """Return how many rows there are, bounded; one page needs no query."""
        if self.has_next or self.has_previous:
            return count_up_to(self.rows)
        return len(self.items)

    def cursor_of(self, row: Any) -> str:
        return encode(Cursor.at(row, self.sort))

    @cached_property
    def next_query(self) -> str:
        if not self.items:
            return ""
        return self.query(**{self.after: self.cursor_of(self.items[-1])})

    @cached_property
    def previous_query(self) -> str:
        if not self.items:
            return ""
        return self.query(**{self.before: self.cursor_of(self.items[0])})

    def query(self, *dropped: str, **changed: str) -> str:
        """Return the address of another page: these arguments, on from the start."""
        given = self.given.copy()
        for name in (self.after, self.before, *dropped):
            given.pop(name, None)
        for name, value in changed.items():
            given[name] = value
        return given.urlencode()

    @cached_property
    def columns(self) -> dict[str, dict[str, str]]:
        """What the headings of the columns that sort need, by name."""
        return {name: self.sorted_by(name) for name in self.sorts}

    def sorted_by(self, name: str) -> dict[str, str]:
        """Return what a column's header needs: its link, and how it sorts."""
        mine = self.sort_name.removeprefix("-") == name
        state = (
            ("descending" if self.is_descending else "ascending") if mine else "none"
        )
        target = f"-{name}" if mine and not self.is_descending else name
        return {"query": self.query(sort=target), "state": state}


class CountUpTo(Subquery):
    """Counts, in a query of others, rows of a queryset that refers to them: bounded."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet, most: int = MOST_COUNTED) -> None:
        super().__init__(rows.order_by().values("pk")[: most + 1])


def count_up_to(rows: QuerySet, most: int = MOST_COUNTED) -> int:
    """Return how many rows there are, or `most` + 1 for more: never a long scan."""
    return rows.order_by()[: most + 1].count()
