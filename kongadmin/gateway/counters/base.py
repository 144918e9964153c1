"""What every place for counters does, and the rule by which it counts."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple, Protocol


class Away(Exception):
    """The counters cannot be reached, or hold no more."""


class Name(bytes):
    """Who is counted, as 16 bytes: identifiers may be long, or somebody's secret."""

    def __new__(cls, *parts: str) -> "Name":
        text = "\0".join(parts).encode(errors="surrogatepass")
        return super().__new__(cls, blake2b(text, digest_size=16).digest())


class Window(NamedTuple):
    """A stretch of time in which requests are counted; times in seconds since 1970.

    Another request passes while the count, with `weight` times that of the window
    that began at `previous`, is not above `most`.
    """

    length: float
    start: float
    most: float
    previous: float | None = None
    weight: float = 0.0

    def end_of(self, start: float) -> float:
        """Say from when on nobody asks for the count of the window begun at `start`.

        A window counts for the one that follows; months may be longer than `length`.
        """
        return start + 2 * self.length


class Taken(NamedTuple):
    """Whether a request passed, and what it left: (current, previous) by window."""

    allowed: bool
    counts: list[tuple[int, int]]


class Counters(Protocol):
    """A place for counters."""

    def take(
        self,
        name: Name,
        windows: Sequence[Window],
        now: float,
        *,
        penalty: bool = False,
        counting: bool = True,
    ) -> Taken:
        """Count a request in every window if all let it pass, in one atomic step.

        With `penalty` it is counted even if it does not pass. Without `counting`
        nothing is written, but the answer is as if it were. Raises Away.
        """


def take(
    windows: Sequence[Window], stored: Sequence[tuple[int, int]], penalty: bool
) -> tuple[Taken, bool]:
    """Return what becomes of a request, and whether it is to be counted.

    `stored` is what was counted before it. The rule stands once more in remote.lua.
    """
    allowed = True
    for window, (current, previous) in zip(windows, stored, strict=True):
        if current + previous * window.weight > window.most:
            allowed = False
    if allowed or penalty:
        return Taken(allowed, [(c + 1, p) for c, p in stored]), True
    return Taken(allowed, list(stored)), False
