"""What somebody chose to take of a plan: whole groups, and single steps otherwise.

A group is what is done to one kind, such as "consumers.delete". However many steps a
plan has, the choice stays as short as the person's clicks.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Self

from kongadmin.declarative.kinds import KINDS
from kongadmin.declarative.models import Import
from kongadmin.declarative.plan import Plan, Step
from kongadmin.declarative.verbs import CREATE, DELETE, VERBS, WRITES

NUMBERS = {name: number for number, name in enumerate(KINDS)}
CHOICES = [VERBS[verb] for verb in WRITES]
PART = "choice"
OWNERS = ("consumer", "consumer_group")
# What would hang on a row that is not created, and what something kept hangs on.
ORPHANS = """
    DELETE FROM temp.chosen WHERE number IN (
        SELECT step.number FROM step JOIN step AS owner ON owner.id = step.{owner}
        WHERE owner.verb = ? AND owner.number NOT IN (SELECT number FROM temp.chosen))
"""
HOLDERS = """
    DELETE FROM temp.chosen WHERE number IN (
        SELECT owner.number FROM step JOIN step AS owner ON owner.id = step.{owner}
        WHERE owner.verb = ? AND step.verb = owner.verb
          AND step.number NOT IN (SELECT number FROM temp.chosen))
"""


def group_of(step: Step) -> str:
    return f"{step.kind}.{step.verb}"


@dataclass(slots=True)
class Choice:
    """`off` are groups that are left out; `others` single steps that go otherwise."""

    off: set[str] = field(default_factory=set)
    others: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Import) -> Self:
        """Return what was chosen so far; at first that is everything."""
        text = b"".join(record.pieces(PART))
        if not text:
            return cls()
        off, others = json.loads(text)
        return cls(set(off), {group: set(each) for group, each in others.items()})

    def keep(self, record: Import) -> None:
        others = {group: sorted(each) for group, each in self.others.items() if each}
        record.keep(PART, [json.dumps([sorted(self.off), others]).encode()])

    def takes(self, step: Step) -> bool:
        group = group_of(step)
        return (group not in self.off) != (step.number in self.others.get(group, ()))

    def switch(self, group: str, is_on: bool) -> None:
        """Take a whole group, or leave it out."""
        (self.off.discard if is_on else self.off.add)(group)
        self.others.pop(group, None)

    def tick(self, group: str, number: int, is_on: bool) -> None:
        others = self.others.setdefault(group, set())
        is_other = is_on != (group not in self.off)
        (others.add if is_other else others.discard)(number)

    def count(self, counts: dict[str, dict[str, int]], kinds: Collection[str]) -> int:
        """Return how many steps of these kinds are taken; `counts` as a plan's are."""
        return sum(
            self.count_group(f"{kind}.{verb}", counts[kind].get(verb, 0))
            for kind in counts
            for verb in CHOICES
            if kind in kinds
        )

    def count_group(self, group: str, count: int) -> int:
        others = len(self.others.get(group, ()))
        return others if group in self.off else count - others

    def taken(self, plan: Plan, kinds: Collection[str]) -> list[int]:
        """Return the numbers of what is taken, of these kinds.

        What hangs on a row that is not taken is left out with it.
        """
        plan.staging.execute("CREATE TEMP TABLE chosen (number INTEGER PRIMARY KEY)")
        for kind in kinds:
            for verb in WRITES:
                self.put_group(plan, NUMBERS[kind], verb, f"{kind}.{VERBS[verb]}")
        for sql, verb in ((ORPHANS, CREATE), (HOLDERS, DELETE)):
            for owner in OWNERS:
                plan.staging.execute(sql.format(owner=owner), [verb])
        rows = plan.staging.execute("SELECT number FROM temp.chosen ORDER BY number")
        taken = [number for (number,) in rows]
        plan.staging.execute("DROP TABLE temp.chosen")
        return taken

    def put_group(self, plan: Plan, kind: int, verb: int, group: str) -> None:
        others = [(number,) for number in self.others.get(group, ())]
        database = plan.staging.database
        if group in self.off:
            sql = "INSERT OR IGNORE INTO temp.chosen VALUES (?)"
        else:
            plan.staging.execute(
                "INSERT INTO temp.chosen SELECT number FROM step "
                "WHERE kind = ? AND verb = ?",
                (kind, verb),
            )
            sql = "DELETE FROM temp.chosen WHERE number = ?"
        database.executemany(sql, others)


def update(choice: Choice, shown: Iterable[str], ticked: Collection[str]) -> bool:
    """Follow the ticks of a page; say whether a whole group was switched.

    `shown` are the names of all boxes on the page, "consumers.create" for a group and
    "consumers.create.17" for a step in it; `ticked` those that are ticked.
    """
    switched: set[str] = set()
    steps = []
    for name in shown:
        kind, verb, number = [*name.split("."), "", ""][:3]
        if kind not in KINDS or verb not in CHOICES:
            continue
        group = f"{kind}.{verb}"
        if number.isdigit():
            steps.append((group, int(number), name in ticked))
        elif (name in ticked) != (group not in choice.off):
            choice.switch(group, name in ticked)
            switched.add(group)
    for group, number, is_on in steps:
        if group not in switched:
            choice.tick(group, number, is_on)
    return bool(switched)
