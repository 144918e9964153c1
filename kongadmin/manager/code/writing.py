"""How values are written: one quoting rule a language, and trees of values.

A secret that is not told is written as its field between NUL characters, which no
value can contain once it is quoted; the page puts a variable in its place.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from kongadmin.entities import UUID_TEXT
from kongadmin.manager.code.acts import Secret

# What no language shows, and some refuse: controls, separators, marks of byte order.
CONTROLS = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
SECRET = re.compile("\0([^\0]+)\0")


@dataclass(frozen=True, slots=True)
class Quoting:
    """How a language writes a text: bare where `plain` matches, else between marks.

    `escapes` says what stands for what is special; a control character is \\u001f if
    the language has such a thing. Plain data, so that the page's script can follow it.
    """

    mark: str
    escapes: dict[str, str]
    plain: str = ""
    has_codes: bool = True

    @property
    def pattern(self) -> str:
        longest_first = sorted(self.escapes, key=len, reverse=True)
        special = [re.escape(text) for text in longest_first]
        return "|".join([*special, CONTROLS] if self.has_codes else special)

    def of(self, text: str) -> str:
        """Return the text as a literal of the language."""
        if self.plain and re.fullmatch(self.plain, text):
            return text
        inside = re.sub(self.pattern, self._escaped, text)
        return f"{self.mark}{inside}{self.mark}"

    def _escaped(self, found: re.Match) -> str:
        text = found[0]
        return self.escapes.get(text) or (
            f"\\u{ord(text):04x}" if self.has_codes else ""
        )

    @property
    def as_data(self) -> dict:
        """The rule for the page's script."""
        names = ("mark", "escapes", "plain", "pattern")
        return {name: getattr(self, name) for name in names}


SHELL = Quoting(
    mark="'",
    escapes={"'": "'\"'\"'", "\0": ""},
    plain=r"[A-Za-z0-9_@%+=:,./-]+",
    has_codes=False,
)
# Inside here-documents and decK's templates too, where $, ` and \ have a meaning.
YAML = Quoting(
    mark='"',
    escapes={"\\": r"\x5c", '"': r"\x22", "$": r"\x24", "`": r"\x60", "\n": r"\n"},
    plain=r"(?!(?:[Tt]rue|TRUE|[Ff]alse|FALSE|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF"
    r"|[Nn]ull|NULL|[YyNn])$)[A-Za-z_](?:[A-Za-z0-9_./ -]*[A-Za-z0-9_])?"
    rf"|{UUID_TEXT.pattern}",
)
HCL = Quoting(
    mark='"',
    escapes={
        "\\": r"\\",
        '"': r"\"",
        "\n": r"\n",
        "${": "$${",
        "%{": "%%{",
        # Else an odd one before a brace would be taken for the escape itself.
        "$$": r"\u0024\u0024",
        "%%": r"\u0025\u0025",
    },
)
PYTHON = Quoting(mark='"', escapes={"\\": r"\\", '"': r"\"", "\n": r"\n"})
JSON = PYTHON
# A text inside of JSON, whose marks stand outside of the variable.
INSIDE_JSON = Quoting(mark="", escapes=JSON.escapes)


def secret(value: Secret, quoting: Quoting) -> str:
    return f"\0{value.field}\0" if value.told is None else quoting.of(value.told)


@dataclass(frozen=True, slots=True)
class Braces:
    """A language that writes trees in braces; `step` indents, None keeps one line."""

    quoting: Quoting
    words: dict[Any, str] = field(
        default_factory=lambda: {None: "null", True: "true", False: "false"}
    )
    pair: str = ": "
    comma: str = ","
    step: str | None = None
    bare_keys: str = ""
    around_secrets: str = ""
    is_aligned: bool = False

    def write(self, value: Any, indent: str = "") -> str:
        match value:
            case Secret():
                marks = self.around_secrets if value.told is None else ""
                return f"{marks}{secret(value, self.quoting)}{marks}"
            case None | bool():
                return self.words[value]
            case str():
                return self.quoting.of(value)
            case dict():
                return self._object(value, indent)
            case list():
                return f"[{', '.join(self.write(each, indent) for each in value)}]"
        return json.dumps(value)

    def _object(self, values: dict, indent: str) -> str:
        inner = indent + (self.step or "")
        written = [(self.key(n), self.write(v, inner)) for n, v in values.items()]
        written = aligned(written) if self.is_aligned else written
        pairs = [f"{name}{self.pair}{value}" for name, value in written]
        if self.step is None or not pairs:
            return f"{{{', '.join(pairs)}}}"
        lines = "".join(f"{inner}{pair}{self.comma}\n" for pair in pairs)
        return f"{{\n{lines}{indent}}}"

    def key(self, name: str) -> str:
        is_bare = self.bare_keys and re.fullmatch(self.bare_keys, name)
        return name if is_bare else self.quoting.of(name)


def aligned(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pad the names of values that stand on one line each, as terraform fmt does."""
    found = []
    for is_long, group in groupby(pairs, key=lambda pair: "\n" in pair[1]):
        rows = list(group)
        width = 0 if is_long else max(len(name) for name, _ in rows)
        found += [(name.ljust(width), value) for name, value in rows]
    return found


def yaml(value: dict) -> str:
    """Return a document in block style, without a line end at its end."""
    return "\n".join(_lines(value))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from _entry(f"{YAML.of(name)}:", each)
    elif isinstance(value, list) and value:
        for each in value:
            first, *rest = _lines(each)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _scalar(value)


def _entry(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield key
        inside = "  " if isinstance(value, dict) else ""
        yield from (f"{inside}{line}" for line in _lines(value))
    else:
        yield f"{key} {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, Secret):
        return secret(value, YAML)
    return YAML.of(value) if isinstance(value, str) else json.dumps(value)
