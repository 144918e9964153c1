"""The end of a plan: what is there twice, what is in the way, what has to go."""

from itertools import batched
from typing import TYPE_CHECKING
from uuid import UUID

from kongadmin.declarative.columns import columns_of
from kongadmin.declarative.document import Place, Problem
from kongadmin.declarative.kinds import CONSUMER_GROUPS as GROUPS
from kongadmin.declarative.kinds import CONSUMERS, KINDS, Kind
from kongadmin.declarative.progress import counted
from kongadmin.declarative.verbs import CONFLICT, CREATE, DELETE, Mode
from kongadmin.entities import Entity

if TYPE_CHECKING:
    from kongadmin.declarative.planning import Planner

ORDERED = list(KINDS.values())
CHUNK = 2000
DOOMED = """
    CREATE TEMP TABLE doomed AS SELECT number, id, kind FROM stored
    WHERE is_selected AND NOT EXISTS (
        SELECT 1 FROM step WHERE step.stored = stored.number) AND {spoken_of};
    CREATE INDEX temp.doomed_by_id ON doomed (id);
    INSERT INTO doomed SELECT number, id, kind FROM stored
    WHERE (consumer IN (SELECT id FROM doomed)
           OR consumer_group IN (SELECT id FROM doomed))
      AND NOT EXISTS (SELECT 1 FROM step WHERE step.stored = stored.number)
      AND number NOT IN (SELECT number FROM doomed);
    CREATE INDEX temp.doomed_by_number ON doomed (number);
"""
TWICE = """
    SELECT later.number, min(first.number) FROM ({pairs}) AS pair
    JOIN step AS first ON first.number = pair.first
    JOIN step AS later ON later.number = pair.later
    WHERE first.verb != {conflict} GROUP BY later.number
"""
MEANT_TWICE = """
    SELECT a.number AS first, b.number AS later FROM step a JOIN step b
    ON a.stored = b.stored AND a.number < b.number
    WHERE a.stored IN (SELECT stored FROM step WHERE stored IS NOT NULL
                       GROUP BY stored HAVING count(*) > 1)
"""
CLAIMED_TWICE = """
    SELECT a.step AS first, b.step AS later FROM claim a JOIN claim b
    ON a.key = b.key AND a.step < b.step
    WHERE a.key IN (SELECT key FROM claim GROUP BY key HAVING count(*) > 1)
"""
# Who claims what a stored row has and will keep: no row means it, or one that leaves
# it as it is.
HELD = """
    SELECT claim.step, stored.number, keeper.number FROM claim
    JOIN stored_key ON stored_key.key = claim.key
    JOIN stored ON stored.number = stored_key.stored
    JOIN step ON step.number = claim.step
    LEFT JOIN step AS keeper ON keeper.stored = stored.number
    WHERE step.stored IS NOT stored.number
      AND (keeper.number IS NULL OR keeper.verb IN (3, 4))
      AND NOT EXISTS (SELECT 1 FROM doomed WHERE doomed.number = stored.number)
    GROUP BY claim.step
"""


def settle(planner: "Planner") -> None:
    """Find the conflicts, then stage what is to be deleted."""
    staging = planner.staging
    staging.execute("CREATE INDEX claim_by_key ON claim (key)")
    find_doomed(planner)
    for pairs in (MEANT_TWICE, CLAIMED_TWICE):
        found = staging.execute(TWICE.format(pairs=pairs, conflict=CONFLICT)).fetchall()
        for later, first in found:
            refuse(planner, later, f"is declared twice{where(planner, first)}")
    for number, stored, keeper in staging.execute(HELD).fetchall():
        holder = name_of(planner, stored)
        refuse(planner, number, f"is taken by {holder}{where(planner, keeper)}")
    for name in planner.explicit:
        refuse_foreign_ids(planner, KINDS[name])
    stage_deletes(planner)


def find_doomed(planner: "Planner") -> None:
    """Mark what is stored, is not declared and shall go, with all that hangs on it."""
    if planner.mode is Mode.APPLY:
        planner.staging.execute(
            "CREATE TEMP TABLE doomed (number INTEGER PRIMARY KEY, id BLOB, kind)"
        )
        return
    planner.staging.script(DOOMED.format(spoken_of=spoken_of(planner)))


def spoken_of(planner: "Planner") -> str:
    """Return, as SQL, whether a document speaks of a stored row, and of its owner."""
    kinds = planner.head.kinds
    if kinds is None:
        return "1"
    numbers = ", ".join(str(ORDERED.index(KINDS[name])) for name in kinds & {*KINDS})
    of_consumers, of_groups = (int(name in kinds) for name in (CONSUMERS, GROUPS))
    return (
        f"kind IN ({numbers}) AND CASE WHEN consumer IS NOT NULL THEN {of_consumers} "
        f"WHEN consumer_group IS NOT NULL THEN {of_groups} ELSE 1 END"
    )


def where(planner: "Planner", number: int | None) -> str:
    """Return where a row stands, as the end of a sentence."""
    sql = "SELECT line FROM step WHERE number = ?"
    found = planner.staging.execute(sql, (number,)).fetchone()
    return f", in line {found[0]} too" if found and found[0] else ""


def name_of(planner: "Planner", stored: int) -> str:
    kind, entity = stored_entity(planner, stored)
    return f"{kind.name} '{title_of(planner, kind, entity)}'"


def stored_entity(planner: "Planner", stored: int) -> tuple[Kind, Entity]:
    sql = "SELECT kind, row FROM stored WHERE number = ?"
    number, row = planner.staging.execute(sql, (stored,)).fetchone()
    columns = columns_of(ORDERED[number].model)
    return ORDERED[number], columns.entity(columns.load(row))


def title_of(planner: "Planner", kind: Kind, entity: Entity) -> str:
    """Return what people call a stored row."""
    if not kind.title:
        return str(entity)
    names = {
        field: owner_name(planner, getattr(entity, f"{field}_id"))
        for field in kind.refs
    }
    return kind.title.format(**names)


def owner_name(planner: "Planner", id_: UUID | None) -> str | None:
    """Return what people call the stored consumer or group of an id."""
    if id_ is None:
        return None
    sql = "SELECT number FROM stored WHERE id = ?"
    found = planner.staging.execute(sql, (id_.bytes,)).fetchone()
    return str(stored_entity(planner, found[0])[1]) if found else str(id_)


def refuse(planner: "Planner", number: int, text: str) -> None:
    """Make a step a conflict."""
    sql = "SELECT kind, name, line, position FROM step WHERE number = ?"
    kind, name, line, column = planner.staging.execute(sql, (number,)).fetchone()
    place = Place(line, column) if line else None
    problem = Problem(f"{ORDERED[kind].name} '{name}' {text}", place)
    planner.staging.execute(
        "UPDATE step SET verb = ?, problem = ? WHERE number = ?",
        (CONFLICT, planner.report(problem), number),
    )


def refuse_foreign_ids(planner: "Planner", kind: Kind) -> None:
    """Refuse ids that rows of other scopes have."""
    sql = "SELECT id, number FROM step WHERE kind = ? AND verb = ?"
    kind_number = ORDERED.index(kind)
    created = planner.staging.execute(sql, (kind_number, CREATE)).fetchall()
    for chunk in batched(created, CHUNK, strict=False):
        numbers = {UUID(bytes=id_): number for id_, number in chunk}
        taken = kind.model.objects.filter(pk__in=numbers).exclude(
            scope_id=planner.scope.pk
        )
        for pk in taken.values_list("pk", flat=True):
            refuse(planner, numbers[pk], "has an id that is taken elsewhere")


def stage_deletes(planner: "Planner") -> None:
    """Stage what is to be deleted: first what hangs on others."""
    sql = "SELECT number FROM doomed ORDER BY kind DESC, number"
    doomed = [number for (number,) in planner.staging.execute(sql)]
    for stored in counted(doomed, planner.tell, "deletes", len(doomed)):
        planner.last += 1
        planner.staging.put("step", delete_step(planner, planner.last, stored))
    planner.staging.flush()


def delete_step(planner: "Planner", number: int, stored: int) -> tuple:
    kind, entity = stored_entity(planner, stored)
    sql = "SELECT id, consumer, consumer_group, row FROM stored WHERE number = ?"
    id_, consumer, group, row = planner.staging.execute(sql, (stored,)).fetchone()
    owner = consumer or group
    return (
        *(number, DELETE, ORDERED.index(kind), id_, consumer, group),
        *(title_of(planner, kind, entity),),
        *(owner and owner_name(planner, UUID(bytes=owner)), None, row, None),
        *(stored, None, None, None, 0),
    )
