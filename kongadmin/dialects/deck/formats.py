"""The formats that this dialect adds to those that documents come in."""

import re

from kongadmin.declarative.formats import Format
from kongadmin.dialects.deck.reading import read

BEGINS = re.compile(
    r"^[\"']?(_format_version|_info|_workspace|_transform|consumers|consumer_groups)"
    r"[\"']?\s*:",
    re.MULTILINE,
)
BEGINS_JSON = re.compile(
    r'\A\s*\{.*?"(_format_version|_info|consumers)"\s*:', re.DOTALL
)


def is_deck(beginning: str, filename: str) -> bool:
    return bool(BEGINS.search(beginning) or BEGINS_JSON.search(beginning))


def never(beginning: str, filename: str) -> bool:
    """Say no: a file for Kong without a database is read as decK's are."""
    return False


DECK = Format(
    name="deck",
    label="decK file",
    extension="yaml",
    content_type="application/yaml",
    recognises=is_deck,
    read=read,
)
