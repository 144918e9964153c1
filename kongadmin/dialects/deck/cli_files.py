"""The state files that a command names, as one document."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from kongadmin.declarative import apart
from kongadmin.declarative.document import Document, Head, Problem, Row, Unreadable
from kongadmin.declarative.formats import FORMATS, Options, recognise

BEGINNING = 1 << 16
IN_MEMORY = 8 << 20
PREFIX = "DECK_"
IN_FOLDERS = ("*.yaml", "*.yml", "*.json")


class Wrong(Exception):
    """What ends a command with exit code 1, in a sentence."""


class Many(Wrong):
    """Several errors, a line for each."""

    def __init__(self, lines: Iterable[str]) -> None:
        lines = [*dict.fromkeys(lines)]
        many = f"{len(lines)} errors occurred:\n"
        super().__init__(many + "".join(f"\t{line}\n" for line in lines))


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that placeholders may name."""
    return {name: given[name] for name in given if name.startswith(PREFIX)}


class Files:
    """Opens state files; closes them at the end of `with`."""

    def __init__(self, names: list[str], options: Options, format: str = "") -> None:
        self.names, self.options, self.format = names or ["-"], options, format
        self.stack = ExitStack()

    def __enter__(self) -> "Files":
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.close()

    def document(self) -> Document:
        """Return what all the files say; one after the other."""
        paths = list(self.paths())
        named = [(path, self.read(path, len(paths) == 1)) for path in paths]
        heads = [document.head for _, document in named]
        rows = self.rows(named)
        return Document(named[0][1].format, together(heads), rows)

    def rows(self, named: list[tuple[str, Document]]) -> Iterator[Row]:
        wrong = []
        for path, document in named:
            try:
                yield from within(path, document) if len(named) > 1 else document.rows
            except Unreadable as error:
                wrong += [placed(path, problem) for problem in error.problems]
        if wrong:
            raise Many(wrong)

    def paths(self) -> Iterator[str]:
        for name in self.names:
            if name != "-" and Path(name).is_dir():
                found = [p for each in IN_FOLDERS for p in Path(name).rglob(each)]
                yield from map(str, sorted(found))
            else:
                yield name

    def read(self, path: str, is_alone: bool) -> Document:
        stream = self.open(path)
        beginning = peek(stream).decode("utf-8", "replace")
        found = FORMATS.get(self.format) or recognise(beginning, path.strip("-"))
        options = replace(self.options, filename=path)
        if found is None or found.read is None:
            found = FORMATS["deck"]  # which says best what is missing
        try:
            if is_alone and path != "-" and os.path.getsize(path) > apart.LARGE:
                return apart.read(found.name, stream, options, self.stack)
            return found.read(stream, options)
        except Unreadable as error:
            raise Many(placed(path, problem) for problem in error.problems) from None

    def open(self, path: str) -> BinaryIO:
        if path == "-":
            return copied(sys.stdin.buffer, self.stack)
        try:
            return self.stack.enter_context(Path(path).open("rb"))
        except OSError as error:
            reason = (error.strerror or "").lower()
            raise Wrong(f"reading state file: {path}: {reason}") from None


def within(path: str, document: Document) -> Iterator[Row]:
    """Yield the rows of one file of several; their places name it."""
    for row in document.rows:
        if row.place:
            row.place = row.place._replace(path=path)
        yield row


def copied(stream: BinaryIO, stack: ExitStack) -> BinaryIO:
    """Return a stream that can be read again, on disk if it is large."""
    copy = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    stack.enter_context(copy)
    shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return copy


def peek(stream: BinaryIO) -> bytes:
    beginning = stream.read(BEGINNING)
    stream.seek(0)
    return beginning


def together(heads: list[Head]) -> Head:
    """Return one head for all, which must not contradict each other."""
    first = heads[0] if heads else Head()
    for other in heads[1:]:
        for name in ("workspace", "select_tags", "is_hashed"):
            if getattr(other, name) != getattr(first, name):
                raise Wrong(f"the files do not agree on {name}")
        first.lookup_tags |= other.lookup_tags
        first.notes += other.notes
        if None not in (first.kinds, other.kinds):
            first.kinds = first.kinds | other.kinds
        else:
            first.kinds = None
    return first


def placed(path: str, problem: Problem) -> str:
    """Return a problem with its file, line and column before it, as compilers do."""
    at = f"{(problem.place and problem.place.path) or path}:"
    if problem.place:
        at += f"{problem.place.line}:{problem.place.column}:"
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{at} {problem.text}{hint}"
