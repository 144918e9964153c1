"""Counters that all processes of one machine share, in a memory-mapped LMDB file.

One step takes some microseconds. LMDB's lock outlives a process that is killed while
it holds it, and such a step has not happened. Nothing is ever synced to disk: counters
of before the machine's last start are thrown away, like those of another layout.
"""

import logging
import os
import shutil
import struct
import threading
from collections.abc import Sequence
from pathlib import Path

import lmdb

from kongadmin.gateway.counters.base import LIVES, Away, Taken, Window

LAYOUT = 1
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MAP_BYTES = 256 * 1024 * 1024
# A full map cannot even be pruned, so it must not get full. A counter takes some 55
# bytes, twice as much in pages that are half empty.
COUNTER_BYTES = 160
PRUNED_PER_STEP = 8
PRUNED_WHEN_FULL = 1000

# When nobody asks for it any more, who is counted, and the window's length. Positive
# floats sort as their bytes do, so what is over stands first.
KEY = struct.Struct(">d16sd")
OVER = struct.Struct(">d")
COUNT = struct.Struct(">Q")
NONE = COUNT.pack(0)

# A counter's key, and the counts of its window and of the one before.
Found = tuple[bytes, int, int]

logger = logging.getLogger(__name__)


class LocalCounters:
    """Counters in a folder, opened with the first request of each process."""

    def __init__(self, folder: Path, map_bytes: int = MAP_BYTES) -> None:
        self.folder = folder
        self.map_bytes = map_bytes
        self.opening = threading.Lock()
        self.environment: lmdb.Environment | None = None
        # An environment must not be used by a process that has not opened it.
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self.environment = None
        self.opening = threading.Lock()

    def close(self) -> None:
        if self.environment:
            self.environment.close()
        self.environment = None

    def take(
        self,
        name: bytes,
        windows: Sequence[Window],
        now: float,
        *,
        penalty: bool = False,
        counting: bool = True,
    ) -> Taken:
        """Count a request; see Counters.take."""
        try:
            environment = self.environment or self.open()
            with environment.begin(write=True) as transaction:
                allowed, found = look(transaction, name, windows, now)
                if not allowed and not penalty:
                    return Taken(False, [(c, previous) for _, c, previous in found])
                if counting:
                    self.write(transaction, found, now)
                return Taken(allowed, [(c + 1, previous) for _, c, previous in found])
        except (lmdb.Error, OSError) as error:
            logger.error("The counters of this machine cannot be used: %s", error)
            raise Away from error

    def write(
        self, transaction: lmdb.Transaction, found: list[Found], now: float
    ) -> None:
        """Count one more; new counters may take the place of those that are over."""
        for key, current, _ in found:
            if not current:
                self.make_room(transaction, now)
            transaction.put(key, COUNT.pack(current + 1))

    def make_room(self, transaction: lmdb.Transaction, now: float) -> None:
        """See to it that there is space for one more counter."""
        prune(transaction, now, PRUNED_PER_STEP)
        most = self.map_bytes // COUNTER_BYTES
        if transaction.stat()["entries"] >= most:
            prune(transaction, now, PRUNED_WHEN_FULL)
            if transaction.stat()["entries"] >= most:
                raise lmdb.MapFullError(f"there are {most} of them")

    def open(self) -> lmdb.Environment:
        """Return the environment; there may be one only in a process."""
        with self.opening:
            if self.environment is None:
                self.environment = open_environment(self.folder, self.map_bytes)
        return self.environment


def open_environment(folder: Path, map_bytes: int) -> lmdb.Environment:
    """Open the counters in `folder`; throw away those that cannot be trusted."""
    try:
        boot_id = BOOT_ID.read_text().strip()
    except OSError:  # another system than Linux
        boot_id = "unknown"
    path = folder / f"{LAYOUT}-{boot_id}"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for other in folder.iterdir():
        if other != path:
            shutil.rmtree(other, ignore_errors=True)
    environment = lmdb.open(
        str(path),
        map_size=map_bytes,
        mode=0o600,
        writemap=True,
        metasync=False,
        sync=False,
        max_readers=1024,
    )
    # A full disk is an error now; in a page of the map it would end the process.
    with (path / "data.mdb").open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, map_bytes)
    return environment


def look(
    transaction: lmdb.Transaction, name: bytes, windows: Sequence[Window], now: float
) -> tuple[bool, list[Found]]:
    """Return whether a request passes, and what was counted before it."""
    allowed, found = True, []
    for window in windows:
        length, before = window.length, window.previous
        life = LIVES * length
        key = KEY.pack(window.start + life, name, length)
        (current,) = COUNT.unpack(transaction.get(key, NONE))
        previous = 0
        if before is not None:
            older = KEY.pack(before + life, name, length)
            (previous,) = COUNT.unpack(transaction.get(older, NONE))
        if window.rate(current, previous, now) > window.most:
            allowed = False
        found.append((key, current, previous))
    return allowed, found


def prune(transaction: lmdb.Transaction, now: float, most: int) -> None:
    """Delete counters that nobody asks for any more, `most` at once."""
    over = OVER.pack(now)
    with transaction.cursor() as cursor:
        for _ in range(most):
            if not cursor.first() or cursor.key()[: OVER.size] > over:
                break
            cursor.delete()
