"""Large files, which a process of its own reads."""

import io
import os
import pickle
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from kongadmin.declarative import apart
from kongadmin.declarative.document import Unreadable
from kongadmin.declarative.formats import FORMATS, Options
from kongadmin.dialects.deck.cli import run

MANY = 3 * apart.MANY
HEAD = '_format_version: "3.0"\n_info: {select_tags: [mine]}\nconsumers:\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kong.yaml"
    entries = (
        f"- username: u{n}\n  groups: [{{name: gold}}]\n"
        "  plugins: [{name: cors, config: {origins: [a, b]}}]\n"
        for n in range(MANY)
    )
    path.write_text(HEAD + "".join(entries))
    return path


def test_rows_and_head_are_as_if_read_here(file: Path) -> None:
    file.write_text(f"{file.read_text()}_transform: false\n_konnect: {{}}\n")
    with file.open("rb") as stream:
        document = FORMATS["deck"].read(stream, Options())
        expected = list(document.rows), document.head

    with file.open("rb") as stream, ExitStack() as stack:
        document = apart.read("deck", stream, Options(), stack)
        found = list(document.rows), document.head

    assert found == expected
    assert found[1].notes
    assert found[1].is_hashed


@pytest.mark.django_db
def test_errors_of_a_large_file_have_their_lines(file: Path, monkeypatch) -> None:
    monkeypatch.setattr(apart, "LARGE", 100)
    wrong = file.with_name("wrong.yaml")
    wrong.write_text(f"{file.read_text()}- username: 12\n- usrname: bob\n")
    out, err = io.StringIO(), io.StringIO()
    line = 3 + 3 * MANY

    code = run(["validate", str(wrong)], out, err)

    assert code == 1
    assert f"{wrong}:{line + 1}:" in err.getvalue()
    assert f"{wrong}:{line + 2}:" in err.getvalue()
    assert "probably meant: username" in err.getvalue()


def test_whoever_stops_asking_ends_the_process(file: Path, monkeypatch) -> None:
    begun = []
    monkeypatch.setattr(
        apart, "Popen", lambda *a, **k: begun.append(Popen(*a, **k)) or begun[0]
    )

    with file.open("rb") as stream, ExitStack() as stack:
        next(apart.read("deck", stream, Options(), stack).rows)

    assert begun[0].returncode is not None


def test_a_process_that_ends_early_leaves_an_unreadable_file(
    file: Path, monkeypatch
) -> None:
    monkeypatch.setattr(apart.sys, "executable", "/bin/false")

    with file.open("rb") as stream, ExitStack() as stack:
        document = apart.read("deck", stream, Options(), stack)
        with pytest.raises(Unreadable, match="has ended"):
            list(document.rows)


def test_the_process_ends_once_nobody_takes_its_answers(file: Path) -> None:
    file.write_text(file.read_text() + "- tags: [a]\n" * 1000)
    with file.open("rb") as stream:
        process = Popen(
            [sys.executable, "-m", apart.__name__],
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=[stream.fileno()],
        )
        pickle.dump(("deck", stream.fileno(), Options()), process.stdin)
        process.stdin.close()

        process.stdout.read(1)
        process.stdout.close()

        assert process.wait(30) == -signal.SIGPIPE


def test_reading_goes_on_while_nobody_takes_the_answers() -> None:
    taken, pipe = os.pipe()
    outbox = apart.Outbox(pipe)
    pieces = [bytes([n]) * 100_000 for n in range(20)]

    for piece in pieces:  # more than a pipe holds
        outbox.put(piece)

    assert outbox.size > 0
    with ThreadPoolExecutor() as threads, open(taken, "rb") as reading:
        found = threads.submit(reading.read)
        outbox.send(0)
        os.close(pipe)
        assert found.result() == b"".join(pieces)
