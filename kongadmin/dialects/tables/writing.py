"""Rows as a table: a line a consumer, and further ones for further credentials.

A table has columns for what is there, so rows are laid aside until all are known.
"""

import csv
import io
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer
from groups.models import Membership
from kongadmin.declarative.document import Head, Row
from kongadmin.declarative.formats import Options
from kongadmin.declarative.kinds import KINDS
from kongadmin.dialects.deck.secrets import Hiding, name_of
from kongadmin.dialects.tables.cells import guard, join
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
    fields_of,
)
from kongadmin.dialects.tables.reading import NAMING
from kongadmin.masks import mask

IN_MEMORY = 8 << 20
OWNERS = {declared.model.schema.name: kind for kind, declared in CREDENTIALS.items()}

type Cells = dict[str, str]


def write(rows: Iterable[Row], head: Head, options: Options) -> Iterator[str]:
    """Yield the lines of a table; what it cannot hold is added to head.notes."""
    table = Lines(head, options)
    with tempfile.SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8") as aside:
        used: set[str] = set()
        for cells in table.lines(rows):
            used |= cells.keys()
            aside.write(json.dumps(cells) + "\n")
        aside.seek(0)
        names = chosen(used, options)
        yield csv_line(names)
        for line in aside:
            cells = json.loads(line)
            yield csv_line([guard(cells.get(field, "")) for field in fields(names)])
    head.notes += [
        f"a table cannot hold {count} {kind.replace('_', ' ')}, they are left out"
        for kind, count in table.left_out.items()
    ]


def chosen(used: set[str], options: Options) -> list[str]:
    """Return the headings: those asked for, or else one for all that is there."""
    return [*options.columns] or [name for name in columns() if name in used]


def fields(names: list[str]) -> list[str]:
    return [str(column_called(name)) for name in names]


def csv_line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


class Lines:
    """Turns rows into cells by column; counts what has no column."""

    def __init__(self, head: Head, options: Options) -> None:
        self.is_hashed, self.options = head.is_hashed, options
        self.hiding = Hiding(options)
        self.left_out: Counter[str] = Counter()

    def lines(self, rows: Iterable[Row]) -> Iterator[Cells]:
        consumer: Row | None = None
        held: list[Row] = []
        for row in rows:
            if row.kind == Consumer.schema.name:
                yield from self.about(consumer, held)
                consumer, held = row, []
            elif row.kind in OWNERS or row.kind == Membership.schema.name:
                held.append(row)
            else:
                self.left_out[row.kind] += 1
        yield from self.about(consumer, held)

    def about(self, consumer: Row | None, held: list[Row]) -> Iterator[Cells]:
        """Yield the lines of one consumer: as many as it has keys, say."""
        if consumer is None:
            return
        first = self.cells(CONSUMER, consumer)
        if self.is_hashed and any(OWNERS.get(row.kind) == BASIC_AUTH for row in held):
            first["id"] = str(consumer.values["id"])  # goes into the digests
        name = next(field for field in NAMING if consumer.values.get(field))
        again = {name: str(consumer.values[name])}
        groups: list[str] = []
        by_owner: dict[str, list[Cells]] = defaultdict(list)
        acls: list[str] = []
        for row in held:
            if row.kind == Membership.schema.name:
                groups.append(row.values["consumer_group"].text)
                continue
            cells = self.cells(OWNERS[row.kind], row)
            if OWNERS[row.kind] == ACL and len(cells) == 1:
                acls.append(row.values["group"])
            else:
                by_owner[OWNERS[row.kind]].append(cells)
        first |= {GROUPS: join(groups)} if groups else {}
        first |= {PLAIN_ACLS: join(acls)} if acls else {}
        for number, parts in enumerate(zip_longest(*by_owner.values(), fillvalue={})):
            line = again if number else first
            yield {name: cell for part in (line, *parts) for name, cell in part.items()}
        if not by_owner:
            yield first

    def cells(self, owner: str, row: Row) -> Cells:
        """Return the cells of an entity, without what it has not."""
        values = row.values
        names = [name for name in fields_of(owner) if name != DIGEST]
        if not self.options.with_id:
            names.remove("id")
        cells = {}
        for name in names:
            if values.get(name) is None:
                continue
            is_digest = owner == BASIC_AUTH and name == "password" and self.is_hashed
            column = Column(owner, DIGEST if is_digest else name)
            is_secret = name in KINDS[row.kind].model.secret_fields
            told = self.secret if is_secret else cell
            cells[str(column)] = told(values[name], row, name)
        return cells

    def secret(self, value: str, row: Row, name: str) -> str:
        """Return a secret as the options want it: in clear, masked, or its variable."""
        if self.options.secrets == "masked":
            return mask(value)
        if self.options.secrets == "clear":
            return value
        variable = self.hiding.free_name(name_of(row, name))
        self.options.environment[variable] = value
        return f'${{{{ env "{variable}" }}}}'


def cell(value: Any, row: Row, name: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return join(value) if isinstance(value, list) else str(value)
