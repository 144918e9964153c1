"""How a long run is going, in one line that is written over and over."""

import time
from typing import TextIO

from kongadmin.declarative.progress import Progress

WIDTH = 24
SECONDS = 0.1
CLEAR = "\r\x1b[K"


class Bar:
    """A progress bar on a terminal; elsewhere, nothing."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.is_shown = stream, stream.isatty()
        self.phase, self.started, self.drawn = "", 0.0, 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.phase != self.phase:
            self.phase, self.started, self.drawn = progress.phase, now, 0.0
        if self.is_shown and now - self.drawn >= SECONDS:
            self.drawn = now
            self.stream.write(CLEAR + drawn(progress, now - self.started))
            self.stream.flush()

    def clear(self) -> None:
        if self.is_shown:
            self.stream.write(CLEAR)
            self.stream.flush()


def drawn(progress: Progress, seconds: float) -> str:
    """Return one line: the phase, a bar if the end is known, rate and time left."""
    done, total = progress.done, progress.total
    rate = done / seconds if seconds > 0.5 else 0
    parts = [f"{progress.phase:<9}"]
    if total:
        filled = min(WIDTH, WIDTH * done // total)
        parts.append(f"[{'█' * filled}{'·' * (WIDTH - filled)}] {done:,}/{total:,}")
    else:
        parts.append(f"{done:,}")
    if rate:
        parts.append(f"{rate:,.0f}/s")
        if total:
            parts.append(f"{max(total - done, 0) / rate:.0f} s left")
    return "  ".join(parts)
