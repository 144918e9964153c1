"""JSON read entry by entry, so that a long list needs no more memory than its entries.

Whoever reads here must be ready for Doubt: JSON is YAML as well, so what is wrong with
it is found, with its place, by the careful reading.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from kongadmin.declarative.document import Place
from kongadmin.dialects.deck.feed import MOST_AT_ONCE, Feed
from kongadmin.dialects.deck.nodes import Block, Doubt, Part

SPACE = re.compile(r"[ \t\n\r]*")


def parts(feed: Feed, beginning: str) -> Iterator[Part]:
    """Yield the parts of a text in JSON, of which `beginning` has been read."""
    text = Text(feed, beginning)
    text.expect("{")
    seen: set[str] = set()
    while not text.ends("}"):
        key, place = text.value(), text.place
        if type(key) is not str or key in seen:
            raise Doubt("no key, or one for the second time")
        seen.add(key)
        text.expect(":")
        if not text.ends("["):
            yield Part(key, text.value(), place)
        elif text.ends("]"):
            yield Part(key, [], place)
        else:
            yield from text.entries(key)
        text.separator("}")
    if text.peek():
        raise Doubt("something after the end")


class Text:
    """What has been read of a text and is not yet understood."""

    def __init__(self, feed: Feed, beginning: str) -> None:
        self._feed = iter(feed)
        self._text = beginning
        self._at = 0
        # The place of what `_counted` is the index of.
        self._line, self._column, self._counted = 1, 1, 0
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._block, parse_constant=self._no_number
        )
        self.place = Place(1)

    def entries(self, key: str) -> Iterator[Part]:
        while True:
            yield Part(key, self.value(), self.place, is_entry=True)
            self.separator("]")
            if self.ends("]"):
                return

    def value(self) -> Any:
        """Return the next value; `place` is where it stands."""
        while True:
            self.peek()
            self.place = self._here()
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except (json.JSONDecodeError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more():
                    raise Doubt(str(error)) from None
                continue
            # A number may go on in what has not been read yet.
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def expect(self, sign: str) -> None:
        if not self.ends(sign):
            raise Doubt(f"no {sign}")

    def separator(self, end: str) -> None:
        """Pass a comma, or stop before what ends a list or a mapping."""
        if self.peek() == end:
            return
        self.expect(",")
        if self.peek() == end:
            raise Doubt("a comma too many")

    def ends(self, sign: str) -> bool:
        """Pass a sign, if it is the next one."""
        is_next = self.peek() == sign
        self._at += is_next
        return is_next

    def peek(self) -> str:
        """Return the next sign that is no blank, "" at the end."""
        while True:
            self._at = SPACE.match(self._text, self._at).end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read on, and forget what has been understood."""
        if len(self._text) - self._at > MOST_AT_ONCE:
            raise Doubt("a value without an end")
        self._here()
        piece = next(self._feed, "")
        self._text = self._text[self._at :] + piece
        self._at = self._counted = 0
        return bool(piece)

    def _here(self) -> Place:
        """Return the place that has been come to, counting on from the last one."""
        passed = self._text[self._counted : self._at]
        self._counted = self._at
        if lines := passed.count("\n"):
            self._line += lines
            self._column = len(passed) - passed.rindex("\n")
        else:
            self._column += len(passed)
        return Place(self._line, self._column)

    def _block(self, pairs: list[tuple[str, Any]]) -> Block:
        block = Block(*self.place[:2])
        block.update(pairs)
        if len(block) != len(pairs):
            raise Doubt("a key for the second time")
        return block

    def _no_number(self, name: str) -> None:
        raise Doubt(f"{name} is no number of JSON's")
