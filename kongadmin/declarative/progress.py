"""How far a long run has come, and how it is told to stop."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, NamedTuple


class Progress(NamedTuple):
    """What is being done, how much of it is done, of how much; None if unknown."""

    phase: str
    done: int = 0
    total: int | None = None


class Cancelled(Exception):
    """Raised by who is told of the progress, to end the run: nothing is written."""


type Tell = Callable[[Progress], None]
EVERY = 500
DECLARED = "declared"  # the phase in which the document is read


def silent(progress: Progress) -> None:
    """Tell nobody."""


def counted[T](
    items: Iterable[T], tell: Tell, phase: str, total: int | None = None
) -> Iterator[T]:
    """Yield the items, telling every now and then how many there were."""
    done = 0
    tell(Progress(phase, 0, total))
    for done, item in enumerate(items, 1):
        if not done % EVERY:
            tell(Progress(phase, done, total))
        yield item
    tell(Progress(phase, done, done if total is None else total))


def estimated(tell: Tell, stream: BinaryIO) -> Tell:
    """Tell how many rows a document has, guessed by how much of it has been read."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)

    def telling(progress: Progress) -> None:
        read = 0 if stream.closed else stream.tell()
        if progress.phase == DECLARED and progress.total is None and read:
            total = max(progress.done, progress.done * size // read)
            progress = progress._replace(total=total or None)
        tell(progress)

    return telling
