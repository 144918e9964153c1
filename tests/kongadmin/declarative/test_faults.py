"""Power cuts and rivals: a plan is carried out whole, by one, or not at all."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import declaring
from servers import Server
from together import rows

COUNT = "SELECT count(*) FROM consumers_consumer"
PROGRAM = Path(declaring.__file__)


@pytest.fixture
def installation() -> Iterator[Server]:
    """A database of its own that no server is running on."""
    made = Server()
    yield made
    made.remove()


def start(installation: Server, *words: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, PROGRAM, *words],
        env=installation.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen) -> str:
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen) -> None:
    process.stdin.write("\n")
    process.stdin.flush()


def test_a_process_killed_while_it_writes_has_written_nothing(installation):
    with start(installation, "50", "stop") as process:
        assert told(process) == "planned"
        go_on(process)
        assert told(process) == "writing"
        process.kill()

    assert rows(installation, COUNT) == [(0,)]

    with start(installation, "50") as process:
        go_on(process)
        assert [told(process), told(process)] == ["planned", "applied 100"]

    assert rows(installation, COUNT) == [(50,)]


def test_of_two_that_planned_the_same_one_applies(installation):
    with start(installation, "20") as first, start(installation, "20") as second:
        assert [told(first), told(second)] == ["planned"] * 2
        go_on(first)
        go_on(second)
        answers = sorted([told(first), told(second)])

    assert answers[0] == "applied 40"
    assert answers[1].startswith("refused consumers 'declared-")
    assert rows(installation, COUNT) == [(20,)]
