"""What a plain text means in YAML, as decK understands it.

Source: github.com/kubernetes-sigs/yaml: goyaml.v2/resolve.go. The rules are YAML 1.1's
but for dates and numbers to the base 60, which stay text.
"""

import re
from typing import Any

WORDS: dict[str, Any] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys("y Y yes Yes YES true True TRUE on On ON".split(), True),
    **dict.fromkeys("n N no No NO false False FALSE off Off OFF".split(), False),
    **dict.fromkeys(".nan .NaN .NAN".split(), float("nan")),
    **dict.fromkeys(".inf .Inf .INF +.inf +.Inf +.INF".split(), float("inf")),
    **dict.fromkeys("-.inf -.Inf -.INF".split(), float("-inf")),
}
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# A zero in front means base 8.
INTEGER = re.compile(r"([-+]?)0([xX][0-9a-fA-F]+|[bB][01]+|[oO]?[0-7]+)|[-+]?[0-9]+")
NUMERIC = frozenset("0123456789+-.")


def resolve(text: str) -> Any:
    """Return what a text without quotes stands for: null, a boolean, a number, itself.

    >>> resolve("010"), resolve("1_000"), resolve("yes"), resolve("bob")
    (8, 1000, True, 'bob')
    """
    if text in WORDS:
        return WORDS[text]
    return number(text) if text[0] in NUMERIC else text


def number(text: str) -> Any:
    """Return the number that a text without quotes stands for, or the text."""
    digits = text.replace("_", "") if text[0] != "_" else text
    if len(digits) > 400:  # more than any number has; int() would refuse, or be slow
        return text
    if found := INTEGER.fullmatch(digits):
        return _integer(digits, found)
    if FLOAT.fullmatch(digits):
        return float(digits)
    return text


def _integer(digits: str, found: re.Match) -> int:
    sign, prefixed = found[1], found[2]
    if prefixed is None:
        return int(digits)
    if prefixed[0] in "01234567":
        prefixed = f"o{prefixed}"
    return int(f"{sign}0{prefixed}", 0)


# What needs no quotes in any YAML, whatever it may look like otherwise.
PLAIN = re.compile(r"[A-Za-z_/$~\u00bf-\u1fff][\w./@+=~$^*()%!?&;-]*")
# What a character may be for a text to stand without escapes.
PRINTABLE = re.compile(
    r"[ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)
# No quotes to YAML, but often meant to be.
CURLY = frozenset("\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb")
STARTS = frozenset("-?:,[]{}#&*!|>'\"%@`") | CURLY
# Dates, and numbers to the base 60, which other readers take for such.
DATE_OR_TIME = re.compile(
    r"\d{4}-\d\d?-\d\d?([Tt ].*)?|[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?"
)
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
INDENTED = "  "
TEMPLATE = "${{"


def scalar(value: Any, indent: str = "") -> str:
    """Return a value as YAML writes it; `indent` is where a text's lines begin."""
    if type(value) is str:
        return quoted(value, indent)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str) else repr(value)


def quoted(text: str, indent: str = "") -> str:
    """Return a text in the least quotes in which every reader takes it for text."""
    if PLAIN.fullmatch(text) and text not in WORDS:
        return text
    if TEMPLATE in text:  # would be a placeholder to decK, in quotes as well
        return double_quoted(text).replace(TEMPLATE, "\\x24{{")
    if "\n" in text and _is_literal(text):
        return _literal(text, indent)
    if not PRINTABLE.fullmatch(text):
        return double_quoted(text)
    if not text or resolve(text) is not text or DATE_OR_TIME.fullmatch(text):
        return double_quoted(text)
    return text if _is_plain(text) else "'" + text.replace("'", "''") + "'"


def key(text: str) -> str:
    """Return a text as a key, which has to stand on one line."""
    return double_quoted(text) if "\n" in text else quoted(text)


def double_quoted(text: str) -> str:
    return f'"{escaped(text)}"'


def escaped(text: str) -> str:
    """Return a text as it stands between double quotes."""
    return "".join(ESCAPES.get(each) or _escape(each) for each in text)


def _escape(character: str) -> str:
    if PRINTABLE.fullmatch(character):
        return character
    code = ord(character)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}"


def _is_plain(text: str) -> bool:
    return not (
        text[0] in STARTS
        or text[0] == " "
        or text[-1] in " :"
        or ": " in text
        or " #" in text
        or text.startswith(("---", "...", "=", "<<"))
    )


def _is_literal(text: str) -> bool:
    lines = text.split("\n")
    return lines[0][:1].strip() != "" and all(map(PRINTABLE.fullmatch, lines))


def _literal(text: str, indent: str) -> str:
    body = text.rstrip("\n")
    after = len(text) - len(body)
    mark = {0: "|-", 1: "|"}.get(after, "|+")
    lines = [indent + INDENTED + line if line else "" for line in body.split("\n")]
    return "\n".join([mark, *lines, *[""] * (after - 1)])
