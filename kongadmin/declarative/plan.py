"""What would have to be done so that the database holds what a document says."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from kongadmin.declarative.columns import columns_of
from kongadmin.declarative.document import Document, Place, Problem
from kongadmin.declarative.kinds import KINDS, Kind
from kongadmin.declarative.planning import Planner
from kongadmin.declarative.progress import Tell, silent
from kongadmin.declarative.staging import Staging
from kongadmin.declarative.verbs import UNCHANGED, VERBS, WRITES, Mode
from kongadmin.entities import Entity

ORDERED = list(KINDS.values())
MOST_PROBLEMS = 1000
FIELDS = (
    "number, verb, kind, id, name, owner, changed, before, after, line, position, "
    "problem"
)


@dataclass
class Step:
    """What happens to one row: `verb` is one of VERBS.

    `before` and `after` are in Kong's terms, secrets in clear, read from what is
    `staged` when somebody asks; `changed` names the fields in which they differ. A
    conflict has a `problem` that says why it cannot be.
    """

    number: int
    verb: str
    kind: str
    id: UUID
    name: str
    owner: str | None = None
    staged: tuple[bytes | None, bytes | None] = (None, None)
    changed: tuple[str, ...] = ()
    place: Place | None = None
    problem: str = ""

    @cached_property
    def before(self) -> dict[str, Any] | None:
        return told(KINDS[self.kind], self.staged[0])

    @cached_property
    def after(self) -> dict[str, Any] | None:
        return told(KINDS[self.kind], self.staged[1])

    def said(self, column: str) -> Any:
        """Return one value of a row that is written or deleted, without the others."""
        before, after = self.staged
        return columns_of(KINDS[self.kind].model).in_clear(after or before)[column]

    def having(self, before: dict | None, after: dict | None) -> "Step":
        """Return the step with these values and no way to those that are staged."""
        step = replace(self, staged=(None, None))
        vars(step).update(before=before, after=after)
        return step

    def masked(self) -> "Step":
        """Return the step as people may see it."""
        mask = KINDS[self.kind].model.masked
        return self.having(*(x and mask(x) for x in (self.before, self.after)))


class Plan:
    """The steps, kept outside of memory; `save` and `load` carry them elsewhere."""

    def __init__(self, scope, staging: Staging) -> None:
        self.scope, self.staging = scope, staging

    @classmethod
    def load(cls, scope, pieces: Iterable[bytes]) -> "Plan":
        """Return the plan that `save` wrote."""
        return cls(scope, Staging.load(pieces))

    def save(self) -> Iterator[bytes]:
        """Yield the plan as bytes; no secret is in clear in them."""
        return self.staging.save()

    @property
    def mode(self) -> str:
        """One of Mode, or "undo"."""
        return self.staging.recall("mode") or ""

    @property
    def notes(self) -> list[str]:
        return json.loads(self.staging.recall("notes") or "[]")

    @property
    def problems(self) -> list[Problem]:
        """What is wrong, in the text's order; the first thousand of it."""
        found = json.loads(self.staging.recall("problems") or "[]")
        return [
            Problem(text, place and Place(*place), line, hint)
            for text, place, line, hint in found
        ]

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many steps there are, by kind and verb; kinds in order of creation."""
        sql = "SELECT kind, verb, count(*) FROM step GROUP BY kind, verb"
        counts: dict[str, dict[str, int]] = {}
        for kind, verb, count in self.staging.execute(sql):
            counts.setdefault(ORDERED[kind].name, {})[VERBS[verb]] = count
        return counts

    @property
    def totals(self) -> dict[str, int]:
        """How many steps of each verb there are, of all kinds; 0 counts too."""
        totals = dict.fromkeys(VERBS, 0)
        for counts in self.counts.values():
            for verb, count in counts.items():
                totals[verb] += count
        return totals

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to do."""
        totals = self.totals
        return not any(totals[VERBS[verb]] for verb in WRITES)

    @property
    def done(self) -> int:
        """How many steps have been carried out."""
        sql = "SELECT count(*) FROM step WHERE is_done"
        return self.staging.execute(sql).fetchone()[0]

    def steps(
        self,
        kind: str | None = None,
        verb: str | None = None,
        q: str = "",
        after: int = 0,
        size: int = 100,
    ) -> list[Step]:
        """Return up to `size` steps behind number `after`; `q` is part of a name."""
        wheres, values = ["number > ?"], [after]
        if kind:
            wheres.append("kind = ?")
            values.append(list(KINDS).index(kind))
        if verb:
            wheres.append("verb = ?")
            values.append(VERBS.index(verb))
        if q:
            wheres.append("(instr(lower(name), ?) OR instr(lower(owner), ?))")
            values += [q.lower()] * 2
        return self.select(" AND ".join(wheres), values, size)

    def step(self, number: int) -> Step | None:
        return next(iter(self.select("number = ?", [number], 1)), None)

    def select(
        self, where: str, values: list, size: int, order: str = "number"
    ) -> list[Step]:
        sql = f"SELECT {FIELDS} FROM step WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608
        rows = self.staging.execute(sql, [*values, size]).fetchall()
        current = self.current([row for row in rows if row[1] == UNCHANGED])
        return [self.told(row, current) for row in rows]

    def current(self, rows: list[tuple]) -> dict[UUID, Entity]:
        """Return what is stored of steps that leave it as it is, a query a kind."""
        found: dict[UUID, Entity] = {}
        for number in {row[2] for row in rows}:
            ids = [UUID(bytes=row[3]) for row in rows if row[2] == number]
            found |= ORDERED[number].model.objects.in_bulk(ids)
        return found

    def told(self, row: tuple, current: dict[UUID, Entity]) -> Step:
        number, verb, kind, id_, name, owner, changed, *rest = row
        before, after, line, column, problem = rest
        pk = UUID(bytes=id_)
        entity = current.get(pk) if verb == UNCHANGED else None
        step = Step(
            *(number, VERBS[verb], ORDERED[kind].name, pk),
            *(name or str(entity or pk), owner, (before, after)),
            changed=tuple(changed.split(",")) if changed else (),
            place=Place(line, column) if line else None,
            problem=problem or "",
        )
        return step.having(*[entity.to_dict()] * 2) if entity else step


def told(kind: Kind, staged: bytes | None) -> dict[str, Any] | None:
    """Return a staged row in Kong's terms."""
    columns = columns_of(kind.model)
    return staged and columns.entity(columns.load(staged)).to_dict()


def make(
    scope, document: Document | None, mode: Mode | str, progress: Tell | None = None
) -> Plan:
    """Return the plan that makes a scope what a document says; it writes nothing.

    What is wrong with single rows are the plan's problems. Raises Unreadable for a text
    that cannot be read on, and whatever `progress` raises. A RESET needs no document.
    """
    planner = Planner(scope, Mode(mode), progress or silent)
    staging = planner.make(document)
    notes = document.head.notes if document else []
    return finished(scope, staging, mode, notes, planner.problems)


def where(problem: Problem) -> tuple:
    """Return what problems are sorted by: file for file, from top to bottom."""
    line, column, path = problem.place or Place(0)
    return path, line, column


def finished(
    scope, staging: Staging, mode: str, notes: list[str], problems: list[Problem]
) -> Plan:
    """Return the plan whose steps have been staged."""
    staging.flush()
    staging.execute("CREATE INDEX IF NOT EXISTS step_by_id ON step (id)")
    # With the names in it, a search for part of one reads no row that it does not find.
    columns = "kind, verb, number, name, owner"
    staging.execute(f"CREATE INDEX step_by_group ON step ({columns})")
    found = sorted(problems, key=where)
    kept = [(p.text, p.place, p.line, p.hint) for p in found[:MOST_PROBLEMS]]
    staging.remember("mode", str(mode))
    staging.remember("notes", json.dumps(notes))
    staging.remember("problems", json.dumps(kept))
    return Plan(scope, staging)
