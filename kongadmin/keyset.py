"""Sorted rows from a place on: any depth costs the same.

Rows without a value come last in both directions. A stretch is read in at most two
queries: those that have a value, and those that have none.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Field, Model, Q, QuerySet
from django.db.models.fields.tuple_lookups import (
    Tuple,
    TupleGreaterThan,
    TupleLessThan,
)

from kongadmin.fields import can_store


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

    @classmethod
    def at(cls, row: Model, sort: Sort) -> "Cursor":
        return cls(getattr(row, sort.field), row.pk)

    def say(self) -> list:
        """Return the value and the id as JSON can hold them."""
        is_time = isinstance(self.value, datetime)
        value = self.value.isoformat() if is_time else self.value
        return [said if is_json(said) else str(said) for said in (value, self.id)]

    @classmethod
    def read(cls, model: type[Model], sort: Sort, value: Any, id_: Any) -> "Cursor":
        """Return the place that was said; ValueError if it cannot be one."""
        meta = model._meta
        if isinstance(value, str) and not can_store(value):
            raise ValueError("no row can hold this value")
        field = meta.pk if sort.field == "pk" else meta.get_field(sort.field)
        place = cls(typed(field, value), typed(meta.pk, id_))
        if place.id is None:
            raise ValueError("a place needs an id")
        return place


def is_json(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def typed(field: Field, value: Any) -> Any:
    try:
        return field.to_python(value)
    except ValidationError as error:
        raise ValueError(str(error)) from error


def fetch(
    rows: QuerySet,
    sort: Sort,
    most: int,
    cursor: Cursor | None = None,
    *,
    is_descending: bool = False,
    backwards: bool = False,
) -> list:
    """Return up to `most` rows from the cursor outwards, in the order of travel."""
    ends = [True, False] if sort.nullable else [True]
    falling = is_descending != backwards
    found: list = []
    for valued in reversed(ends) if backwards else ends:
        is_here = cursor is not None and (cursor.value is not None) == valued
        is_beyond = cursor is not None and not is_here and valued != backwards
        if is_beyond or len(found) >= most:
            continue
        part = order(rows, sort, valued, cursor if is_here else None, falling)
        found += part[: most - len(found)]
    return found


def order(
    rows: QuerySet, sort: Sort, valued: bool, cursor: Cursor | None, falling: bool
) -> QuerySet:
    """Return the rows with (or without) a sort value that lie beyond the cursor."""
    if sort.nullable:
        rows = rows.filter(**{f"{sort.field}__isnull": not valued})
    names = [sort.field, "pk"] if valued and sort.field != "pk" else ["pk"]
    if cursor:
        values = [cursor.value, cursor.id] if len(names) == 2 else [cursor.id]
        beyond = TupleLessThan if falling else TupleGreaterThan
        rows = rows.filter(compare(beyond, names, values))
    return rows.order_by(*(f"-{name}" if falling else name for name in names))


def compare(beyond: type, names: list[str], values: list) -> Any:
    """Return the condition that a row lies beyond the cursor."""
    if len(names) == 1:
        lookup = "lt" if beyond is TupleLessThan else "gt"
        return Q(**{f"{names[0]}__{lookup}": values[0]})
    return beyond(Tuple(*(F(name) for name in names)), values)
