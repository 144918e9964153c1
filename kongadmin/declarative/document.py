"""What a document declares, whatever its format: rows, each with its place in the text.

A format reads text into a Document and writes rows as text; it knows no database. The
plan compares rows with what is stored; it knows no format.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Where something stands in a text, counted from 1; `path` tells several apart."""

    line: int
    column: int = 1
    path: str = ""


class Ref(NamedTuple):
    """What a row says of another: `field` is None where any that names it may be meant.

    Ref("consumers", "bob") is whoever has "bob" for an id, username or custom ID;
    Ref("consumers", "bob", "username") is the consumer of that username.
    """

    kind: str
    text: str
    field: str | None = None


@dataclass(slots=True)
class Row:
    """One entity as a document declares it.

    `kind` is the name of its schema, such as keyauth_credentials. `values` is in Kong's
    terms and holds only what the document says; a foreign field is a Ref or None. What
    hangs on another row follows it.
    """

    kind: str
    values: dict[str, Any]
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a place; `line` is the offending text, `hint` the cure."""

    text: str
    place: Place | None = None
    line: str = ""
    hint: str = ""

    def __str__(self) -> str:
        at = (
            f"line {self.place.line}, column {self.place.column}: "
            if self.place
            else ""
        )
        return f"{at}{self.text}{f' ({self.hint})' if self.hint else ''}"


class Unreadable(Exception):
    """A document that cannot be taken; `problems` says why, in the text's order."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


@dataclass(slots=True)
class Head:
    """What a document says of itself; complete once its rows have been read.

    `select_tags` are added to every row and narrow what a sync may delete.
    `lookup_tags` gives by kind the tags of what may be referred to though it is not
    declared. `is_hashed` says that passwords of basic-auth are digests already.
    `kinds` is what the document speaks of, None where of everything: a sync deletes
    nothing of other kinds, nor what hangs on them. `notes` are sentences for whoever
    reads the plan.
    """

    version: str = ""
    workspace: str | None = None
    select_tags: tuple[str, ...] = ()
    lookup_tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_hashed: bool = False
    kinds: frozenset[str] | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    """A text as rows, which are read as they are asked for, once.

    Asking may raise Unreadable.
    """

    format: str
    head: Head
    rows: Iterator[Row]

    def within(
        self, select_tags: Iterable[str] = (), kinds: frozenset[str] | None = None
    ) -> "Document":
        """Return the document narrowed further: by more tags, to some kinds."""
        head, mine = self.head, self.head.kinds
        narrowed = replace(
            head,
            select_tags=tuple(dict.fromkeys([*head.select_tags, *select_tags])),
            kinds=mine if kinds is None else kinds if mine is None else kinds & mine,
        )
        return Document(self.format, narrowed, self.still(head.select_tags))

    def still(self, select_tags: tuple[str, ...]) -> Iterator[Row]:
        """Yield the rows; what narrows them must not turn up behind them."""
        yield from self.rows
        if self.head.select_tags != select_tags:
            hint = "begin the file with _info"
            raise Unreadable(Problem("select_tags come too late", hint=hint))
