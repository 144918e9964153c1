"""How far a long run has come, and how it is told to stop."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple


class Progress(NamedTuple):
    """What is being done, how much of it is done, of how much; None if unknown."""

    phase: str
    done: int = 0
    total: int | None = None


class Cancelled(Exception):
    """Raised by who is told of the progress, to end the run: nothing is written."""


type Tell = Callable[[Progress], None]
EVERY = 500


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
