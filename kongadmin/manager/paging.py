"""Keyset pages: any depth costs the same, and every page has an address.

Rows without a value come last in both directions. A page is read in at most two
queries: those that have a value, and those that have none.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db.models import F, IntegerField, Q, QuerySet, Subquery
from django.db.models.fields.tuple_lookups import (
    Tuple,
    TupleGreaterThan,
    TupleLessThan,
)
from django.http import QueryDict

SIZE = 30
SIZES = (15, 30, 50, 100)
MOST_COUNTED = 1000
DAMAGED = "This page's address is damaged."


@dataclass(frozen=True, slots=True)
class Sort:
    """A column to sort by: where its values are, and whether a row may lack one."""

    field: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows: the sort value and id of the row beside it."""

    value: Any
    id: Any

    def encode(self) -> str:
        place = [plain(self.value), plain(self.id)]
        token = json.dumps(place, separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, token: str) -> Self:
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            value, id_ = json.loads(raw)
        except (TypeError, ValueError) as error:
            raise SuspiciousOperation(DAMAGED) from error
        return cls(value, id_)


def plain(value: Any) -> Any:
    """Return a value of a row as JSON can hold it, and a model's field read it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


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
        self.rows, self.given = rows, given
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
        cursor = Cursor.decode(token)
        meta = self.rows.model._meta
        field = meta.pk if self.sort.field == "pk" else meta.get_field(self.sort.field)
        try:
            place = Cursor(field.to_python(cursor.value), meta.pk.to_python(cursor.id))
        except ValidationError as error:
            raise SuspiciousOperation(DAMAGED) from error
        if place.id is None:
            raise SuspiciousOperation(DAMAGED)
        return place

    def fetch(self, cursor: Cursor | None, backwards: bool) -> list:
        """Return up to one row more than the page holds, from the cursor outwards."""
        ends = [True, False] if self.sort.nullable else [True]
        found: list = []
        for valued in reversed(ends) if backwards else ends:
            is_here = cursor is not None and (cursor.value is not None) == valued
            is_beyond = cursor is not None and not is_here and valued != backwards
            if is_beyond or len(found) > self.size:
                continue
            rows = self.part(valued, cursor if is_here else None, backwards)
            found += rows[: self.size + 1 - len(found)]
        return found

    def part(self, valued: bool, cursor: Cursor | None, backwards: bool) -> QuerySet:
        """Return the rows with (or without) a sort value, in the order of travel."""
        rows, field = self.rows, self.sort.field
        if self.sort.nullable:
            rows = rows.filter(**{f"{field}__isnull": not valued})
        names = [field, "pk"] if valued and field != "pk" else ["pk"]
        falling = self.is_descending != backwards
        if cursor:
            beyond = TupleLessThan if falling else TupleGreaterThan
            values = [cursor.value, cursor.id] if len(names) == 2 else [cursor.id]
            rows = rows.filter(compare(beyond, names, values))
        return rows.order_by(*(f"-{name}" if falling else name for name in names))

    def count(self) -> int:
        """Return how many rows there are, bounded; one page needs no query."""
        if self.has_next or self.has_previous:
            return count_up_to(self.rows)
        return len(self.items)

    def cursor_of(self, row: Any) -> str:
        return Cursor(getattr(row, self.sort.field), row.pk).encode()

    @property
    def next_query(self) -> str:
        if not self.items:
            return ""
        return self.query(**{self.after: self.cursor_of(self.items[-1])})

    @property
    def previous_query(self) -> str:
        if not self.items:
            return ""
        return self.query(**{self.before: self.cursor_of(self.items[0])})

    def query(self, **changed: str) -> str:
        """Return the address of another page: these arguments, on from the start."""
        given = self.given.copy()
        for name in (self.after, self.before):
            given.pop(name, None)
        for name, value in changed.items():
            given[name] = value
        return given.urlencode()

    def sorted_by(self, name: str) -> dict[str, str]:
        """Return what a column's header needs: its link, and how it sorts."""
        mine = self.sort_name.removeprefix("-") == name
        state = (
            ("descending" if self.is_descending else "ascending") if mine else "none"
        )
        target = f"-{name}" if mine and not self.is_descending else name
        return {"query": self.query(sort=target), "state": state}


def compare(beyond, names: list[str], values: list) -> Any:
    """Return the condition that a row lies beyond the cursor."""
    if len(names) == 1:
        lookup = "lt" if beyond is TupleLessThan else "gt"
        return Q(**{f"{names[0]}__{lookup}": values[0]})
    return beyond(Tuple(*(F(name) for name in names)), values)


class CountUpTo(Subquery):
    """Counts, in a query of others, rows of a queryset that refers to them: bounded."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet, most: int = MOST_COUNTED) -> None:
        super().__init__(rows.order_by().values("pk")[: most + 1])


def count_up_to(rows: QuerySet, most: int = MOST_COUNTED) -> int:
    """Return how many rows there are, or `most` + 1 for more: never a long scan."""
    return rows.order_by()[: most + 1].count()
