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


# Every request makes some of these: a frozen class, or a tuple's, takes twice as long.
@dataclass(slots=True)
class Window:
    """A stretch of time in which requests are counted; times in seconds since 1970.

    Another request passes while the count, with `weight` times that of the window
    that began at `previous`, is not above `most`.
    """

    length: float
    start: float
    most: float
    previous: float | None = None
    weight: float = 0.0

    @property
    def life(self) -> float:
        """The seconds after its start in which somebody may ask for its count."""
        return LIVES * self.length

    def passes(self, current: int, previous: int) -> bool:
        """Say whether another request passes; the rule stands also in remote.lua."""
        return current + previous * self.weight <= self.most


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
