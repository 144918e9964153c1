"""YAML read carefully: entry by entry, each value with its place, nothing expanded.

Only what JSON can say comes out of it. Aliases are followed, but not until memory is
full; tags other than YAML's own, keys that are no text, and a second document are
refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import yaml

from kongadmin.declarative.document import Place, Problem, Unreadable
from kongadmin.dialects.deck.feed import Feed
from kongadmin.dialects.deck.scalars import CURLY, resolve
from kongadmin.dialects.deck.terms import nearest

MOST_DEPTH = 40
# How many values one alias may stand for, and all of a file's together.
MOST_OF_AN_ALIAS = 10_000
MOST_OF_ALIASES = 2_000_000
# How many values are kept for aliases that may come.
MOST_KEPT = 20_000
TAG = "tag:yaml.org,2002:"
TEXT_TAGS = ("!", f"{TAG}str", f"{TAG}binary")
TAGS = frozenset(f"{TAG}{n}" for n in "null bool int float map seq".split())
MERGE = "<<"


class Block(dict):
    """A mapping that knows where it stands, and maybe where its keys do."""

    __slots__ = ("place", "places")

    def __init__(self, line: int, column: int, places: dict | None = None) -> None:
        self.place = Place(line, column)
        self.places = places

    def place_of(self, key: str) -> Place:
        return self.places[key] if self.places and key in self.places else self.place


class Part(NamedTuple):
    """What stands under a key at the top: the whole, or one entry of a list."""

    key: str
    value: Any
    place: Place
    is_entry: bool = False


class Doubt(Exception):
    """What was read in a hurry is wrong, or was misread; read it again with care."""


class NotYAML(Exception):
    """A text that is not YAML: what a parser says of it, and where.

    What the parser was about to read when it stopped began on line `since`.
    """

    def __init__(self, text: str, place: Place, since: Place | None = None) -> None:
        self.text = text
        self.place = place
        self.since = (since or place).line
        is_quote = since and "end of stream" in text
        # Where to look: a quote that is not closed is noticed at the very end.
        self.begin = since if is_quote else place
        super().__init__(text)


class Nodes:
    """The parts of a text, read from a YAML parser's events."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._parser = yaml.CSafeLoader(feed)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0
        self._aliased = 0
        self._kept = 0

    def __iter__(self) -> Iterator[Part]:
        with self._told():
            yield from self._document()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in terms of this module what the parser complains of."""
        try:
            yield
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            text = error.problem or error.context or "this is not YAML"
            since = error.context_mark and self._place(error.context_mark)
            raise NotYAML(text, self._place(mark), since) from None
        except yaml.YAMLError as error:
            raise NotYAML(str(error), Place(1)) from None
        finally:
            self._parser.dispose()

    @property
    def has_aliases(self) -> bool:
        return self._aliased > 0

    def value(self) -> Any:
        """Return the whole of a text that is one value."""
        with self._told():
            self._next()
            self._next()
            value = self._value(self._next(), 0)
            self._end()
            return value

    def skim(self) -> None:
        """Read all of a text, just to see whether it is YAML."""
        with self._told():
            while (event := self._next()) is not None:
                if isinstance(event, yaml.DocumentStartEvent):
                    self._refuse_text()

    def _refuse_text(self) -> None:
        top = self._parser.peek_event()
        if isinstance(top, yaml.ScalarEvent) and top.value:
            place = self._place(top.start_mark)
            raise NotYAML("the file does not begin with a key", place)

    def _document(self) -> Iterator[Part]:
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return
        top = self._next()
        if isinstance(top, yaml.ScalarEvent) and not top.value:
            return
        if not isinstance(top, yaml.MappingStartEvent):
            place = self._place(top.start_mark)
            raise NotYAML("the file does not begin with a key", place)
        self._known(top)
        yield from self._parts()
        self._end()

    def _end(self) -> None:
        self._next()
        more = self._next()
        if not isinstance(more, yaml.StreamEndEvent):
            what = "a second document begins here"
            raise self._refused(more, what, "put each document in a file of its own")

    def _parts(self) -> Iterator[Part]:
        seen: set[str] = set()
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key, place = self._key(event), self._place(event.start_mark)
            if key in seen:
                raise self._repeated(event, key)
            seen.add(key)
            event = self._next()
            if isinstance(event, yaml.SequenceStartEvent) and not event.anchor:
                self._known(event)
                yield from self._entries(key, place)
            else:
                yield Part(key, self._value(event, 1), place)

    def _entries(self, key: str, place: Place) -> Iterator[Part]:
        is_empty = True
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            is_empty = False
            at = self._place(event.start_mark)
            yield Part(key, self._value(event, 2), at, is_entry=True)
        if is_empty:
            yield Part(key, [], place)

    def _next(self) -> Any:
        event = self._parser.get_event()
        self._feed.advance()
        return event

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._known(event)
        if depth > MOST_DEPTH:
            raise self._refused(event, "this is nested too deeply", "")
        before, read = self._values, self._values - self._aliased
        self._values += 1
        if event.anchor:
            self._anchors.pop(event.anchor, None)
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(depth)
        else:
            value = self._mapping(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = value, self._values - before
            self._keep(event, self._values - self._aliased - read)
        return value

    def _keep(self, event: Any, count: int) -> None:
        """Count the values that are kept, as an alias may come."""
        self._kept += count
        if self._kept > MOST_KEPT:
            raise self._refused(event, "too many anchors", "take out what is not used")

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            what = f"*{event.anchor} stands for nothing"
            raise self._refused(event, what, f"there is no &{event.anchor} before it")
        value, size = self._anchors[event.anchor]
        self._values += size
        self._aliased += size
        if size > MOST_OF_AN_ALIAS or self._aliased > MOST_OF_ALIASES:
            what = f"*{event.anchor} makes too much of too little"
            raise self._refused(event, what, "write out what aliases stand for")
        return value

    def _known(self, event: Any) -> None:
        tag = event.tag
        if tag and tag not in TAGS and tag not in TEXT_TAGS[:2]:
            shown = tag.replace(TAG, "!!")[:100]
            what = f"the tag {shown} is not taken"
            raise self._refused(event, what, "leave the tag out")

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if event.tag in TEXT_TAGS or event.style:
            return text
        if text[:1] in CURLY and text[-1] in CURLY:
            hint = "write straight ones, or put straight ones around"
            raise self._refused(event, "these quotes are part of the text", hint)
        return resolve(text)

    def _sequence(self, depth: int) -> list:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value(event, depth + 1))
        return items

    def _mapping(self, start: Any, depth: int) -> Block:
        block = Block(*self._place(start.start_mark)[:2], {})
        merged: list = []
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event)
            value = self._value(self._next(), depth + 1)
            if key == MERGE and not event.style:
                merged += self._merged(event, value)
                continue
            if key in block:
                raise self._repeated(event, key)
            block[key] = value
            block.places[key] = self._place(event.start_mark)
        for other in merged:
            for key, value in other.items():
                if key not in block:
                    block[key] = value
                    block.places[key] = block.place
        return block

    def _merged(self, event: Any, value: Any) -> list[Block]:
        """Return the mappings that << takes over, the strongest first."""
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(each, Block) for each in found):
            raise self._refused(event, "<< can only take over mappings", "")
        return found

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refused(event, "a key must be a text", "")
        self._known(event)
        return event.value

    def _repeated(self, event: Any, key: str) -> Unreadable:
        what = f"the key {key[:100]} stands here for the second time"
        return self._refused(event, what, nearest(key) or "keep one of the two")

    def _refused(self, event: Any, what: str, hint: str) -> Unreadable:
        return Unreadable(Problem(what, self._place(event.start_mark), hint=hint))

    def _place(self, mark: Any) -> Place:
        return Place(self._feed.line(mark.line + 1), mark.column + 1)
