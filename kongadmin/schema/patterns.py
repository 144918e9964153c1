"""Lua's patterns, which schemas are written with, as regular expressions."""

import re

_CLASSES = {
    "a": "A-Za-z",
    "c": r"\x00-\x1f\x7f",
    "d": "0-9",
    "l": "a-z",
    "p": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    "s": r"\t-\r ",
    "u": "A-Z",
    "w": "A-Za-z0-9",
    "x": "A-Fa-f0-9",
}
_PIECE = re.compile(
    r"%(?P<escaped>.)|\[(?P<set>\^?\]?(?:%.|[^\]%])*)\]|(?P<one>.)", re.DOTALL
)
_ESCAPE = re.compile(r"%(.)", re.DOTALL)


def lua_pattern(pattern: str) -> re.Pattern[str]:
    """Return a Lua pattern as a regular expression to search with.

    Raises ValueError for what has no counterpart: %b, %f, references and position
    captures.
    """
    begins = pattern.startswith("^")
    body = pattern[1:] if begins else pattern
    pieces = [_translated(piece) for piece in _PIECE.finditer(body)]
    if pieces and pieces[-1] == r"\$" and not body.endswith("%$"):
        pieces[-1] = r"\Z"
    try:
        return re.compile(r"\A" * begins + "".join(pieces), re.DOTALL)
    except re.error as error:
        raise ValueError(f"'{pattern}' is no pattern: {error}") from error


def _translated(piece: re.Match[str]) -> str:
    if piece["escaped"]:
        return _escaped(piece["escaped"], inside=False)
    if piece["set"] is not None:
        negated = piece["set"].startswith("^")
        inner = piece["set"][negated:].replace("\\", r"\\").replace("[", r"\[")
        inner = _ESCAPE.sub(lambda found: _escaped(found[1], inside=True), inner)
        return f"[{'^' * negated}{inner}]"
    if piece["one"] in "[%":
        raise ValueError("a pattern lacks what belongs behind its % or [")
    if piece["one"] == "-":
        return "*?"
    return piece["one"] if piece["one"] in ".*+?()" else re.escape(piece["one"])


def _escaped(letter: str, *, inside: bool) -> str:
    """Return what %letter stands for, in a set or on its own."""
    members = _CLASSES.get(letter.lower())
    if members is None:
        if letter.isalnum():
            raise ValueError(f"'%{letter}' is not understood in a pattern")
        return re.escape(letter)
    if letter.islower():
        return members if inside else f"[{members}]"
    if inside:
        raise ValueError(f"'%{letter}' is not understood in a set of a pattern")
    return f"[^{members}]"
