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
