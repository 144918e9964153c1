"""A decK file, or a declarative file of Kong's own, as a document."""

import io
import re
from collections.abc import Iterable, Iterator
from functools import cache
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
from kongadmin.dialects.deck import objects, plain
from kongadmin.dialects.deck.feed import BLOCK, Feed, line_of, seekable
from kongadmin.dialects.deck.nodes import Doubt, Nodes, NotYAML, Part
from kongadmin.dialects.deck.rows import Rows
from kongadmin.dialects.deck.scalars import TEMPLATE
from kongadmin.dialects.deck.slips import MEANT, found_in, plainly
from kongadmin.dialects.deck.terms import kinds
from kongadmin.masks import DOTS

# Longer texts are not searched for what may be meant by them.
MOST_EXPLAINED = 200_000

TRANSFORM = "_transform"


def read(stream: BinaryIO, options: Options, name: str = "deck") -> Document:
    """Return a file's rows as a stream.

    The head is complete at once where it stands before what it is the head of, but for
    _transform, which may stand at the very end.
    """
    stream = seekable(stream)
    head = Head(is_hashed=says_digests(stream, options))
    rows = _rows(stream, options, head)
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
        head.__init__(is_hashed=says_digests(stream, options))
        yield from islice(_careful(stream, options, head), given, None)


def says_digests(stream: BinaryIO, options: Options) -> bool:
    """Say whether a key at the top says that passwords are digests already.

    Only what has the word somewhere is parsed for that.
    """
    for parts in (_parts, Nodes) if mentions(stream, TRANSFORM.encode()) else ():
        feed = Feed(stream, options.environment)
        try:
            said = [part.value for part in parts(feed) if part.key == TRANSFORM]
            return said[-1:] == [False]
        except (Unreadable, NotYAML):
            return False  # whoever reads on says why
        except Doubt:
            continue
    return False


def mentions(stream: BinaryIO, word: bytes) -> bool:
    stream.seek(0)
    held = b""
    while block := stream.read(BLOCK):
        if word in held + block:
            return True
        held = block[1 - len(word) :]
    return False


def _hurried(stream: BinaryIO, options: Options, head: Head) -> Iterator[Row]:
    feed = Feed(stream, options.environment)
    try:
        yield from Rows(head, is_sure=False).of(_parts(feed))
    except Unreadable as error:
        raise Unreadable(*_shown(stream, error.problems)) from None
    if feed.problems:
        raise Doubt("placeholders without a value")


def _parts(feed: Feed) -> Iterator[Part]:
    """Yield the parts of what a program has written, as JSON or as plain YAML."""
    beginning = next(iter(feed), "")
    if beginning.lstrip()[:1] == "{":
        return objects.parts(feed, beginning)
    return plain.parts(feed, beginning)


def _careful(stream: BinaryIO, options: Options, head: Head) -> Iterator[Row]:
    feed = Feed(stream, options.environment)
    rows = Rows(head, is_sure=True)
    problems: list[Problem] = []
    try:
        yield from rows.of(Nodes(feed))
    except Unreadable as error:
        problems = [p for p in error.problems if p not in rows.problems]
    except NotYAML as error:
        rows, problems = _explained(stream, options, rows, error)
    problems += [*rows.problems, *feed.problems]
    if problems:
        raise Unreadable(*_shown(stream, problems))


def _explained(
    stream: BinaryIO, options: Options, rows: Rows, error: NotYAML
) -> tuple[Rows, list[Problem]]:
    """Return the slips in a text, and what is wrong once they are undone."""
    feed = Feed(stream, options.environment)
    text = "".join(islice(feed, 2))
    if len(text) > MOST_EXPLAINED or feed.is_longer:
        return rows, [plainly(error)]
    problems, repaired = found_in(text, error)
    if repaired is None:
        return rows, problems
    rows = Rows(Head(), is_sure=True)
    try:
        for _ in rows.of(Nodes(Feed(io.BytesIO(repaired.encode()), {}))):
            pass
    except Unreadable as error:
        problems += [p for p in error.problems if p not in rows.problems]
    return rows, problems


def _shown(stream: BinaryIO, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield problems in the order of the text, each with its line."""
    for problem in sorted(problems, key=lambda each: each.place or Place(0)):
        line = problem.line
        if not line and problem.place:
            line = line_of(stream, problem.place.line)
        # What is meant is said with what placeholders stand for, which may be secret.
        is_filled = TEMPLATE in line and problem.hint.startswith(MEANT)
        hint = "" if is_filled else veiled(problem.hint)
        yield Problem(problem.text, problem.place, veiled(line.rstrip()), hint)


@cache
def _secret_value() -> re.Pattern:
    names = {name for kind in kinds().values() for name in kind.secrets}
    return re.compile(rf"(?<![\w-])((?:{'|'.join(sorted(names))})\W*[:=]\s*)\S.*")


def veiled(line: str) -> str:
    """Return a line of a file without the secret that may stand in it."""
    return _secret_value().sub(rf"\g<1>{DOTS}", line)
