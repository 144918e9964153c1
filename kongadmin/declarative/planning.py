"""How a plan comes about: declared rows beside stored ones, one pass over each."""

from itertools import chain
from typing import Any
from uuid import UUID

from django.utils import timezone

from kongadmin.declarative.columns import columns_of, dump
from kongadmin.declarative.document import Document, Head, Problem, Ref, Row
from kongadmin.declarative.judging import (
    differing,
    judge,
    keep_hash,
    loosely,
    problems_of,
    said_of,
)
from kongadmin.declarative.kinds import KINDS, OWNERS, Kind
from kongadmin.declarative.names import Found, Names, named
from kongadmin.declarative.passing import Step, frozen, owner_of, thawed
from kongadmin.declarative.prints import Prints
from kongadmin.declarative.progress import DECLARED, Tell, counted
from kongadmin.declarative.settling import settle
from kongadmin.declarative.shortcuts import shortcut_of
from kongadmin.declarative.staging import BATCH, Staging
from kongadmin.declarative.stored import Stored
from kongadmin.declarative.verbs import CONFLICT, CREATE, UNCHANGED, UPDATE, Mode
from kongadmin.entities import UUID_TEXT, Violation

NUMBERS = {name: number for number, name in enumerate(KINDS)}
ORDERED = list(KINDS.values())
NOWHERE = (None, None)


class Unresolved(Exception):
    """A reference to what no row so far declares."""

    def __init__(self, field: str, ref: Ref) -> None:
        self.field, self.ref = field, ref
        super().__init__(field)


class Planner:
    """Takes stored rows, then declared ones, then settles what becomes of them."""

    def __init__(self, scope, mode: Mode, tell: Tell) -> None:
        self.scope, self.mode, self.tell = scope, mode, tell
        self.scope_id, self.now = scope.pk, timezone.now()
        self.staging = Staging.new()
        self.prints, self.names = Prints(), Names(self.staging)
        self.head = Head()
        self.select: tuple[str, ...] = ()
        self.problems: list[Problem] = []
        self.explicit: set[str] = set()  # the kinds of which some row says its id
        self.last = 0

    def make(self, document: Document | None) -> Staging:
        """Return the staging of a whole plan."""
        rows = iter(document.rows) if document else iter(())
        first = next(rows, None)  # by then the head says how to read on
        if document:
            self.head, self.select = document.head, tuple(document.head.select_tags)
        self.stored = Stored(self.staging, self.prints, self.select)
        self.stored.stage(self.scope, self.tell)
        if self.mode is not Mode.RESET:
            self.take_declared(first, rows)
        settle(self)
        return self.staging

    # What is declared

    def take_declared(self, first: Row | None, rows) -> None:
        said = (tuple(self.head.select_tags), self.head.is_hashed)
        if first is not None:
            for row in counted(chain([first], rows), self.tell, DECLARED):
                self.last += 1
                self.take(self.last, row)
        if said != (tuple(self.head.select_tags), self.head.is_hashed):
            text = "_info and _transform must stand before what they are about"
            self.report(Problem(text))
        self.staging.flush()
        self.staging.execute("CREATE INDEX step_by_stored ON step (stored)")
        self.take_deferred()
        self.staging.flush()

    def take_deferred(self) -> None:
        """Take what referred to later rows, piece by piece: it may be very much."""
        sql = (
            "SELECT number, row FROM deferred WHERE number > ? ORDER BY number LIMIT ?"
        )
        last = 0
        while found := self.staging.execute(sql, (last, BATCH)).fetchall():
            for last, row in found:
                self.take(last, thawed(row), is_last=True)

    def take(self, number: int, row: Row, is_last: bool = False) -> None:
        """Decide what becomes of a declared row; later, if it refers to a later one."""
        kind = KINDS.get(row.kind)
        if kind is None:
            self.report(Problem(f"{row.kind} cannot be declared here", row.place))
            return
        try:
            values, refs = self.resolved(kind, row, is_last)
        except Unresolved as pending:
            if is_last:
                self.refuse_reference(number, kind, row, pending)
            else:
                self.staging.put("deferred", (number, frozen(row)))
            return
        self.decide(number, kind, row, values, refs)

    def resolved(
        self, kind: Kind, row: Row, is_last: bool
    ) -> tuple[dict[str, Any], dict[str, Found]]:
        """Return values with ids for references, and what those mean."""
        values, refs = row.values.copy(), {}
        for field, value in row.values.items():
            if isinstance(value, Ref):
                found = self.find(value, is_last) if field in kind.refs else None
                if found is None:
                    raise Unresolved(field, value)
                values[field], refs[field] = found.value, found
        if self.select and kind.has_tags and type(values.get("tags") or []) is list:
            values["tags"] = [*(values.get("tags") or ()), *self.select]
        return values, refs

    def find(self, ref: Ref, is_last: bool) -> Found | None:
        """Return what a reference means, None if that is unknown."""
        found = self.names.find(ref)
        return found or (self.find_stored(ref) if is_last else None)

    def find_stored(self, ref: Ref) -> Found | None:
        """Return what a reference means of what is stored and will stay."""
        kind = KINDS[ref.kind]
        for name in named(ref):
            stored = self.stored.named(kind, name, ref.text)
            if stored and not self.is_doomed(kind, stored):
                columns = columns_of(kind.model)
                return Found.of(
                    UUID(bytes=stored[1]), str(columns.entity(columns.load(stored[4])))
                )
        return None

    def is_doomed(self, kind: Kind, stored: tuple) -> bool:
        """Say whether a sync deletes what is stored, as no row means it."""
        if self.head.kinds is not None and kind.name not in self.head.kinds:
            return False
        sql = "SELECT 1 FROM step WHERE stored = ?"
        is_meant = self.staging.execute(sql, (stored[0],)).fetchone()
        return self.mode is Mode.SYNC and bool(stored[3]) and not is_meant

    # What becomes of it

    def decide(self, number: int, kind: Kind, row: Row, values, refs) -> None:
        if self.is_as_stored(number, kind, row, values, refs):
            return
        step, problem = Step(number, kind, row, refs), ""
        try:
            step.entity = judge(kind, values, refs, self.head.is_hashed)
        except Violation as violation:
            problem = self.report(*problems_of(row, violation.fields))
            step.entity = loosely(kind, values)
        keys = self.match(step, values)
        if not problem and self.is_out_of_reach(step, values):
            tags = ", ".join(self.select)
            text = f"{said_of(row)} is stored already, but without the tags {tags}"
            problem = self.report(Problem(text, row.place))
        if step.stored:
            step.entity.id = UUID(bytes=step.stored[1])
        elif values.get("id") and not problem:
            self.explicit.add(kind.name)
        if kind.name in OWNERS:
            has_id = step.stored is not None or values.get("id") is not None
            known = step.entity.__dict__
            self.names.learn(kind, step.entity.id, known, has_id)
        if problem:
            self.put(step, CONFLICT, problem=problem)
        else:
            self.put_decided(step, keys)

    def is_as_stored(self, number: int, kind: Kind, row: Row, values, refs) -> bool:
        """Stage a row that says just what is stored; say whether it does."""
        if not self.stored.holds(kind):
            return False
        told = shortcut_of(kind.name).told(values, self.head.is_hashed)
        try:
            stored = told and self.stored.by_print(self.prints.whole(kind, told))
        except TypeError:
            return False
        if not stored:
            return False
        which, id_ = stored
        asked = values.get("id")
        if asked is not None and asked != str(UUID(bytes=id_)):
            return False
        if kind.name in OWNERS:
            self.names.learn(kind, UUID(bytes=id_), values, is_known=True)
        owner = owner_of(refs)
        place = (row.place or NOWHERE)[:2]
        step = number, UNCHANGED, NUMBERS[kind.name], id_, owner, which, *place
        self.staging.put("unchanged", step)
        return True

    def is_out_of_reach(self, step: Step, values: dict[str, Any]) -> bool:
        """Say whether what is meant belongs to others, as it lacks the select tags.

        Unless the row says by its id that it means just that.
        """
        is_theirs = step.stored and step.kind.has_tags and not step.stored[3]
        return bool(is_theirs and values.get("id") is None)

    def match(self, step: Step, values: dict[str, Any]) -> list[bytes | None]:
        """Find the stored row that is meant; return the keys that the row claims."""
        kind, entity = step.kind, step.entity
        keys = self.prints.keys(kind, entity.__dict__)
        self.stored.learn_keys(kind)  # of which one may have what is claimed here
        id_ = values.get("id")
        if isinstance(id_, str) and UUID_TEXT.fullmatch(id_):
            entity.id = UUID(id_)
            step.stored = self.stored.by_id(kind, entity.id.bytes)
        elif self.stored.holds(kind):
            key = next((keys[n] for n in kind.matching if keys[n]), None)
            step.stored = self.stored.by_key(kind, key)
        return keys

    def put_decided(self, step: Step, keys: list) -> None:
        columns = columns_of(step.kind.model)
        stored = step.stored
        try:
            if stored is None:
                self.be_new(step)
                after = dump(columns.stored(step.entity))
                self.put(step, CREATE, after=after, keys=keys)
                return
            if lacking := self.lacking(step):
                before = columns.entity(columns.load(stored[4]))
                for name in lacking:
                    setattr(step.entity, name, getattr(before, name))
            if self.prints.whole(step.kind, columns.told(step.entity)) == stored[2]:
                self.put(step, UNCHANGED)
            else:
                self.put_compared(step, keys)
        except (TypeError, UnicodeError):
            text = f"{said_of(step.row)} holds what cannot be stored"
            problem = self.report(Problem(text, step.row.place))
            self.put(step, CONFLICT, problem=problem)

    def be_new(self, step: Step) -> None:
        """Let an entity be one of the scope's from now on, if it says no other time."""
        state = step.entity.__dict__  # in which to write is quicker than through fields
        state["scope_id"] = self.scope_id
        if step.row.values.get("created_at") is None:
            state["created_at"] = self.now

    def lacking(self, step: Step) -> list[str]:
        """Return the fields that were made up though something is stored."""
        values = step.row.values
        return [name for name in step.kind.auto if values.get(name) is None]

    def put_compared(self, step: Step, keys: list) -> None:
        columns, stored = columns_of(step.kind.model), step.stored
        before = columns.entity(columns.load(stored[4]))
        entity = step.entity
        entity.scope_id, entity.created_at = self.scope_id, before.created_at
        keep_hash(entity, before, step.row.values)
        changed = differing(step.kind, before, entity)
        if not changed:
            self.put(step, UNCHANGED)
            return
        after = dump(columns.stored(entity))
        self.put(step, UPDATE, changed, stored[4], after, keys=keys)

    def put(
        self,
        step: Step,
        verb: int,
        changed: tuple[str, ...] = (),
        before: bytes | None = None,
        after: bytes | None = None,
        problem: str = "",
        keys: list | tuple = (),
    ) -> None:
        kind, state = NUMBERS[step.kind.name], step.entity.__dict__
        id_, place = state["id"].bytes, (step.row.place or NOWHERE)[:2]
        consumer, group = state.get("consumer_id"), state.get("consumer_group_id")
        self.staging.put(
            "step",
            (
                *(step.number, verb, kind, id_),
                *(consumer and consumer.bytes, group and group.bytes),
                *(step.name, owner_of(step.refs), ",".join(changed) or None),
                *(before, after),
                *(step.stored and step.stored[0], *place, problem or None, 0),
            ),
        )
        for key in keys:
            if key is not None:
                self.staging.put("claim", (key, step.number))
        if verb == CREATE and step.kind.name in self.explicit:
            key = self.prints.short(bytes((kind,)) + id_)
            self.staging.put("claim", (key, step.number))

    def refuse_reference(self, number: int, kind: Kind, row: Row, pending) -> None:
        ref = pending.ref
        text = f"{said_of(row)}: {pending.field}: there is no '{ref.text}'"
        if ref.kind in KINDS:
            text += f" among the {KINDS[ref.kind].words}, declared or stored"
        problem = self.report(Problem(text, row.place))
        values = {n: v for n, v in row.values.items() if not isinstance(v, Ref)}
        step = Step(number, kind, row, {})
        step.entity = loosely(kind, values)
        self.put(step, CONFLICT, problem=problem)

    def report(self, *problems: Problem) -> str:
        """Keep problems; return what they say together."""
        self.problems += problems
        return "; ".join(problem.text for problem in problems)
