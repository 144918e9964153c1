"""What a cell holds: a text, or several in one; never a formula.

A spreadsheet runs what begins like a formula. Such a text is written with an
apostrophe before it, which spreadsheets do not show and which is taken off on reading;
so is one from a text that begins with an apostrophe and a formula by itself.
"""

import json
import re
from collections.abc import Iterable

FORMULA = re.compile(r"'*[=+\-@\t\r]")
GUARDED = re.compile(r"'+[=+\-@\t\r]")
SEPARATORS = re.compile(r"[,;\r\n]")


def guard(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) else text


def unguard(text: str) -> str:
    return text[1:] if GUARDED.match(text) else text


def join(texts: Iterable[str]) -> str:
    """Return several texts as one cell: `a; b`, or as JSON where that says less."""
    texts = list(texts)
    said = "; ".join(texts)
    return said if texts and split(said) == texts else json.dumps(texts)


def split(cell: str) -> list[str]:
    """Return the texts in a cell, whichever way they are separated."""
    if cell.startswith("["):
        try:
            found = json.loads(cell)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list) and all(isinstance(text, str) for text in found):
            return found
    texts = (text.strip() for text in SEPARATORS.split(cell))
    return [text for text in texts if text]
