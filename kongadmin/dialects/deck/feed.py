"""A text as a stream of whole lines: checked, with decK's placeholders filled in."""

import codecs
import re
import tempfile
from bisect import bisect
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from kongadmin.declarative.document import Place, Problem, Unreadable
from kongadmin.dialects.deck.scalars import escaped

BLOCK = 1 << 18
# Nothing that belongs in a file is longer, be it a text or a remark.
MOST_AT_ONCE = 1 << 20
MOST_PROBLEMS = 100
MOST_SHOWN = 200
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
COMMENT = re.compile(r"[ \t]*#")
TEMPLATE = re.compile(r"\$\{\{([^\n]*?)\}\}")
ENVIRONMENT = re.compile(
    r"-?\s*env\s+[\"`](?P<name>[^\"`]*)[\"`]\s*"
    r"(?:\|\s*(?:(?P<kind>toBool|toInt|toFloat|printf\s+[\"`]%q[\"`])"
    r"|indent\s+(?P<indent>\d{1,3}))\s*)?-?"
)
PREFIX = "DECK_"
TRUE = frozenset("1 t T TRUE true True".split())
FALSE = frozenset("0 f F FALSE false False".split())


def seekable(stream: BinaryIO) -> BinaryIO:
    """Return a stream that can be read twice, the same one if it can."""
    if stream.seekable():
        return stream
    copy = tempfile.SpooledTemporaryFile(max_size=MOST_AT_ONCE)  # noqa: SIM115
    while block := stream.read(BLOCK):
        copy.write(block)
    return copy


def line_of(stream: BinaryIO, number: int) -> str:
    """Return a line of a stream, as much of it as can be shown."""
    stream.seek(0)
    at = 1
    while piece := stream.readline(BLOCK):
        if at == number:
            return piece[: 4 * MOST_SHOWN].decode("utf-8", "replace")[:MOST_SHOWN]
        at += piece.endswith(b"\n")
    return ""


class Feed:
    """One reading of a stream from its start.

    `problems` are the placeholders that nothing can be put in for; reading goes on.
    `is_cut` says, once all has been read, that the last line has no end.
    """

    def __init__(self, stream: BinaryIO, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self._environment = environment
        self._line = 1
        self._pieces = self._read()
        self._left = b""
        self._since = 0
        # Lines after which a value of several lines was put in, and how many in all.
        self._longer: list[int] = []
        self._added: list[int] = []
        self.problems: list[Problem] = []
        self.is_cut = False

    def __iter__(self) -> Iterator[str]:
        """Yield the text in pieces that end with a line, as far as lines are short."""
        return self._pieces

    def read(self, size: int) -> bytes:
        """Return the next bytes of the text in UTF-8, as a YAML parser wants them."""
        if not self._left:
            self._left = next(self._pieces, "").encode()
        given, self._left = self._left[:size], self._left[size:]
        self._since += len(given)
        if self._since > MOST_AT_ONCE:
            raise self.too_long()
        return given

    @property
    def is_longer(self) -> bool:
        """Say whether the text has lines that the stream has not."""
        return bool(self._longer)

    def advance(self) -> None:
        """Say that something came of what has been read."""
        self._since = 0

    def too_long(self) -> Unreadable:
        what = f"a single text is longer than {MOST_AT_ONCE >> 20} MB"
        return Unreadable(Problem(what, Place(self._line)))

    def line(self, number: int) -> int:
        """Return the line of the stream that a line of the text comes from."""
        at = bisect(self._longer, number - 1)
        return number - self._added[at - 1] if at else number

    def _read(self) -> Iterator[str]:
        self._stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        held = ""
        while block := self._stream.read(BLOCK):
            held += self._decoded(decoder, block)
            whole, held = _whole(held)
            if whole:
                yield self._filled(whole)
        if held := held + self._decoded(decoder, b"", final=True):
            self.is_cut = True
            yield self._filled(held)

    def _decoded(self, decoder, block: bytes, final: bool = False) -> str:
        try:
            return decoder.decode(block, final)
        except UnicodeDecodeError as error:
            line = self._line + error.object.count(b"\n", 0, error.start)
            utf_16 = error.object[:2] in (b"\xff\xfe", b"\xfe\xff")
            hint = f"save the file as UTF-8{', it is in UTF-16' * utf_16}"
            bad = f"byte 0x{error.object[error.start]:02X} is not UTF-8 text"
            raise Unreadable(Problem(bad, Place(line), hint=hint)) from None

    def _filled(self, text: str) -> str:
        if bad := CONTROL.search(text):
            raise self._control(text, bad)
        first, self._line = self._line, self._line + text.count("\n")
        if "${{" not in text:
            return text
        lines = text.split("\n")
        for at, line in enumerate(lines):
            if "${{" in line and not COMMENT.match(line):
                lines[at] = self._fill(line, first + at)
        return "\n".join(lines)

    def _control(self, text: str, bad: re.Match) -> Unreadable:
        line = self._line + text.count("\n", 0, bad.start())
        column = bad.start() - text.rfind("\n", 0, bad.start())
        what = f"control character U+{ord(bad[0]):04X} in the text"
        hint = "this is not a text file" if bad[0] == "\0" else "take it out"
        return Unreadable(Problem(what, Place(line, column), hint=hint))

    def _fill(self, line: str, number: int) -> str:
        def value(found: re.Match) -> str:
            try:
                return self._value(found[1].strip())
            except ValueError as error:
                text, hint = error.args
                place = Place(number, found.start() + 1)
                if len(self.problems) < MOST_PROBLEMS:
                    self.problems.append(Problem(text, place, line, hint))
                return ""

        filled = TEMPLATE.sub(value, line)
        if more := filled.count("\n"):
            before = self._added[-1] if self._added else 0
            self._longer.append(number + before)
            self._added.append(before + more)
        return filled

    def _value(self, expression: str) -> str:
        found = ENVIRONMENT.fullmatch(expression)
        if not found:
            known = 'write ${{ env "DECK_…" }}, with | toBool, toInt or toFloat'
            raise ValueError("a placeholder that is not understood", known)
        name, kind = found["name"], found["kind"]
        if not name.startswith(PREFIX):
            what = f"the name of an environment variable must begin with {PREFIX}"
            raise ValueError(what, f"call it {PREFIX}{name}")
        if name not in self._environment:
            raise ValueError(f"environment variable {name} is not set", f"set {name}")
        value = self._environment[name]
        if found["indent"]:
            blanks = " " * int(found["indent"])
            return blanks + value.replace("\n", f"\n{blanks}")
        return converted(name, value, kind) if kind else value


def converted(name: str, value: str, kind: str) -> str:
    """Return an environment variable's value as decK's toBool, toInt, toFloat do.

    What is printed with %q stands in quotes, whatever is in it.
    """
    if kind.startswith("printf"):
        return f'"{escaped(value)}"'
    try:
        if kind == "toInt":
            return str(int(value))
        if kind == "toFloat":
            return str(float(value))
    except ValueError:
        what = f"environment variable {name} is not a number"
        raise ValueError(what, f"{kind} needs one") from None
    if value not in TRUE | FALSE:
        what = f"environment variable {name} is neither true nor false"
        raise ValueError(what, f"{kind} needs one of them")
    return "true" if value in TRUE else "false"


def _whole(text: str) -> tuple[str, str]:
    """Split a text after its last line, or where no placeholder is cut in two."""
    end = text.rfind("\n") + 1
    if not end:
        opened = text.rfind("$", max(0, len(text) - MOST_SHOWN))
        end = opened if opened >= 0 else len(text)
    return text[:end], text[end:]
