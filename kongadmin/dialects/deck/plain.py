"""The YAML that programs write, read a line at a time, ten times as fast as any YAML.

Whoever reads here must be ready for Doubt: at whatever is not as plain as decK's own
dumps an entry is given to the YAML parser, and where that does not help, the whole
text. A text cut in the wrong place always leaves a quote or a bracket open, which the
parser refuses; so what is read here is what the careful reading gives as well.
"""

import io
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from kongadmin.declarative.document import Place, Unreadable
from kongadmin.dialects.deck.feed import MOST_AT_ONCE, Feed
from kongadmin.dialects.deck.nodes import Block, Doubt, Nodes, NotYAML, Part
from kongadmin.dialects.deck.scalars import NUMERIC, WORDS, number

# No entry of a list is longer, except in files that are read with care.
MOST_LINES = 20_000
IN_QUOTES = "\x85\u2028\u2029\ufeff\ufffe\uffff"
LINE = re.compile(
    r"( *)(- )?(?:([A-Za-z_][\w-]*):(?: +|$))?(?:"
    r"((?:[\w./+~$(^=]|-(?=\d))"
    r"(?:[\w./+=@()^~$;,%&*!?<>|{}\[\]'\"\\-]++|:(?=[^\s])| (?=[^\s#]))*+)"
    rf"|\"([^\"\\{IN_QUOTES}]*)\"|'([^'{IN_QUOTES}]*)'|(\[\]|{{}})"
    r")? *"
)
TOP = re.compile(r"([A-Za-z_][\w-]*):(?:$| )")
MARKER = re.compile(r" *- (?! )")


def parts(feed: Feed, beginning: str) -> Iterator[Part]:
    """Yield the parts of a text in YAML, of which `beginning` has been read."""
    section = Section("", 0)
    seen: set[str] = set()
    for number_, line in numbered(feed, beginning):
        if section.takes(line, number_):
            if section.entry:
                yield section.entry
            continue
        if found := TOP.match(line):
            yield from section.rest()
            section = Section(found[1], number_, line)
            if section.key in seen:
                raise Doubt("a key for the second time")
            seen.add(section.key)
        elif line.rstrip() != "---" or section.key:
            raise Doubt("something else at the top")
    yield from section.rest("" if feed.is_cut else "\n")


def numbered(feed: Feed, beginning: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text and their numbers."""
    count, held = 0, ""
    for piece in chain([beginning], feed):
        lines = (held + piece).split("\n")
        held = lines.pop()
        if len(held) > MOST_AT_ONCE:
            raise Doubt("a line without an end")
        for line in lines:
            count += 1
            yield count, line[:-1] if line.endswith("\r") else line
        if feed.is_longer:
            raise Doubt("lines that the file has not")
    if held:
        yield count + 1, held


class Section:
    """What stands under one key at the top: the lines of its entry, or of it all."""

    def __init__(self, key: str, start: int, line: str = "") -> None:
        self.key = key
        self.entry: Part | None = None
        self._place = Place(start)
        self._start = start
        self._marker = ""
        self._lines = [line]
        self._can_be_list = line.rstrip().endswith(":")

    def takes(self, line: str, at: int) -> bool:
        """Add a line, if it is one of this section's; `entry` is what it completes."""
        self.entry = None
        if self._marker and line.startswith(self._marker):
            self.entry = self._read_entry()
            self._lines, self._start = [line], at
        elif self._marker and line.startswith(" "):
            self._lines.append(line)
        elif line and line[0] not in " #" and (line[0] != "-" or not self.key):
            return False
        elif self._can_be_list and not self._marker and line.strip():
            self._begin(line, at)
        else:
            self._lines.append(line)
        if len(self._lines) > MOST_LINES:
            raise Doubt("an entry without an end")
        return True

    def _begin(self, line: str, at: int) -> None:
        """Look at the first line below the key: it may begin a list."""
        if line.lstrip().startswith("#"):
            self._lines.append(line)
        elif found := MARKER.match(line):
            self._marker = found[0]
            self._lines, self._start = [line], at
        else:
            self._can_be_list = False
            self._lines.append(line)

    def rest(self, end: str = "\n") -> Iterator[Part]:
        """Yield what the section's end completes; `end` is what its last line has."""
        if self._marker:
            yield self._read_entry(end)
        elif self.key:
            whole = read_lines(self._lines, self._start, Block, end)
            if len(whole) != 1:
                raise Doubt("several keys for one")
            yield Part(self.key, whole[self.key], self._place)
        elif any(line.strip(" ")[:1] not in ("", "#") for line in self._lines):
            raise Doubt("something before the first key")

    def _read_entry(self, end: str = "\n") -> Part:
        entries = read_lines(self._lines, self._start, list, end)
        place = Place(self._start, len(self._marker) + 1)
        if len(entries) != 1:
            raise Doubt("entries that are not in a line")
        return Part(self.key, entries[0], place, is_entry=True)


def read_lines(lines: list[str], start: int, kind: type, end: str) -> Any:
    """Return the list or the mapping that lines are, the last of which has an end."""
    try:
        return Lines(kind, lines, start).root
    except Doubt:
        return parsed("\n".join(lines) + end, start, kind)


def parsed(text: str, start: int, kind: type) -> Any:
    """Return what the YAML parser makes of a text that stands for itself."""
    nodes = Nodes(Piece(text, start))
    try:
        value = nodes.value()
    except (NotYAML, Unreadable) as error:
        raise Doubt(str(error)) from None
    if nodes.has_aliases or not isinstance(value, kind):
        raise Doubt("what stands elsewhere counts here")
    return value


class Piece(io.BytesIO):
    """Some lines of a text, as a feed of their own."""

    def __init__(self, text: str, start: int) -> None:
        super().__init__(text.encode())
        self._start = start

    def advance(self) -> None:
        """Say nothing: it is no longer than it is."""

    def line(self, number: int) -> int:
        return number + self._start - 1


class Lines:
    """Lines that are as plain as can be, as a list or a mapping.

    `_open` is what lines may still be added to, with the columns that those begin in;
    `_waiting` is a key without a value as yet.
    """

    def __init__(self, kind: type, lines: list[str], start: int) -> None:
        indent = len(lines[0]) - len(lines[0].lstrip(" "))
        self.root: Any = [] if kind is list else Block(start, 1)
        self._open: list[tuple[int, Any]] = [(indent, self.root)]
        self._waiting: tuple[Block, str, int] | None = None
        for at, line in enumerate(lines, start):
            found = LINE.fullmatch(line)
            if found and (found[3] or found[2]):
                self._add(found, at)
            elif line.strip(" ")[:1] not in ("", "#"):
                raise Doubt(line)

    def _add(self, found: re.Match, at: int) -> None:
        indent, dash, key, plain = found.group(1, 2, 3, 4)
        column, is_entry = len(indent), dash is not None
        if self._waiting:
            self._open_waiting(column, is_entry, at)
        into = self._into(column, is_entry)
        if not key:
            into.append(value_of(found, at))
            return
        if is_entry:
            column += 2
            block = Block(at, column + 1)
            into.append(block)
            self._open.append((column, block))
            into = block
        if key in into:
            raise Doubt("a key for the second time")
        into[key] = value = value_of(found, at)
        if value is None and not plain:
            self._waiting = into, key, column

    def _into(self, column: int, is_entry: bool) -> Any:
        """Return what a line is added to."""
        while self._open:
            opened, into = self._open[-1]
            is_list = type(into) is list
            if opened == column and is_list is is_entry:
                return into
            if opened < column or (opened == column and is_entry):
                raise Doubt("oddly indented")
            self._open.pop()
        raise Doubt("less indented than the first line")

    def _open_waiting(self, column: int, is_entry: bool, at: int) -> None:
        """Let a line be the first of what a key stands for, if it is."""
        block, key, key_column = self._waiting
        self._waiting = None
        if column >= key_column if is_entry else column > key_column:
            block[key] = [] if is_entry else Block(at, column + 1)
            self._open.append((column, block[key]))


def value_of(found: re.Match, at: int) -> Any:
    """Return what stands at the end of a line; None if nothing does."""
    plain, double, single, empty = found.group(4, 5, 6, 7)
    if plain:
        if plain in WORDS:
            return WORDS[plain]
        return number(plain) if plain[0] in NUMERIC else plain
    if empty:
        return [] if empty == "[]" else Block(at, found.start(7) + 1)
    return single if double is None else double
