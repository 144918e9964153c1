"""Tables as rows: who is in a line, with which credentials, in which groups.

A consumer has one line, or several that name it; each may bring more credentials.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from consumers.models import Consumer
from groups.models import Membership
from kongadmin.declarative.document import (
    Document,
    Head,
    Place,
    Problem,
    Ref,
    Row,
    Unreadable,
)
from kongadmin.declarative.formats import Columns, Options
from kongadmin.dialects.tables.cells import split, unguard
from kongadmin.dialects.tables.columns import (
    ACL,
    BASIC_AUTH,
    CONSUMER,
    DIGEST,
    GROUPS,
    PLAIN_ACLS,
    Column,
    column_called,
    columns,
    kind_of,
    likely,
    schema_of,
)
from kongadmin.dialects.tables.lines import heading, records, sniff

MOST_PROBLEMS = 100
PLACEHOLDER = re.compile(r'\$\{\{\s*env\s+"(DECK_\w+)"\s*\}\}')
NAMING = ("username", "custom_id", "id")
EXTENSIONS = (".csv", ".tsv")


def score(cells: list[str]) -> int:
    """Return how many of the cells are headings of ours, 0 unless one names someone."""
    found = [column for cell in cells if (column := column_called(cell))]
    return len(found) if any(is_naming(column) for column in found) else 0


def is_naming(column: Column) -> bool:
    return column.owner == CONSUMER and column.field in NAMING


def recognises(beginning: str, filename: str) -> bool:
    if filename.lower().endswith(EXTENSIONS):
        return True
    first = beginning.lstrip("\ufeff").partition("\n")[0].strip()
    return score(heading(first, sniff(first, score))) > 0


def guess(beginning: str) -> dict[str, str]:
    """Return the headings of a table, and the columns that they mean ("" for none)."""
    first = beginning.lstrip("\ufeff").partition("\n")[0].strip()
    names = heading(first, sniff(first, score))
    return {name: str(column_called(name) or "") for name in names if name.strip()}


def headings(beginning: str) -> Columns:
    """Return what the headings of a table mean, and what they could."""
    return Columns(guess(beginning), tuple(columns()))


def read(stream: BinaryIO, options: Options) -> Document:
    """Return a table as a document; which columns it has shows at once."""

    def mapped(cells: list[str]) -> int:
        return score([options.columns.get(cell.strip(), cell) for cell in cells])

    lines = records(stream, mapped)
    first = next(lines, None)
    if first is None:
        raise Unreadable(Problem("the table is empty", hint="its first line is names"))
    found = columns_of(first.cells, first.line, options.columns)
    head = Head(kinds=kinds_of(found))
    head.is_hashed = Column(BASIC_AUTH, DIGEST) in found
    return Document("csv", head, Table(found, options.environment).rows(lines))


def columns_of(
    cells: list[str], line: int, given: dict[str, str]
) -> list[Column | None]:
    """Return what the columns mean, None for those to leave out."""
    found: list[Column | None] = []
    problems = []
    for number, cell in enumerate(cells, 1):
        name = cell.strip()
        meant = given.get(name, name)
        column = column_called(meant) if meant else None
        if meant and column is None:
            problems.append(unknown(meant, number, line))
        elif column and column in found:
            text = f"two columns say {column}"
            problems.append(Problem(text, Place(line), name, "number them: … 2"))
        found.append(column)
    if not problems and not any(column and is_naming(column) for column in found):
        hint = "name one column username or custom_id"
        problems.append(
            Problem("no column says who a row is about", Place(line), hint=hint)
        )
    if {Column(BASIC_AUTH, DIGEST), Column(BASIC_AUTH, "password")} <= {*found}:
        text = "passwords are digests or they are not: one column too many"
        problems.append(Problem(text, Place(line)))
    if problems:
        raise Unreadable(*problems)
    return found


def unknown(name: str, number: int, line: int) -> Problem:
    near = likely(name)
    hint = f"{near}?" if near else f"known are {', '.join(columns())}"
    text = f"column {number}, “{name}”, is none of ours"
    return Problem(text, Place(line), name, hint)


def kinds_of(found: list[Column | None]) -> frozenset[str]:
    """Return the kinds that a table with these columns speaks of."""
    named = {column for column in found if column}
    kinds = {kind_of(column.owner) for column in named}
    if Column(CONSUMER, GROUPS) in named:
        kinds.add(Membership.schema.name)
    if Column(CONSUMER, PLAIN_ACLS) in named:
        kinds.add(kind_of(ACL))
    return frozenset(kinds | {Consumer.schema.name})


type Part = tuple[str, int]  # an owner, and which of its credentials


class Table:
    """What has been read so far: who was named, and all that was wrong."""

    def __init__(self, found: list[Column | None], environment: dict) -> None:
        self.columns, self.environment = found, environment
        self.problems: list[Problem] = []
        # By how a consumer is named: in which line first, and what was said there.
        self.seen: dict[Ref, tuple[int, dict[str, Any]]] = {}
        self.groups: dict[Ref, set[str]] = {}

    def rows(self, lines) -> Iterator[Row]:
        for line, cells in lines:
            yield from self.rows_of(Place(line), cells)
            if len(self.problems) >= MOST_PROBLEMS:
                break
        if self.problems:
            raise Unreadable(*self.problems)

    def rows_of(self, place: Place, cells: list[str]) -> Iterator[Row]:
        """Return what one line says: the consumer, unless known, and what it has."""
        if len(cells) > len(self.columns):
            text = f"{len(cells)} cells, but {len(self.columns)} columns have a name"
            hint = "a cell with a delimiter in it needs quotes"
            return self.note(text, place, hint=hint)
        parts = self.parts(place, cells)
        consumer = parts.pop((CONSUMER, 1), {})
        groups = consumer.pop(GROUPS, [])
        acls = consumer.pop(PLAIN_ACLS, [])
        ref = ref_to(consumer)
        if ref is None:
            return self.note("the row names nobody", place)
        if self.is_new(ref, consumer, place):
            yield Row(Consumer.schema.name, consumer, place)
        for group in groups:
            if group not in self.groups.setdefault(ref, set()):
                self.groups[ref].add(group)
                yield membership(ref, group, place)
        for group in acls:
            yield Row(kind_of(ACL), {"consumer": ref, "group": group}, place)
        for owner, values in ((owner, parts[owner, n]) for owner, n in sorted(parts)):
            yield Row(kind_of(owner), {"consumer": ref, **values}, place)

    def parts(self, place: Place, cells: list[str]) -> dict[Part, dict[str, Any]]:
        """Return the values in a line, by whose they are."""
        found: dict[Part, dict[str, str | list[str]]] = {}
        for column, cell in zip(self.columns, cells, strict=False):
            if column and cell:
                values = found.setdefault((column.owner, column.number), {})
                name = "password" if column.field == DIGEST else column.field
                text = PLACEHOLDER.sub(partial(self.variable, place), unguard(cell))
                values[name] = value_in(column, text)
        return {part: schema_of(part[0]).infer(found[part]) for part in found}

    def variable(self, place: Place, found: re.Match) -> str:
        """Return what a variable in a cell stands for."""
        name = found[1]
        if name not in self.environment:
            text = f"environment variable {name} is not set"
            self.note(text, place, found[0], f"set {name}")
        return self.environment.get(name, "")

    def is_new(self, ref: Ref, consumer: dict, place: Place) -> bool:
        """Say whether a line is the first about a consumer; later ones must agree."""
        if ref not in self.seen:
            self.seen[ref] = place.line, consumer
            return True
        line, before = self.seen[ref]
        for name, value in consumer.items():
            if before.get(name) != value:
                text = f"{ref.text} has another {name} in line {line}"
                self.note(text, place, str(value), "leave it empty in further rows")
        return False

    def note(self, text: str, place: Place, line: str = "", hint: str = "") -> None:
        self.problems.append(Problem(text, place, line, hint))


def value_in(column: Column, text: str) -> str | list[str]:
    """Return what a cell says, as text or as texts, whichever its field holds."""
    if column.field in (GROUPS, PLAIN_ACLS):
        return split(text)
    field = schema_of(column.owner).fields.get(column.field, {})
    return split(text) if field.get("type") in ("set", "array") else text


def ref_to(consumer: dict[str, Any]) -> Ref | None:
    """Return how a line names its consumer: by the first that it has."""
    named = ((name, consumer[name]) for name in NAMING if consumer.get(name))
    found = next(named, None)
    return found and Ref(Consumer.schema.name, found[1], found[0])


def membership(ref: Ref, group: str, place: Place) -> Row:
    values = {
        "consumer": ref,
        "consumer_group": Ref("consumer_groups", group, "name"),
    }
    return Row(Membership.schema.name, values, place)
