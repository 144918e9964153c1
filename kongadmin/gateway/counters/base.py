"""What every place for counters does, and the rule by which it counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol


class Away(Exception):
    """The counters cannot be reached, or hold no more."""


def digest(*parts: str) -> bytes:
    """Return who is counted as 16 bytes: it may be long, or somebody's secret."""
    text = "\0".join(parts).encode(errors="surrogatepass")
    return blake2b(text, digest_size=16).digest()


# For so many lengths of its window a count may be asked for: it counts for the window
# that follows, and months may be longer than their length here.
LIVES = 2


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time in which requests are counted; times in seconds since 1970.

    Another request passes while the rate is not above `most`. Where the window slides,
    that of its length which began at `previous` counts for as much of it as is left.
    """

    length: float
    start: float
    most: float
    previous: float | None = None

    def rate(self, current: int, previous: int, now: float) -> float:
        """Return what two counts are together; the rule stands also in remote.lua."""
        return current + previous * self.weight(now) if previous else current

    def weight(self, now: float) -> float:
        """Return how much a request of the window before counts for."""
        if self.previous is None:
            return 0.0
        return (self.start + self.length - now) / self.length


# Every request makes one: a frozen class, or a tuple's, takes twice as long.
@dataclass(slots=True)
class Taken:
    """Whether a request passed, and what it left: (current, previous) by window."""

    allowed: bool
    counts: list[tuple[int, int]]


class Counters(Protocol):
    """A place for counters."""

    def take(
        self,
        name: bytes,
        windows: Sequence[Window],
        now: float,
        *,
        penalty: bool = False,
        counting: bool = True,
    ) -> Taken:
        """Count a request of `name` (see `digest`) in every window if all let it pass.

        That is one atomic step. With `penalty` it is counted even if it does not pass.
        Without `counting` nothing is written, but the answer is as if it were. Raises
        Away.
        """
