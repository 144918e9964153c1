"""What the change log says of a plan that was carried out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kongadmin import changes
from kongadmin.declarative.columns import columns_of
from kongadmin.declarative.kinds import KINDS, Kind
from kongadmin.declarative.verbs import CREATE, DELETE, UPDATE, VERBS

if TYPE_CHECKING:
    from kongadmin.declarative.applying import Applying

# Beyond, an entry for each row would bury everything else that the log tells.
MOST_ENTRIES = 2000


def write_log(applying: "Applying") -> None:
    """Write an entry for each row; of very many, one for each kind and verb."""
    if applying.total <= MOST_ENTRIES:
        changes.write_many(applying.scope, entries(applying))
        return
    for name, counts in applying.report.counts.items():
        for verb, count in counts.items():
            summary = f"{count} {KINDS[name].words}"
            changes.record_bulk(applying.scope, verb, name, summary)


def entries(applying: "Applying") -> Iterator[dict]:
    for kind, verb, chunk in applying.parts(DELETE, UPDATE, CREATE):
        for _, before, after, name in chunk:
            entry = told(kind, verb, before, after, name)
            if entry["before"] or entry["after"]:
                yield entry


def told(kind: Kind, verb: int, before: bytes, after: bytes, name: str) -> dict:
    """Return the entry of one step."""
    columns = columns_of(kind.model)
    entity = columns.entity(columns.load(before if verb == DELETE else after))
    old = new = None
    if verb == UPDATE:
        entity._loaded = columns.entity(columns.load(before))._loaded
        old, new = changes.difference(entity)
    elif verb == DELETE:
        old = entity.snapshot()
    else:
        new = entity.snapshot()
    about = changes.described(entity, name)
    return {"verb": VERBS[verb], "before": old, "after": new, **about}
