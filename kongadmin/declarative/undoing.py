"""Undoing a plan that was carried out: a plan that leads back.

What has changed since is a conflict of it, by name: nobody's later work is undone
unawares. Who leaves those steps out undoes the rest.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import batched
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db.models import Count

from kongadmin.declarative.belongings import pass_on
from kongadmin.declarative.columns import columns_of, dump
from kongadmin.declarative.document import Problem
from kongadmin.declarative.kinds import KINDS, Kind
from kongadmin.declarative.plan import Plan, finished
from kongadmin.declarative.progress import Tell, counted, silent
from kongadmin.declarative.staging import Staging
from kongadmin.declarative.verbs import CONFLICT, CREATE, DELETE, UPDATE

ORDERED = list(KINDS.values())
CHUNK = 1000
FORGOTTEN = Problem("what it did is no longer known, so it cannot be undone")
DONE = """
    SELECT number, verb, kind, id, consumer, consumer_group, name, owner, changed,
        before, after
    FROM step WHERE is_done ORDER BY number
"""


class Done(NamedTuple):
    """A step that was carried out."""

    number: int
    verb: int
    kind: int
    id: bytes
    consumer: bytes | None
    consumer_group: bytes | None
    name: str
    owner: str | None
    changed: str | None
    before: bytes | None
    after: bytes | None


def make(scope, plan: Plan, progress: Tell | None = None) -> Plan:
    """Return the plan that undoes `plan`, which has been carried out."""
    undoing = Undoing(scope, plan)
    steps = map(Done._make, plan.staging.execute(DONE))
    steps = counted(steps, progress or silent, "undo", plan.done)
    for chunk in batched(steps, CHUNK, strict=False):
        undoing.reverse(chunk)
    pass_on(plan.staging, undoing.staging)
    undoing.index()
    undoing.keep_what_is_needed()
    return finished(scope, undoing.staging, "undo", [], undoing.problems)


class Undoing:
    """Reverses steps, each if the row is still as the plan left it."""

    def __init__(self, scope, plan: Plan) -> None:
        self.scope = scope
        self.applied_at = datetime.fromisoformat(plan.staging.recall("applied_at"))
        self.staging = Staging.new()
        self.problems: list[Problem] = []

    def reverse(self, chunk: tuple[Done, ...]) -> None:
        """Stage the reverse of some steps; a query for each kind among them."""
        times: dict[UUID, datetime] = {}
        for number in {step.kind for step in chunk}:
            ids = [UUID(bytes=step.id) for step in chunk if step.kind == number]
            found = ORDERED[number].model.objects.filter(pk__in=ids)
            times |= dict(found.values_list("pk", "updated_at"))
        for step in chunk:
            self.reverse_one(step, times.get(UUID(bytes=step.id)))

    def reverse_one(self, step: Done, stored_at: datetime | None) -> None:
        if step.verb == DELETE:
            if stored_at is None:
                self.put(step, CREATE, after=step.before)
            else:
                self.put(step, CONFLICT, problem="was made again since")
        elif stored_at == self.applied_at:
            is_new = step.verb == CREATE
            left = self.as_left(step)
            if is_new:
                self.put(step, DELETE, before=left)
            else:
                self.put(step, UPDATE, before=left, after=step.before)
        elif stored_at is not None:
            self.put(step, CONFLICT, problem="was changed since")
        elif step.verb == UPDATE:
            self.put(step, CONFLICT, problem="was deleted since")

    def as_left(self, step: Done) -> bytes:
        """Return a row as the plan left it."""
        columns = columns_of(ORDERED[step.kind].model)
        row = orjson.loads(step.after)
        row[columns.place["updated_at"]] = self.applied_at
        return dump(row)

    def put(
        self,
        step: Done,
        verb: int,
        before: bytes | None = None,
        after: bytes | None = None,
        problem: str = "",
    ) -> None:
        if problem:
            problem = f"{ORDERED[step.kind].name} '{step.name}' {problem}"
            self.problems.append(Problem(problem))
        self.staging.put(
            "step",
            (
                *(step.number, verb, *step[2:8]),
                *(step.changed if verb == UPDATE else None, before, after),
                *(None, None, None, problem or None, 0),
            ),
        )

    def index(self) -> None:
        self.staging.flush()
        self.staging.execute("CREATE INDEX step_by_id ON step (id)")

    def keep_what_is_needed(self) -> None:
        """Leave consumers and groups on which something hangs that stays."""
        for number, kind in enumerate(ORDERED):
            for name, reference in kind.refs.items():
                for id_ in self.still_needed(number, kind, name, reference):
                    self.keep(id_, kind)

    def still_needed(
        self, number: int, kind: Kind, name: str, reference: str
    ) -> Iterator[UUID]:
        """Yield ids that are to be deleted though rows of a kind refer to them.

        More rows do than are to be deleted themselves.
        """
        self.staging.execute(f"CREATE INDEX temp_by_owner ON step (kind, {name})")
        sql = "SELECT id FROM step WHERE kind = ? AND verb = ?"
        owners = self.staging.execute(sql, (list(KINDS).index(reference), DELETE))
        for chunk in batched(owners.fetchall(), CHUNK, strict=False):
            going = self.going(number, name, [id_ for (id_,) in chunk])
            ids = [UUID(bytes=id_) for (id_,) in chunk]
            found = kind.model.objects.filter(**{f"{name}_id__in": ids})
            for owner, count in found.values_list(f"{name}_id").annotate(Count("pk")):
                if count > going.get(owner.bytes, 0):
                    yield owner
        self.staging.execute("DROP INDEX temp_by_owner")

    def going(self, number: int, name: str, owners: list[bytes]) -> dict[bytes, int]:
        """Return of each owner how many rows of a kind are to be deleted."""
        places = ", ".join("?" for _ in owners)
        sql = f"SELECT {name}, count(*) FROM step WHERE kind = ? AND verb = ? "  # noqa: S608
        sql += f"AND {name} IN ({places}) GROUP BY {name}"
        return dict(self.staging.execute(sql, (number, DELETE, *owners)).fetchall())

    def keep(self, id_: UUID, kind: Kind) -> None:
        sql = "SELECT number, kind, name, verb FROM step WHERE id = ?"
        number, owner, name, verb = self.staging.execute(sql, (id_.bytes,)).fetchone()
        if verb == CONFLICT:
            return
        text = f"{ORDERED[owner].name} '{name}' still has {kind.words}"
        self.problems.append(Problem(text))
        self.staging.execute(
            "UPDATE step SET verb = ?, problem = ? WHERE number = ?",
            (CONFLICT, text, number),
        )
