"""The records of a CSV text, each with the line it begins in. Source: RFC 4180."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from kongadmin.declarative.document import Place, Problem, Unreadable

LONGEST_LINE = 1 << 20
DELIMITERS = ",;\t|"
SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # Excel's own
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Record(NamedTuple):
    line: int
    cells: list[str]


def lines_of(stream: BinaryIO) -> Iterator[str]:
    """Return the lines of a text in UTF-8, or in UTF-16 with its mark."""
    beginning = stream.read(2)
    text = io.TextIOWrapper(
        io.BufferedReader(Rest(beginning, stream), 1 << 16),
        encoding="utf-16" if beginning in UTF_16 else "utf-8-sig",
        errors="surrogateescape",
        newline="",
    )
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise refused("the line is too long", number, "is this a CSV file?")
        bad = re.search("[\udc80-\udcff]", line)
        if bad:
            hint = "save the table as “CSV UTF-8”"
            raise refused("this is not UTF-8", number, hint, bad.start() + 1)
        yield line


class Rest(io.RawIOBase):
    """A stream whose beginning has been read already."""

    def __init__(self, beginning: bytes, stream: BinaryIO) -> None:
        self.beginning, self.stream = beginning, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        given = self.beginning or self.stream.read(len(buffer))
        size = min(len(given), len(buffer))
        buffer[:size] = given[:size]
        self.beginning = given[size:] if self.beginning else b""
        return size


def refused(text: str, line: int, hint: str = "", column: int = 1) -> Unreadable:
    return Unreadable(Problem(text, Place(line, column), hint=hint))


def records(stream: BinaryIO, score: Callable[[list[str]], int]) -> Iterator[Record]:
    """Return the records, the heading first; `score` says what is one, by its cells.

    The delimiter is the one with which the heading scores best.
    """
    lines, skipped = lines_of(stream), 0
    first = next(lines, "")
    delimiter = ""
    if said := SEPARATOR_LINE.fullmatch(first):
        delimiter, first, skipped = said[1], next(lines, ""), 1
    delimiter = delimiter or sniff(first, score)
    reader = csv.reader(
        chained(first, lines),
        delimiter=delimiter,
        strict=True,
        skipinitialspace=has_spaces(first, delimiter),
    )
    while True:
        begins = reader.line_num + skipped + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise wrong(error, begins) from None
        if any(cells):
            yield Record(begins, cells)


def chained(first: str, others: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from others


def sniff(line: str, score: Callable[[list[str]], int]) -> str:
    """Return the delimiter that makes the best heading of a line."""
    return max(
        DELIMITERS, key=lambda each: (score(heading(line, each)), line.count(each))
    )


def heading(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def has_spaces(line: str, delimiter: str) -> bool:
    """Say whether a heading has a space behind every delimiter: then all lines do."""
    return 0 < line.count(delimiter) == line.count(f"{delimiter} ")


def wrong(error: csv.Error, line: int) -> Unreadable:
    """Return what csv found wrong in the record that begins in `line`."""
    text = str(error)
    if "unexpected end of data" in text or "limit" in text:
        return refused("a quote is never closed", line, 'write a quote as ""')
    if "expected after" in text:
        return refused(
            "there is text behind a closing quote", line, 'write a quote as ""'
        )
    return refused(f"the row cannot be read: {text}", line)
