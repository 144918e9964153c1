"""What a plan does to a row, and how far a plan goes."""

from enum import StrEnum

VERBS = ("create", "update", "delete", "unchanged", "conflict")
CREATE, UPDATE, DELETE, UNCHANGED, CONFLICT = range(len(VERBS))
WRITES = (CREATE, UPDATE, DELETE)


class Mode(StrEnum):
    """SYNC also deletes what the document lacks; RESET deletes whatever there is.

    Both only what has all of the document's select tags.
    """

    SYNC = "sync"
    APPLY = "apply"
    RESET = "reset"
