"""What is read in a hurry is what careful reading makes of the same file."""

import io

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kongadmin.declarative.document import Unreadable
from kongadmin.dialects.deck import plain
from kongadmin.dialects.deck.feed import Feed
from kongadmin.dialects.deck.nodes import Block, Doubt, Nodes, NotYAML

BODIES = [
    *[
        "a:",
        "b:",
        "a: b",
        "b: c d",
        "c:x",
        "d: x: y",
        "e: x #y",
        "# no",
        "",
        "x",
        "x y",
    ],
    *['a: "b"', "b: 'c'", 'c: "d', "d: '", 'e: "f" g', 'f: "\\t"', '"g": h', "'"],
    *["a: |", "b: >-", "c: []", "d: {}", "e: [a", "f: {a: b}", "]", "? a", ": b"],
    *["a: &a b", "b: *a", "c: !!str 1", "<<: *a", "---", "...", "\ta: b", "d:\tx"],
    *[
        "a: 012",
        "b: 1.5",
        "c: ~",
        "d: -",
        "e: .",
        "f: yes",
        "g: -1",
        "h: @x",
        "yes: no",
    ],
]
LINES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "  ", "  ", "    ", "   "]),
        st.sampled_from(["", "", "", "- ", "- ", "- - ", "-", "-  "]),
        st.sampled_from(BODIES),
        st.sampled_from(["", "", "", "", " ", "\r"]),
    ),
)
VALUES = st.recursive(
    st.sampled_from(["x", "yes", "1", 1, 2.5, None, True, "", "a b", "a: b", "x\ny\n"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c-d", "yes"]), inner, max_size=3)
    ),
    max_leaves=10,
)


def read_with_care(text: str) -> list | None:
    try:
        return list(Nodes(Feed(io.BytesIO(text.encode()), {})))
    except (NotYAML, Unreadable):
        return None


def read_in_a_hurry(text: str) -> list | None:
    feed = Feed(io.BytesIO(text.encode()), {})
    try:
        return list(plain.parts(feed, next(iter(feed), "")))
    except Doubt:
        return None


def with_places(value: object) -> object:
    """Return a value with the place of every mapping in it."""
    if isinstance(value, Block):
        return value.place, {key: with_places(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_places(each) for each in value]
    return type(value), value


def told(parts: list | None) -> dict | None:
    """Return what stands under each key, be it read as a whole or entry by entry."""
    if parts is None:
        return None
    found: dict = {}
    for part in parts:
        if part.is_entry:
            found.setdefault(part.key, []).append(with_places(part.value))
        else:
            found[part.key] = with_places(part.value)
    return found


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_lines_at_random_are_understood_alike_or_not_at_all(lines: list[str]):
    text = "\n".join(lines)

    hurried = read_in_a_hurry(text)

    assert hurried is None or told(hurried) == told(read_with_care(text))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES), st.booleans())
def test_what_programs_write_is_understood_alike(values: dict, is_flowing: bool):
    text = yaml.safe_dump(values, default_flow_style=is_flowing)

    hurried = read_in_a_hurry(text)

    assert hurried is None or told(hurried) == told(read_with_care(text))


@pytest.mark.parametrize(
    "text",
    [
        "a:\n- b: c\n  d:\n  - e: 1\n    f: x y\n  g: 'q'\n- b: \"z\"\n\n# end\n",
        "a:\n  - b: c\n    d:\n      - e\n      - f\n    g: {}\n    h: []\nb: x\n",
        "a:\r\n- b: c\r\n  d: e\r\n",
        "---\n# first\na: 1\nb:\n  c: d\n",
        "a:\n- b: |\n    - c\n    - d\n\n- e: f\n",
    ],
)
def test_what_decks_users_write_is_read_in_a_hurry(text: str):
    hurried = read_in_a_hurry(text)

    assert hurried is not None
    assert told(hurried) == told(read_with_care(text))
