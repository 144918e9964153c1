"""The formats that this dialect adds to those that documents come in."""

import re
from functools import partial

from kongadmin.declarative.formats import Format
from kongadmin.dialects.deck.reading import read
from kongadmin.dialects.deck.writing import write, write_for_kong

BEGINS = re.compile(
    r"^[\"']?(_format_version|_info|_workspace|_transform|consumers|consumer_groups)"
    r"[\"']?\s*:",
    re.MULTILINE,
)
BEGINS_JSON = re.compile(
    r'\A\s*\{.*?"(_format_version|_info|consumers)"\s*:', re.DOTALL
)

ONLY_KONGS = re.compile(
    r"^[\"']?(_comment|_ignore|_transform|\w+_credentials|jwt_secrets|acls"
    r"|consumer_group_(consumers|plugins))[\"']?\s*:",
    re.MULTILINE,
)

# What files of decK's are called by custom, whatever they begin with by mistake.
CALLED = re.compile(r"(^|[/\\])(deck|kong)[\w.-]*\.(ya?ml|json)$", re.IGNORECASE)
OF_KUBERNETES = re.compile(r"^\s*[\"']?apiVersion[\"']?\s*:", re.MULTILINE)


def is_deck(beginning: str, filename: str) -> bool:
    if is_declarative(beginning):
        return not ONLY_KONGS.search(beginning)
    return bool(CALLED.search(filename)) and not OF_KUBERNETES.search(beginning)


def is_for_kong(beginning: str, filename: str) -> bool:
    """Say whether a file has what Kong takes at the top and decK does not."""
    return is_declarative(beginning) and bool(ONLY_KONGS.search(beginning))


def is_declarative(beginning: str) -> bool:
    return bool(BEGINS.search(beginning) or BEGINS_JSON.search(beginning))


DECK = Format(
    name="deck",
    label="decK file",
    extension="yaml",
    content_type="application/yaml",
    recognises=is_deck,
    read=read,
    write=write,
)
DBLESS = Format(
    name="dbless",
    label="Declarative file (DB-less)",
    extension="yaml",
    content_type="application/yaml",
    recognises=is_for_kong,
    read=partial(read, name="dbless"),
    write=write_for_kong,
)
