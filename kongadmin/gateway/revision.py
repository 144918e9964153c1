"""A number that all processes of this machine share and that every change replaces.

It lies in a file that each process maps into its memory, so that asking for it costs
no system call. A writer puts a random number there after its commit: any number that a
reader has not seen means "look again", and writers need neither a lock nor an order.
"""

import mmap
import os
from functools import cache
from pathlib import Path

from kongadmin.settings import HOME

SIZE = 8


class Revision:
    """The shared number in the file at `path`; `cell[0]` is its current value."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(handle, SIZE)
            self.cell = memoryview(mmap.mmap(handle, SIZE)).cast("Q")
        finally:
            os.close(handle)

    def bump(self) -> None:
        """Tell every process that what it knows may no longer hold."""
        self.cell[0] = int.from_bytes(os.urandom(SIZE))


@cache
def shared() -> Revision:
    """Return the revision of this installation."""
    return Revision(HOME / "revision")


def bump() -> None:
    """Make the change just committed effective in every worker's next request."""
    shared().bump()
