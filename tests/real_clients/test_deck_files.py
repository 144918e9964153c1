"""decK and our own `manage.py deck` on each other's files: both say the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from programs import needs
from real_deck import DIFFERS, EVERYTHING, Deck, write
from servers import Server

pytestmark = needs("deck")

KEYED = {"username": "bob", "tags": ["a"], "groups": [{"name": "gold"}]}
KEYED["keyauth_credentials"] = [{"key": "bobs-secret-key-0001"}]
KEYED["acls"] = [{"group": "admin"}]
PLUGINS = [
    {"name": "rate-limiting", "consumer": "bob", "config": {"minute": 5}},
    {"name": "request-size-limiting", "config": {"allowed_payload_size": 1}},
]


RUN = """
import django, io, json, sys
django.setup()
from kongadmin.dialects.deck.cli import run
told = []
sys.stdin = io.StringIO()
for command in json.loads({commands!r}):
    out, err = io.StringIO(), io.StringIO()
    told.append([run(command, out, err), out.getvalue(), err.getvalue()])
print(json.dumps(told))
"""


class Done(NamedTuple):
    """One of our commands that has run."""

    code: int
    out: str
    err: str


class Ours:
    """`manage.py deck`, several commands in one process as that takes long to start."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def run(self, *commands: str) -> list[Done]:
        words = json.dumps([command.split() for command in commands])
        return [Done(*done) for done in self.server.run(RUN.format(commands=words))]

    def do(self, *commands: str) -> list[Done]:
        """Run commands that have to succeed."""
        found = self.run(*commands)
        assert all(done.code == 0 for done in found), found
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def deck(server: Server) -> Deck:
    return Deck(server)


@pytest.fixture
def ours(server: Server) -> Ours:
    ours = Ours(server)
    ours.do("reset --force")
    return ours


def without_passwords(path: Path) -> Path:
    """Write everything but passwords: decK refuses a file that has digests of them."""
    content = yaml.safe_load(EVERYTHING.read_text())
    for consumer in content["consumers"]:
        consumer.pop("basicauth_credentials", None)
    return write(path, **content)


def shape(printed: str) -> list[str]:
    """Return what was printed, without the order in which decK's threads come."""
    return sorted(line for line in printed.splitlines() if '"id"' not in line)


UNCHANGED = "Summary:\n  Created: 0\n  Updated: 0\n  Deleted: 0\n"


def test_what_we_dump_decks_finds_unchanged(
    deck: Deck, ours: Ours, tmp_path: Path
) -> None:
    kong, file = without_passwords(tmp_path / "kong.yaml"), tmp_path / "dump.yaml"

    ours.do(f"sync {kong}", f"dump -o {file}", "reset --force")
    deck.do("sync", file)

    assert deck.differences(file) == ""
    [done] = ours.do(f"diff {file} --non-zero-exit-code")
    assert done.out == UNCHANGED


def test_what_deck_dumps_we_find_unchanged(
    deck: Deck, ours: Ours, tmp_path: Path
) -> None:
    deck.do("sync", without_passwords(tmp_path / "kong.yaml"))
    plain, with_id, as_json = (
        tmp_path / name for name in ("1.yaml", "2.yaml", "3.json")
    )

    deck.do("dump", "-o", plain)
    deck.do("dump", "-o", with_id, "--with-id")
    deck.do("dump", "-o", as_json, "--format", "json")

    found = ours.do(*(f"diff {file}" for file in (plain, with_id, as_json)))
    assert [done.out for done in found] == [UNCHANGED] * 3


def test_both_print_the_same(deck: Deck, ours: Ours, tmp_path: Path) -> None:
    groups = [{"name": "gold", "tags": ["t"]}]
    first = write(
        tmp_path / "first.yaml",
        consumers=[KEYED, {"username": "anna"}],
        consumer_groups=groups,
        plugins=PLUGINS,
    )
    bob = {"username": "bob", "custom_id": "42", "tags": ["a", "b"]}
    bob["keyauth_credentials"] = [{"key": "bobs-secret-key-0002"}]
    second = write(
        tmp_path / "second.yaml",
        consumers=[bob],
        consumer_groups=[{"name": "gold", "tags": ["t2"]}],
        plugins=[{**PLUGINS[1], "config": {"allowed_payload_size": 2}}],
    )

    creating = deck.run("diff", first, "--non-zero-exit-code")
    mine, synced, my_change, my_summary = ours.run(
        f"diff {first} --non-zero-exit-code",
        f"sync {first}",
        f"diff {second} --non-zero-exit-code",
        f"diff {second} --silence-events",
    )
    changing = deck.run("diff", second, "--non-zero-exit-code")
    summary = deck.do("diff", second, "--silence-events")

    assert (creating.returncode, changing.returncode) == (DIFFERS, DIFFERS)
    assert (mine.code, synced.code, my_change.code) == (DIFFERS, 0, DIFFERS)
    assert shape(mine.out) == shape(synced.out) == shape(creating.stdout)
    assert shape(my_change.out) == shape(changing.stdout)
    assert my_summary.out == summary


def test_both_print_the_same_report(deck: Deck, ours: Ours, tmp_path: Path) -> None:
    people = [{"username": "bob", "tags": ["a"]}, {"username": "anna"}]
    first = write(tmp_path / "first.yaml", consumers=people)
    people = [{"username": "bob", "custom_id": "1"}, {"username": "carl"}]
    second = write(tmp_path / "second.yaml", consumers=people)

    _, done = ours.do(f"sync {first}", f"diff {second} --json-output")
    mine, theirs = (
        json.loads(done.out),
        json.loads(deck.do("diff", second, "--json-output")),
    )

    for report in (theirs, mine):  # what is made has an id of its own
        report["changes"]["creating"][0]["body"]["new"].pop("id")
    assert mine == theirs


def test_both_end_with_the_same_codes(deck: Deck, ours: Ours, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.yaml", consumers=[{"username": "bob", "foo": 1}])
    same = write(tmp_path / "same.yaml", consumers=[])
    commands = [
        f"diff {bad}",
        f"sync {tmp_path}/nowhere.yaml",
        f"diff {bad} --bogus",
        "dump --format xml",
        "dump -w nobodys",
        f"diff {same} --non-zero-exit-code",
    ]

    theirs = [deck.run(*command.split()).returncode for command in commands]
    mine = [done.code for done in ours.run(*commands)]

    assert mine == theirs == [1, 1, 1, 1, 1, 0]


def test_a_whole_export_comes_back_byte_by_byte(ours: Ours, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"

    ours.do(f"sync {EVERYTHING}", f"dump -o {first}", "reset --force")
    ours.do(f"sync {first}", f"dump -o {second}")

    assert "_transform: false" in first.read_text()
    assert second.read_text() == first.read_text()
