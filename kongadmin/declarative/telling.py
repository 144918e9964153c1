"""How far a run is, and what an import is called, in words."""

import time
from urllib.parse import urlencode

from kongadmin.declarative.models import Import, Status

PHASES = {
    "": "Starting",
    "stored": "Reading what is stored",
    "declared": "Reading the document",
    "deletes": "Finding what has to go",
    "undo": "Finding what has changed since",
    "write": "Writing",
}
MOST_WAITED = 3600


def title_of(record: Import) -> str:
    """Return what a page about an import is called."""
    if record.undoes:
        return f"Undo of {record.undoes}"
    return record.filename or f"I{str(record)[1:]}"


class Run:
    """How far a running import is.

    The page that asks again says when it first saw this phase, and how far it was
    then: so rate and time left are those of the phase, and no server remembers them.
    """

    def __init__(self, record: Import, given) -> None:
        progress = record.progress
        self.phase, self.done, self.total = progress
        self.is_writing = record.status == Status.APPLYING
        self.now = time.time()
        since, first = number_in(given, "since"), number_in(given, "first")
        is_known = given.get("phase") == self.phase and since is not None
        self.since = since if is_known else self.now
        self.first = first if is_known and first is not None else self.done

    @property
    def words(self) -> str:
        return PHASES.get(self.phase, self.phase)

    @property
    def rate(self) -> int:
        """Rows a second, 0 while that is not known."""
        passed = self.now - self.since
        return int((self.done - self.first) / passed) if passed > 0.5 else 0

    @property
    def left(self) -> str:
        """How long it may still take, "" while that is not known."""
        if not self.rate or not self.total:
            return ""
        seconds = (self.total - self.done) / self.rate
        if seconds > MOST_WAITED:
            return "more than an hour"
        return f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds + 1:.0f} s"

    @property
    def query(self) -> str:
        """The arguments with which the page asks again."""
        told = {"phase": self.phase, "since": f"{self.since:.2f}", "first": self.first}
        return urlencode(told)


def number_in(given, name: str) -> float | None:
    try:
        return float(given.get(name, ""))
    except ValueError:
        return None
