"""What a list of control planes can be asked for. Contract konnect §2.1.

Pages have numbers and a total, as clients expect; control planes are few.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from kongadmin.dialects.konnect.filters import Filter, read_filters
from kongadmin.dialects.konnect.paging import DEFAULT_SIZE, SIZE, read_size
from kongadmin.dialects.konnect.problems import Problem, parameter
from kongadmin.entities import UUID_TEXT
from kongadmin.fields import can_store

NUMBER, LARGEST_NUMBER = "page[number]", 1_000_000
LARGEST_SIZE = 100
OLDEST_FIRST = "created_at"
SORTS = {
    OLDEST_FIRST: ("created_at", "pk"),
    "created_at asc": ("created_at", "pk"),
    "created_at desc": ("-created_at", "-pk"),
}
OPERATORS = {
    "id": ("eq", "oeq"),
    "name": ("eq", "neq", "contains"),
    "cluster_type": ("eq", "neq", "oeq"),
    "cloud_gateway": ("eq",),
}
BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which control planes are asked for, in what order, and which page of them.

    `labels` has a value for each name, or None where any value will do.
    """

    number: int
    size: int
    order: tuple[str, ...]
    filters: list[Filter]
    labels: dict[str, str | None]

    def narrow(self, rows: QuerySet) -> QuerySet:
        for each in self.filters:
            rows = rows.filter(condition(each))
        if not self.labels:
            return rows
        # Labels may be called anything, also what JSON paths of databases mean.
        pairs = rows.values_list("pk", "labels")
        return rows.filter(pk__in=[pk for pk, has in pairs if self.fits(has)])

    def fits(self, labels: dict[str, str]) -> bool:
        return all(
            name in labels and value in (None, labels[name])
            for name, value in self.labels.items()
        )

    def cut(self, rows: QuerySet) -> tuple[list, int]:
        """Return the rows of the page, and how many there are on all pages."""
        first = (self.number - 1) * self.size
        return [*rows.order_by(*self.order)[first : first + self.size]], rows.count()


def read_list(arguments: dict) -> Wanted:
    """Return what the query asks for; refuse all of it that is wrong."""
    found: list[dict] = []
    number = read_size(arguments, NUMBER, LARGEST_NUMBER, 1, found)
    size = read_size(arguments, SIZE, LARGEST_SIZE, DEFAULT_SIZE, found)
    filters, wrong = read_filters(arguments, OPERATORS)
    found += wrong
    for each in filters:
        found += wrong_text(each)
    sort = arguments.get("sort", OLDEST_FIRST)
    if sort not in SORTS:
        reason = f"must be one of {', '.join(SORTS)}"
        found.append(parameter("sort", "enum", reason, "query", choices=[*SORTS]))
    if found:
        raise Problem.invalid(found)
    labels = read_labels(arguments.get("labels"))
    return Wanted(number, size, SORTS[sort], filters, labels)


def wrong_text(wanted: Filter) -> Iterator[dict]:
    """Find a text that no field of its kind can have."""
    name = f"filter[{wanted.field}]"
    if wanted.field == "id" and not all(map(UUID_TEXT.fullmatch, wanted.texts)):
        yield parameter(name, "is_uuid", "must be a UUID", "query")
    if wanted.field == "cloud_gateway" and wanted.text not in BOOLEANS:
        yield parameter(name, "is_boolean", "must be true or false", "query")


def read_labels(text: str | bool | None) -> dict[str, str | None]:
    """Return what `name:value,other` asks for."""
    if not isinstance(text, str):
        return {}
    pairs = (item.strip().partition(":") for item in text.split(",") if item.strip())
    return {name: value if colon else None for name, colon, value in pairs}


def condition(wanted: Filter) -> Q:
    """Return the condition that a filter stands for."""
    if wanted.field == "cloud_gateway":
        return Q(cloud_gateway=BOOLEANS[wanted.text])
    texts = wanted.texts if wanted.operator == "oeq" else [wanted.text]
    texts = [text for text in texts if can_store(text)]
    if wanted.operator == "contains":
        return Q(**{f"{wanted.field}__icontains": texts[0]}) if texts else Q(pk__in=[])
    found = Q(**{f"{wanted.field}__in": texts})
    return ~found if wanted.operator == "neq" else found
