"""A large file read by a process of its own, while this one plans what it says.

That process is told by pickle which file to read, and how. It answers with the head, as
far as that is known, some rows and what is wrong with the file, again and again; no
rows are the end.
"""

import os
import pickle
import select
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import batched, chain, islice, starmap
from subprocess import PIPE, Popen
from typing import BinaryIO

from kongadmin.declarative.document import Document, Head, Problem, Row, Unreadable
from kongadmin.declarative.formats import FORMATS, Options
from kongadmin.parents import end_with_parent

# To begin a process takes as long as to read so much.
LARGE = 4 << 20
MANY = 500
# How many bytes are read ahead while what is stored is looked at.
AHEAD = 64 << 20


def read(format: str, stream: BinaryIO, options: Options, stack: ExitStack) -> Document:
    """Return what a file of a format says; Unreadable as the format's own `read`.

    With the stack ends the process, too.
    """
    process = Popen(
        [sys.executable, "-P", "-m", __name__],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=PIPE,
        stdout=PIPE,
        pass_fds=[stream.fileno()],
    )
    stack.enter_context(process)
    stack.callback(process.kill)
    document = FORMATS[format].read(stream, options)
    first = list(islice(document.rows, 1))  # at hand while the process still begins
    with suppress(BrokenPipeError), process.stdin as asked:
        pickle.dump((format, stream.fileno(), options), asked)
    rows = rows_of(document.head, answers_of(process.stdout))
    document.rows = chain(first, islice(rows, len(first), None))
    return document


def answers_of(pipe: BinaryIO) -> Iterator[tuple[Head, list]]:
    rows = problems = True
    while rows:
        try:
            head, rows, problems = pickle.load(pipe)  # noqa: S301
        except EOFError:
            problems = (Problem("the process that was to read this has ended"),)
        if problems:
            raise Unreadable(*problems)
        yield head, rows


def rows_of(head: Head, answers: Iterable[tuple[Head, list]]) -> Iterator[Row]:
    """Yield the rows; the head learns what is only said behind them."""
    for known, rows in answers:
        head.notes[:] = known.notes
        head.select_tags, head.is_hashed = known.select_tags, known.is_hashed
        yield from starmap(Row, rows)


def answer(format: str, stream: BinaryIO, options: Options) -> Iterator[tuple]:
    """Yield what a file says: the head as it is by then, some rows, what is wrong."""
    head = Head()
    try:
        document = FORMATS[format].read(stream, options)
        head = document.head
        told = ((row.kind, row.values, row.place) for row in document.rows)
        for rows in batched(told, MANY, strict=False):
            yield head, list(rows), ()
        yield head, [], ()
    except Unreadable as error:
        yield head, [], error.problems


class Outbox:
    """What is to go into a pipe, kept as long as nobody takes it out there."""

    def __init__(self, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self.pipe, self.size = pipe, 0
        self.kept: deque[memoryview] = deque()

    def put(self, data: bytes) -> None:
        self.kept.append(memoryview(data))
        self.size += len(data)
        self.send(AHEAD)

    def send(self, most: int) -> None:
        """Write what is taken at once, and wait until no more than `most` is kept."""
        while self.kept:
            try:
                sent = os.write(self.pipe, self.kept[0])
            except BlockingIOError:
                if self.size <= most:
                    return
                select.select([], [self.pipe], [])
                continue
            self.size -= sent
            rest = self.kept.popleft()[sent:]
            if rest:
                self.kept.appendleft(rest)


def main() -> None:
    import django

    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process ends this one
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kongadmin.settings")
    django.setup()
    format, number, options = pickle.load(sys.stdin.buffer)  # noqa: S301
    with open(number, "rb") as stream:
        stream.seek(0)  # the other process has read the beginning
        outbox = Outbox(sys.stdout.fileno())
        for each in answer(format, stream, options):
            outbox.put(pickle.dumps(each))
        outbox.send(0)


if __name__ == "__main__":
    main()
