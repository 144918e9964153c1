"""Numbers that all processes of this machine share and that every change replaces.

They lie in a file that each process maps into its memory, so that asking for one costs
no system call. A writer puts a random number there after its commit: any number that a
reader has not seen means "look again", and writers need neither a lock nor an order.
"""

import mmap
import os
import time
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any

from kongadmin.settings import HOME

NAMES = CHANGES, CONTROL_PLANES, ACCESS, REALM_CACHES, OBJECTS = range(5)
CELL_BYTES = 8


class Revision:
    """The shared numbers in the file at `path`; `cell[CHANGES]` is one of them."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            size = len(NAMES) * CELL_BYTES
            os.ftruncate(handle, size)
            self.cell = memoryview(mmap.mmap(handle, size)).cast("Q")
        finally:
            os.close(handle)

    def bump(self, which: int = CHANGES) -> None:
        """Tell every process that what it knows may no longer hold."""
        self.cell[which] = int.from_bytes(os.urandom(CELL_BYTES))


@cache
def shared() -> Revision:
    """Return the revision of this installation."""
    return Revision(HOME / "revision")


def purge_realms() -> None:
    """Let every worker ask realms anew, also in the mode where they lag."""
    bump(REALM_CACHES)
    bump(CHANGES)


def bump(which: int = CHANGES) -> None:
    """Make the change just committed effective in every worker's next request."""
    shared().bump(which)


class Cache:
    """A dict that forgets everything when something changed, and after some seconds.

    The seconds are for changes made on other machines, which the revision does not see.
    """

    def __init__(self, which: int, seconds: float = 5) -> None:
        self.which, self.seconds = which, seconds
        self.values: dict = {}
        self.seen = self.until = 0.0

    def get(self, key: Hashable) -> Any:
        """Return what is known of `key`, None if nothing is."""
        now, current = time.monotonic(), shared().cell[self.which]
        if current != self.seen or now > self.until:
            self.values = {}
            self.seen, self.until = current, now + self.seconds
        return self.values.get(key)

    def set(self, key: Hashable, value: Any) -> None:
        self.values[key] = value
