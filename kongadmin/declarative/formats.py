"""The formats that documents come in; each dialect registers its own."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from kongadmin.declarative.document import Document, Head, Row


@dataclass(frozen=True, slots=True)
class Options:
    """How to read or write; a format ignores what it has no use for.

    `columns` maps the columns of a table to fields. `environment` holds what
    placeholders such as ${{ env "DECK_KEY" }} stand for. Secrets are written as they
    are ("clear"), as placeholders ("environment", collected in `environment`) or as
    dots ("masked").
    """

    filename: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    secrets: str = "clear"
    with_id: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """What the headings of a table mean ("" for nothing), and what they could."""

    meant: dict[str, str]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """One format: `name` is what programs call it, `label` what people do.

    `recognises` gets the beginning of a text and its file name. `read` raises
    Unreadable at once or while rows are asked for. `write` yields text, a piece at a
    time, for rows in the order of state.rows(). None is what a format cannot do.
    Only a table has `columns`, which it tells by its beginning.
    """

    name: str
    label: str
    extension: str
    content_type: str
    recognises: Callable[[str, str], bool]
    read: Callable[[BinaryIO, Options], Document] | None = None
    write: Callable[[Iterable[Row], Head, Options], Iterator[str]] | None = None
    columns: Callable[[str], Columns] | None = None


FORMATS: dict[str, Format] = {}


def register(format: Format) -> None:
    FORMATS[format.name] = format


def recognise(beginning: str, filename: str = "") -> Format | None:
    """Return the format of a text, by its beginning and its file's name."""
    found = (f for f in FORMATS.values() if f.recognises(beginning, filename))
    return next(found, None)
