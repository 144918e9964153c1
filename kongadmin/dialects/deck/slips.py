"""What is probably meant by a text that is not YAML.

Around the place that the parser stumbles at, each of the usual slips is undone in turn;
the one without which the parser gets furthest is taken for what happened.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from kongadmin.declarative.document import Place, Problem, Unreadable
from kongadmin.dialects.deck.nodes import Nodes, NotYAML
from kongadmin.dialects.deck.plain import Piece
from kongadmin.dialects.deck.scalars import double_quoted
from kongadmin.dialects.deck.terms import HEAD, kinds, lists

MOST_SLIPS = 20
MEANT = "probably meant"
# How far around a place lines are looked at.
AROUND = 40
FEW = 200
ENTRY = r"^(\s*(?:- )*)"
EXTRA_QUOTE = re.compile(r"([\"'])\1+(?=\s*(?:#.*)?$)")
OPEN_QUOTE = re.compile(r"(?:[:-]\s+|^\s*)([\"'])(?:(?!\1).)*$")
NO_BLANK_AFTER_COLON = re.compile(ENTRY + r"([\w-]+):(?=[^\s:])")
NO_BLANK_AFTER_DASH = re.compile(r"^(\s*)-(?=[^\s-])")
ONLY_A_WORD = re.compile(ENTRY + r"(\w+)\s*$")
WORD_AND_VALUE = re.compile(ENTRY + r"(\w+)\s*[ =]\s*(?=\S)")
VALUE = re.compile(ENTRY + r"([\w-]+:\s+)(\S.*?)\s*$")
BLANKS = re.compile(r"^[\s\u00a0]+")
# What the parser says, for people.
IN_WORDS = {
    "mapping values are not allowed": "a colon where no key can be",
    "could not find expected ':'": "a key without a colon",
    "did not find expected key": "this does not go with what stands before it",
    "did not find expected '-'": "an entry of a list must begin with a -",
    "cannot start any token": "a text cannot begin like this without quotes",
    "unexpected end of stream": "a quote or a bracket is never closed",
    "block sequence entries": "a list cannot begin here",
    "did not find expected ','": "a bracket is never closed, or a comma is missing",
    "violates indentation": "a tab in the indentation",
}


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip in a line, and the lines without it; counted from 0."""

    lines: list[str]
    at: int
    column: int
    text: str
    hint: str

    @property
    def problem(self) -> Problem:
        return Problem(self.text, Place(self.at + 1, self.column + 1), hint=self.hint)


def found_in(text: str, error: NotYAML) -> tuple[list[Problem], str | None]:
    """Return what is wrong with a text, and the text without it if that is YAML.

    `text` has its placeholders filled in, and `error` is what stops the parser.
    """
    lines, problems = text.split("\n"), []
    while error and len(problems) < MOST_SLIPS:
        slip = slip_at(lines, error)
        if not slip:
            return [*problems, plainly(error)], None
        problems.append(slip.problem)
        lines = slip.lines
        error = first_error(lines)
    return problems, None if error else "\n".join(lines)


def plainly(error: NotYAML) -> Problem:
    """Return what the parser says in words that people use."""
    words = (text for said, text in IN_WORDS.items() if said in error.text)
    return Problem(next(words, error.text), error.begin)


def first_error(lines: list[str], before: int = 0) -> NotYAML | None:
    """Return what first stops a parser; no error where it is not about YAML.

    There are lines `before` these, which are counted and not read.
    """
    feed = Piece("\n".join(lines), before + 1)
    try:
        Nodes(feed).skim()
    except NotYAML as error:
        return error
    except Unreadable:
        return None
    return None


def slip_at(lines: list[str], error: NotYAML) -> Slip | None:
    """Return the slip that explains an error best."""
    places = suspects(lines, error)
    start, end = window(lines, min(places), max(places))
    before = first_error(lines[start:end], start)
    if before is None:  # it takes more to see it
        return None
    best, furthest = None, before.begin
    for slip in candidates(lines, places):
        after = first_error(slip.lines[start:end], start)
        if after is None:
            return slip
        if after.begin > furthest:
            best, furthest = slip, after.begin
    return best


def candidates(lines: list[str], places: list[int]) -> Iterator[Slip]:
    for undo in SLIPS:
        for at in places:
            yield from undo(lines, at)


def suspects(lines: list[str], error: NotYAML) -> list[int]:
    """Return the lines that may be at fault, the likeliest first."""
    last = len(lines) - 1
    begin = min(error.begin.line - 1, last)
    above = [
        n for n in range(begin - 1, max(-1, begin - AROUND), -1) if lines[n].strip()
    ]
    uneven = [n for n in above if any(lines[n].count(mark) % 2 for mark in "\"'")]
    others = (min(line - 1, last) for line in (error.place.line, error.since))
    near = [n for n in others if abs(n - begin) < AROUND]
    return list(dict.fromkeys([begin, *near[:1], *above[:1], *uneven[:1], *near[1:]]))


def window(lines: list[str], first: int, last: int) -> tuple[int, int]:
    """Return from where to where lines are looked at, to judge some of them.

    Where the text is long it begins with what is least indented, such as an entry.
    """
    end = last + AROUND
    if len(lines) < FEW:
        return 0, end
    above = range(max(0, first - FEW), first + 1)
    widths = {
        n: width_of(lines[n]) for n in above if lines[n].strip(" ")[:1] not in "#"
    }
    least = min(widths.values(), default=0)
    starts = [n for n, width in widths.items() if width == least]
    return next(iter(starts[-3:]), first), end


type Undo = Callable[[list[str], int], Iterable[Slip]]


def changed(lines: list[str], at: int, line: str, column: int, text: str) -> Slip:
    new = [*lines[:at], line, *lines[at + 1 :]]
    return Slip(new, at, column, text, f"{MEANT}: {line.strip()}")


def extra_quote(lines: list[str], at: int) -> Iterator[Slip]:
    if found := EXTRA_QUOTE.search(lines[at]):
        line = lines[at][: found.start() + 1] + lines[at][found.end() :]
        yield changed(lines, at, line, found.start() + 1, "one quote too many")


def open_quote(lines: list[str], at: int) -> Iterator[Slip]:
    if found := OPEN_QUOTE.search(lines[at]):
        line = lines[at].rstrip() + found[1]
        yield changed(lines, at, line, found.start(1), "a quote that is not closed")


def tabs(lines: list[str], at: int) -> Iterator[Slip]:
    """Put blanks for the tabs at the beginning of lines, two, four or eight for one."""
    blanks = BLANKS.match(lines[at])
    if not blanks or not ("\t" in blanks[0] or "\u00a0" in blanks[0]):
        return
    what = "a tab" if "\t" in blanks[0] else "a blank that is none (U+00A0)"
    text = f"{what} in the indentation"
    for width in (2, 4, 8):
        new = [expanded(line, width) for line in lines]
        yield Slip(new, at, 0, text, "indent with blanks only")


def expanded(line: str, width: int) -> str:
    found = BLANKS.match(line)
    if not found:
        return line
    blanks = found[0].replace("\u00a0", " ").expandtabs(width)
    return blanks + line[found.end() :]


def blank_after(lines: list[str], at: int) -> Iterator[Slip]:
    """Put in the blank that belongs after a colon, or a dash."""
    line = lines[at]
    if found := NO_BLANK_AFTER_COLON.match(line):
        new = f"{found[0]} {line[found.end() :]}"
        text = "no blank after the colon"
        yield changed(lines, at, new, found.end() - 1, text)
    if found := NO_BLANK_AFTER_DASH.match(line):
        new = f"{found[0]} {line[found.end() :]}"
        yield changed(lines, at, new, found.end(1), "no blank after the -")


def colon(lines: list[str], at: int) -> Iterator[Slip]:
    """Put in the colon that belongs after a known word."""
    line, words = lines[at], known()
    if (found := ONLY_A_WORD.match(line)) and found[2] in words:
        text = f"no colon after {found[2]}"
        yield changed(lines, at, f"{line.rstrip()}:", found.end(2), text)
    if (found := WORD_AND_VALUE.match(line)) and found[2] in words:
        new = f"{line[: found.end(2)]}: {line[found.end() :]}"
        yield changed(lines, at, new, found.end(2), f"no colon after {found[2]}")


def known() -> set[str]:
    """Return every word that can be a key."""
    return {
        *HEAD,
        *lists(),
        *chain.from_iterable(kind.keys for kind in kinds().values()),
    }


def indentation(lines: list[str], at: int) -> Iterator[Slip]:
    """Move a line, and those that hang on it, below one before it."""
    width = width_of(lines[at])
    for column, beside in columns_above(lines, at).items():
        if column == width:
            continue
        new = [*lines[:at], *moved(lines[at:], width, column - width)]
        far = "too far" if column < width else "not far enough"
        text = f"this is indented {far}"
        hint = f"{MEANT}: {column} blanks before it, as {beside} has"
        yield Slip(new, at, width, text, hint)


def width_of(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def columns_above(lines: list[str], at: int) -> dict[int, str]:
    """Return where keys above a line begin, the nearest first, with the keys.

    For the beginning of an entry it is where other entries begin.
    """
    columns: dict[int, str] = {}
    is_entry = lines[at].lstrip(" ").startswith("- ")
    for line in reversed(lines[max(0, at - AROUND) : at]):
        key = line.lstrip(" ")
        if is_entry and key.startswith("- "):
            columns.setdefault(len(line) - len(key), "the - above")
        key = key.lstrip("- ")
        if key and not key.startswith("#"):
            columns.setdefault(len(line) - len(key), key.partition(":")[0][:40])
    return columns


def moved(lines: list[str], width: int, by: int) -> Iterator[str]:
    """Yield lines with those at the beginning moved that are indented by `width`."""
    together = True
    for line in lines:
        together = together and (not line.strip() or width_of(line) >= width)
        if together and line.strip():
            yield line[-by:] if by < 0 else " " * by + line
        else:
            yield line


def dash(lines: list[str], at: int) -> Iterator[Slip]:
    """Put in the dash that an entry of a list begins with."""
    line = lines[at]
    width = width_of(line)
    if width >= 2 and not line[width:].startswith("-"):
        new = f"{line[: width - 2]}- {line[width:]}"
        yield changed(lines, at, new, width, "an entry of a list without a -")


def bracket(lines: list[str], at: int) -> Iterator[Slip]:
    line = lines[at]
    for opened, closed in ("[]", "{}"):
        if line.count(opened) > line.count(closed):
            new = line.rstrip() + closed
            text = f"a {opened} that is not closed"
            yield changed(lines, at, new, line.rindex(opened), text)


def needs_quotes(lines: list[str], at: int) -> Iterator[Slip]:
    if found := VALUE.match(lines[at]):
        value = found[3]
        if len(value) > 1 and value[0] in "\"'" and value[0] == value[-1]:
            return
        new = f"{found[1]}{found[2]}{double_quoted(value)}"
        text = "this text cannot stand without quotes"
        yield changed(lines, at, new, found.start(3), text)


SLIPS: tuple[Undo, ...] = (
    extra_quote,
    tabs,
    blank_after,
    colon,
    indentation,
    open_quote,
    bracket,
    needs_quotes,
    dash,
)
