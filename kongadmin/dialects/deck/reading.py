"""A decK file, or a declarative file of Kong's own, as a document."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO

from kongadmin.declarative.document import (
    Document,
    Head,
    Place,
    Problem,
    Row,
    Unreadable,
)
from kongadmin.declarative.formats import Options
from kongadmin.dialects.deck import plain
from kongadmin.dialects.deck.feed import Feed, line_of, seekable
from kongadmin.dialects.deck.nodes import Doubt, Nodes, NotYAML
from kongadmin.dialects.deck.rows import Rows


def read(stream: BinaryIO, options: Options, name: str = "deck") -> Document:
    """Return a file's rows as a stream.

    The head is complete at once where it stands before what it is the head of.
    """
    head = Head()
    rows = _rows(seekable(stream), options, head)
    first = list(islice(rows, 1))
    return Document(name, head, chain(first, rows))


def _rows(stream: BinaryIO, options: Options, head: Head) -> Iterator[Row]:
    """Yield the rows, read in a hurry as far as that goes, and the rest with care."""
    given = 0
    try:
        for row in _hurried(stream, options, head):
            given += 1
            yield row
    except Doubt:
        head.__init__()
        yield from islice(_careful(stream, options, head), given, None)


def _hurried(stream: BinaryIO, options: Options, head: Head) -> Iterator[Row]:
    feed = Feed(stream, options.environment)
    try:
        yield from Rows(head, is_sure=False).of(plain.parts(feed))
    except Unreadable as error:
        raise Unreadable(*_shown(stream, error.problems)) from None
    if feed.problems:
        raise Doubt("placeholders without a value")


def _careful(stream: BinaryIO, options: Options, head: Head) -> Iterator[Row]:
    feed = Feed(stream, options.environment)
    rows = Rows(head, is_sure=True)
    problems = []
    try:
        yield from rows.of(Nodes(feed))
    except Unreadable as error:
        problems = [p for p in error.problems if p not in rows.problems]
    except NotYAML as error:
        problems = [Problem(error.text, error.place)]
    problems += [*rows.problems, *feed.problems]
    if problems:
        raise Unreadable(*_shown(stream, problems))


def _shown(stream: BinaryIO, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield problems in the order of the text, each with its line."""
    for problem in sorted(problems, key=lambda each: each.place or Place(0)):
        line = problem.line
        if not line and problem.place:
            line = line_of(stream, problem.place.line)
        yield Problem(problem.text, problem.place, line.strip(), problem.hint)
