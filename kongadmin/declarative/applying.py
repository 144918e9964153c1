"""Carrying out a plan: everything that was taken of it, in one transaction, or nothing.

A plan may be old. Whatever it would change or delete must still be as it was when the
plan was made, and what it creates must still be free.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import batched
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from kongadmin.bulk import delete_rows, insert_rows, take_stock, update_rows
from kongadmin.declarative import belongings
from kongadmin.declarative.columns import Columns, columns_of
from kongadmin.declarative.document import Problem
from kongadmin.declarative.holders import find_holders
from kongadmin.declarative.kinds import KINDS, Kind
from kongadmin.declarative.plan import Plan
from kongadmin.declarative.progress import Progress, Tell, silent
from kongadmin.declarative.recording import write_log
from kongadmin.declarative.verbs import CONFLICT, CREATE, DELETE, UPDATE, VERBS
from kongadmin.entities import Entity
from kongadmin.tags import Tag

ORDERED = list(KINDS.values())
CHUNK = 5000
MOST_NAMED = 20
# From so many rows on the database had better look what there is.
MANY = 10_000
TAKEN = """
    DROP TABLE IF EXISTS temp.taken;
    CREATE TEMP TABLE taken (
        kind INTEGER, verb INTEGER, number INTEGER, PRIMARY KEY (kind, verb, number)
    ) WITHOUT ROWID
"""
TAKE = "INSERT OR IGNORE INTO taken SELECT kind, verb, number FROM step"
REFERENCES = {"consumer_id", "consumer_group_id"}
TAG = ("scope_id", "entity_type", "tag", "entity_id")


class Refused(Exception):
    """A plan that cannot be carried out; nothing was written. `problems` says why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Report:
    """What was written: how many rows, by kind and verb."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def totals(self) -> dict[str, int]:
        totals = {VERBS[verb]: 0 for verb in (CREATE, UPDATE, DELETE)}
        for counts in self.counts.values():
            for verb, count in counts.items():
                totals[verb] += count
        return totals


def apply(
    plan: Plan, taken: Collection[int] | None = None, progress: Tell | None = None
) -> Report:
    """Carry out a plan, or the steps of it whose numbers are `taken`.

    Raises Refused, with nothing written, where a row is bad or something has changed
    since the plan was made; and whatever `progress` raises.
    """
    applying = Applying(plan, progress or silent)
    applying.choose(taken)
    try:
        with transaction.atomic():
            applying.run()
    except IntegrityError as error:
        if problems := find_holders(applying.rows(CREATE, UPDATE), plan.scope):
            raise Refused(problems) from error
        raise
    applying.remember()
    if applying.done >= MANY:
        transaction.on_commit(take_stock, robust=True)
    return applying.report


class Applying:
    """One attempt to carry out a plan."""

    def __init__(self, plan: Plan, tell: Tell) -> None:
        self.plan, self.tell = plan, tell
        self.staging, self.scope = plan.staging, plan.scope
        self.report, self.done = Report(), 0
        self.now: datetime = timezone.now()

    # What is taken

    def choose(self, taken: Collection[int] | None) -> None:
        """Mark the steps that are to be carried out; Refused if one cannot be."""
        if taken is None and self.plan.problems:
            raise Refused(self.plan.problems)
        self.staging.script(TAKEN)
        if taken is None:
            self.staging.execute(f"{TAKE} WHERE verb IN (0, 1, 2)")
            return
        for chunk in batched(set(taken), 500, strict=False):
            places = ", ".join("?" for _ in chunk)
            self.staging.execute(f"{TAKE} WHERE number IN ({places})", chunk)
        bad = self.query("problem", "taken.verb = ?", CONFLICT).fetchall()
        if bad:
            raise Refused(Problem(text) for (text,) in bad)

    def query(self, columns: str, where: str, *values, order: str = "step.number"):
        sql = f"SELECT {columns} FROM taken JOIN step USING (number) "  # noqa: S608
        return self.staging.execute(f"{sql} WHERE {where} ORDER BY {order}", values)

    @cached_property
    def total(self) -> int:
        sql = "SELECT count(*) FROM taken WHERE verb IN (0, 1, 2)"
        return self.staging.execute(sql).fetchone()[0]

    def parts(self, *verbs: int) -> Iterator[tuple[Kind, int, list[tuple]]]:
        """Yield the taken steps by kind and verb: pieces of id, before, after, name."""
        for kind in ORDERED:
            for verb in verbs:
                for chunk in self.parts_of(kind, verb):
                    yield kind, verb, chunk

    def parts_of(self, kind: Kind, verb: int) -> Iterator[list[tuple]]:
        columns = "id, before, after, name"
        where = "taken.kind = ? AND taken.verb = ?"
        found = self.query(
            columns, where, ORDERED.index(kind), verb, order="taken.number"
        )
        while chunk := found.fetchmany(CHUNK):
            yield chunk

    def rows(self, *verbs: int) -> Iterator[tuple[Kind, str, Entity]]:
        """Yield the entities that steps of these verbs make, with their names."""
        for kind, _, chunk in self.parts(*verbs):
            columns = columns_of(kind.model)
            for _, _, after, name in chunk:
                yield kind, name, columns.entity(columns.load(after))

    # What is done

    def run(self) -> None:
        lock(self.scope)
        self.make_room()
        self.recheck()
        self.delete()
        self.park()
        self.update()
        self.create()
        self.refuse_loose_ends()
        write_log(self)

    def make_room(self) -> None:
        """Delete what has expired: it may be in the way, and counts no more."""
        for kind in ORDERED:
            if kind.model.schema.ttl:
                rows = kind.model.objects.in_scope(self.scope)
                gone = rows.filter(expires_at__lte=self.now)
                if ids := list(gone.values_list("pk", flat=True)):
                    delete_rows(Tag, ids, "entity_id")
                    delete_rows(kind.model, ids)

    def recheck(self) -> None:
        """Lock what will be changed or deleted; Refused if it is no longer the same."""
        changed: list[Problem] = []
        for kind, _, chunk in self.parts(UPDATE, DELETE):
            place = columns_of(kind.model).place["updated_at"]
            load = columns_of(kind.model).load
            ids = [UUID(bytes=row[0]) for row in chunk]
            found = kind.model.objects.filter(pk__in=ids)
            locked = found.select_for_update(of=("self",))
            times = dict(locked.values_list("pk", "updated_at"))
            for id_, (_, before, _, name) in zip(ids, chunk, strict=True):
                if times.get(id_) != load(before)[place]:
                    what = "was changed" if id_ in times else "was deleted"
                    text = f"{kind.name} '{name}' {what} since the plan was made"
                    changed.append(Problem(text))
        if changed:
            raise Refused(changed)

    def delete(self) -> None:
        """Delete rows with what hangs on them and cannot be declared."""
        for kind, verb, chunk in self.parts(DELETE):
            ids = [UUID(bytes=row[0]) for row in chunk]
            belongings.take(self.staging, kind.model, ids)
            if kind.has_tags:
                delete_rows(Tag, ids, "entity_id")
            delete_rows(kind.model, ids)
            self.count(kind, verb, len(chunk))

    def park(self) -> None:
        """Give up unique values that are about to change: two rows may swap them."""
        for kind in ORDERED:
            columns = columns_of(kind.model)
            names = {n for names in kind.unique for n in names} - REFERENCES
            places = [columns.place[name] for name in sorted(names)]
            for chunk in self.parts_of(kind, UPDATE) if names else ():
                rows = [
                    (old[0], *(parked(old[0], old[p], new[p]) for p in places))
                    for _, before, after, _ in chunk
                    for old, new in [(columns.load(before), columns.load(after))]
                    if any(old[p] != new[p] for p in places)
                ]
                if rows:
                    update_rows(kind.model, ("id", *sorted(names)), rows)

    def update(self) -> None:
        for kind, verb, chunk in self.parts(UPDATE):
            columns = columns_of(kind.model)
            rows = [self.touched(columns, columns.load(row[2])) for row in chunk]
            update_rows(kind.model, columns.names, rows)
            if kind.has_tags:
                delete_rows(Tag, [row[0] for row in rows], "entity_id")
                self.tag(kind, rows)
            self.count(kind, verb, len(chunk))

    def create(self) -> None:
        for kind, verb, chunk in self.parts(CREATE):
            columns = columns_of(kind.model)
            rows = [self.touched(columns, columns.ready(row[2])) for row in chunk]
            insert_rows(kind.model, columns.names, rows)
            belongings.give_back(self.staging, kind.model, [row[0] for row in chunk])
            if kind.has_tags:
                self.tag(kind, rows)
            self.count(kind, verb, len(chunk))

    def touched(self, columns: Columns, row: list) -> list:
        """Return a row as it is stored now: everything of one plan at the same time."""
        row[columns.place["updated_at"]] = self.now
        return row

    def tag(self, kind: Kind, rows: list[list]) -> None:
        place = columns_of(kind.model).place["tags"]
        tags = [
            (self.scope.pk, kind.name, tag, row[0])
            for row in rows
            for tag in row[place] or ()
        ]
        if tags:
            insert_rows(Tag, TAG, tags)

    def count(self, kind: Kind, verb: int, number: int) -> None:
        counts = self.report.counts.setdefault(kind.name, {})
        counts[VERBS[verb]] = counts.get(VERBS[verb], 0) + number
        self.done += number
        self.tell(Progress("write", self.done, self.total))

    # What must hold in the end

    def refuse_loose_ends(self) -> None:
        """Refuse to leave a row without what it hangs on."""
        problems: list[Problem] = []
        for kind in ORDERED:
            for name, reference in kind.refs.items():
                problems += self.orphans(kind, f"{name}_id", KINDS[reference])
                problems += self.ownerless(kind, name, KINDS[reference])
        if problems:
            raise Refused(problems)

    def orphans(self, kind: Kind, column: str, owner: Kind) -> Iterator[Problem]:
        """Find what hangs on deleted rows and is not deleted itself."""
        for chunk in self.parts_of(owner, DELETE):
            names = {UUID(bytes=id_): name for id_, _, _, name in chunk}
            left = kind.model.objects.filter(**{f"{column}__in": list(names)})
            for gone in left.values_list(column, flat=True)[:MOST_NAMED]:
                text = f"{owner.name} '{names[gone]}' still has {kind.words}"
                yield Problem(text)

    def ownerless(self, kind: Kind, name: str, owner: Kind) -> Iterator[Problem]:
        """Find what was written and hangs on a row that there is not."""
        wanted = self.query(
            f"{name}, min(step.name)",
            f"taken.kind = ? AND taken.verb IN (0, 1) AND {name} IS NOT NULL "  # noqa: S608
            f"AND {name} NOT IN (SELECT id FROM taken JOIN step USING (number) "
            f"WHERE taken.kind = ? AND taken.verb = 0) GROUP BY {name}",
            ORDERED.index(kind),
            ORDERED.index(owner),
            order="2",
        ).fetchall()
        for chunk in batched(wanted, CHUNK, strict=False):
            names = {UUID(bytes=id_): said for id_, said in chunk}
            there = owner.model.objects.in_scope(self.scope).filter(pk__in=list(names))
            for gone in names.keys() - set(there.values_list("pk", flat=True)):
                text = f"{kind.name} '{names[gone]}' lacks its {name.replace('_', ' ')}"
                yield Problem(text)

    def remember(self) -> None:
        """Note in the plan what was carried out, so that it can be undone."""
        self.staging.execute(
            "UPDATE step SET is_done = 1 WHERE verb IN (0, 1, 2) "
            "AND number IN (SELECT number FROM taken)"
        )
        self.staging.remember("applied_at", self.now.isoformat())


def parked(id_: UUID, before, after):
    """Return what stands for a unique value while others take it."""
    if before is None or before == after:
        return before
    return id_.bytes if isinstance(before, bytes) else str(id_)


def lock(scope) -> None:
    """Let one plan at a time be carried out in a scope.

    SQLite has one writer anyway. On PostgreSQL the index of searches may wait for more
    before it is put in order.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            key = int.from_bytes(scope.pk.bytes[-8:], signed=True)
            cursor.execute("SET LOCAL gin_pending_list_limit = '64MB'")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
