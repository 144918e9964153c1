"""Files that are made to do harm are refused at once, and say why."""

import time
from collections.abc import Iterator

import pytest

from .files import VERSION, rows, wrong_with

SOON = 20


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < SOON


def bomb(levels: int, width: int) -> str:
    """Return a config that doubles, and more, with each of its lines."""
    lines = ["    a0: &a0 [x]"]
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"    a{level}: &a{level} [{aliases}]")
    return "plugins:\n- name: acl\n  config:\n" + "\n".join(lines) + "\n"


def many(count: int) -> str:
    """Return many plugins that share one long configuration."""
    first = "plugins:\n- name: acl\n  config: &all {allow: [" + "x, " * 5000 + "x]}\n"
    return first + "- {name: acl, config: *all}\n" * count


DEEP = "[" * 100_000
ANCHORS = ", ".join(f"&a{number} x" for number in range(25_000))
HOSTILE = {
    "an alias bomb": (bomb(20, 10), "too much of too little"),
    "many aliases of much": (many(1000), "too much of too little"),
    "an alias of itself": ("plugins:\n- config: &a {b: *a}\n", "stands for nothing"),
    "an alias of nothing": ("plugins:\n- config: *a\n", "stands for nothing"),
    "a tag that runs": (
        "consumers:\n- username: !!python/object/apply:os.system [id]\n",
        "the tag !!python/object/apply:os.system is not taken",
    ),
    "a tag of one's own": ("consumers: !list []\n", "the tag !list is not taken"),
    "binary in YAML": ("consumers:\n- username: !!binary Ym9i\n", "!!binary"),
    "lists in lists": (f"plugins: {DEEP}", "too deeply"),
    "mappings in mappings": (f"plugins: {'{a: ' * 100_000}", "too deeply"),
    "lists below lists": (f"plugins:\n{'- ' * 100_000}x\n", "too deeply"),
    "a key that is a list": ("? [a]\n: b\n", "a key must be a text"),
    "a key twice": ("consumers:\n- {username: a, username: b}\n", "second time"),
    "a list twice": ("consumers: []\nconsumers: []\n", "second time"),
    "a second document": ("consumers: []\n---\nconsumers: []\n", "second document"),
    "a text without an end": (f"_comment: {'x' * 2_000_000}\n", "longer than 1 MB"),
    "a quote without an end": ('_comment: "' + "x\n" * 1_000_000, "longer than 1 MB"),
    "anchors for nothing": (
        f"plugins:\n- config: [{ANCHORS}, *a1]\n",
        "too many anchors",
    ),
    "an odd merge": ("consumers:\n- <<: text\n", "can only take over mappings"),
}


@pytest.mark.parametrize(("text", "said"), HOSTILE.values(), ids=HOSTILE)
def test_it_is_refused_with_its_reason(text: str, said: str):
    (found,) = wrong_with(VERSION + text)

    assert said in found.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x1f\x8b\x08\x00\x00\x00", "is not UTF-8 text"),
        (b"PK\x03\x04", "control character U+0003"),
        (VERSION.encode() + b"consumers:\0", "control character U+0000"),
        (VERSION.encode() + b"# \xe9\n", "byte 0xE9 is not UTF-8 text"),
        (VERSION.encode("utf-16"), "is not UTF-8 text"),
        (b"\x00" * 100_000, "control character U+0000"),
        (b'{"a":' * 100_000, "too deeply"),
        (b"[1, 2]", "does not begin with a key"),
        (b"just a text", "does not begin with a key"),
        (b"", "does not say _format_version"),
    ],
)
def test_what_is_no_file_of_decks_is_told_so(content: bytes, said: str):
    (found,) = wrong_with(content)

    assert said in found.text
    assert found.place


def test_aliases_in_reason_are_followed():
    found = rows("""
        plugins:
        - {name: acl, config: &all {allow: [a]}}
        - {name: cors, config: *all}
        - {name: jwt, config: {<<: *all, deny: null}}
    """)

    configs = [row.values["config"] for row in found]
    assert configs == [
        {"allow": ["a"]},
        {"allow": ["a"]},
        {"allow": ["a"], "deny": None},
    ]


def test_problems_without_end_are_told_up_to_a_hundred():
    found = wrong_with(VERSION + "consumers:\n" + "- x\n" * 10_000)

    assert len(found) == 100


@pytest.mark.parametrize("number", ["9" * 5000, "1" + "_0" * 5000, "0x" + "f" * 500])
def test_a_number_too_long_to_be_one_is_text(number: str):
    (found,) = rows(f"consumers:\n- username: {number}\n")

    assert found.values == {"username": number}
