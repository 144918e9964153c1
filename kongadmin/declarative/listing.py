"""A page of a plan's steps, by what is done to which kind; any depth costs the same."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, product
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from groups.models import Membership
from kongadmin import managed
from kongadmin.declarative.choice import CHOICES, Choice, group_of
from kongadmin.declarative.kinds import KINDS
from kongadmin.declarative.models import Import
from kongadmin.declarative.plan import Plan, Step
from kongadmin.declarative.verbs import UNCHANGED, VERBS
from kongadmin.managed import Managed

SIZE = 50
CACHE_KB = 8192  # enough for pages; whoever carries a plan out has more
NUMBERS = {name: number for number, name in enumerate(KINDS)}
MEMBERSHIPS = Membership.schema.name
APART = ("id", "created_at", "updated_at")
SHOWN_VERBS = set(range(len(VERBS))) - {UNCHANGED}
NOTHING = (None, [], {})


def plan_of(record: Import) -> Plan | None:
    """Return the plan of an import; kept open, as long ones take seconds to load."""
    return opened(record.pk, record.finished_at)


@lru_cache(maxsize=2)
def opened(pk: UUID, finished_at) -> Plan | None:
    record = Import.objects.select_related("scope").get(pk=pk)
    if plan := record.plan:
        plan.staging.execute(f"PRAGMA cache_size=-{CACHE_KB}")
    return plan


@dataclass(frozen=True, slots=True)
class Shown:
    """A step as the page shows it; `fields` are (name, before, after), masked.

    `managed` is what will put it right again at once.
    """

    step: Step
    name: str
    is_taken: bool
    can_take: bool
    fields: list[tuple[str, Any, Any]]
    managed: Managed | None


class Listing:
    """The steps that match a filter, a page of them; `is_done`: those carried out.

    Arguments: `kind`, `verb`, `q` (part of a name), and `after` or `before` (a place:
    kind, verb and number of a step).
    """

    arguments = ("kind", "verb", "q", "after", "before")

    def __init__(
        self, plan: Plan, given, kinds: Collection[str], is_done: bool = False
    ) -> None:
        self.plan, self.given, self.is_done = plan, given, is_done
        self.kind = given.get("kind") if given.get("kind") in kinds else ""
        self.verb = given.get("verb") if given.get("verb") in VERBS else ""
        self.text = given.get("q", "").strip()
        self.kinds = [self.kind] if self.kind else list(kinds)
        self.steps: list[Step] = []
        self.has_next = self.has_previous = False
        self.read()

    def read(self) -> None:
        before, after = place_in(self.given, "before"), place_in(self.given, "after")
        found = self.found(before or after, is_backwards=bool(before))
        more, self.steps = len(found) > SIZE, found[:SIZE]
        if before:
            self.steps.reverse()
        self.has_next = bool(before) or more
        self.has_previous = more if before else bool(after)

    def found(self, place: tuple | None, is_backwards: bool) -> list[Step]:
        """Return steps behind a place, group for group: each is one look-up."""
        found: list[Step] = []
        for group in self.groups(place, is_backwards):
            wheres, values = ["kind = ?", "verb = ?", *self.wheres], [*group]
            values += [self.text.lower()] * 2 * bool(self.text)
            if place and place[:2] == group:
                wheres.append(f"number {'<' if is_backwards else '>'} ?")
                values.append(place[2])
            order = "number DESC" if is_backwards else "number"
            left = SIZE + 1 - len(found)
            found += self.plan.select(" AND ".join(wheres), values, left, order)
            if len(found) > SIZE:
                break
        return found

    def groups(
        self, place: tuple | None, is_backwards: bool
    ) -> Iterator[tuple[int, int]]:
        """Yield kinds and verbs that may be shown, from that of the place on."""
        kinds = [NUMBERS[kind] for kind in self.kinds]
        verbs = {VERBS.index(self.verb)} if self.verb else SHOWN_VERBS
        for group in sorted(product(kinds, verbs), reverse=is_backwards):
            is_before = place and (
                group > place[:2] if is_backwards else group < place[:2]
            )
            if not is_before:
                yield group

    @property
    def wheres(self) -> list[str]:
        named = "(instr(lower(name), ?) OR instr(lower(owner), ?))"
        return ["is_done"] * self.is_done + [named] * bool(self.text)

    def query(self, **changed: str) -> str:
        """Return the arguments of another page of the same steps."""
        given = {"kind": self.kind, "verb": self.verb, "q": self.text, **changed}
        return urlencode({name: value for name, value in given.items() if value})

    @property
    def next_query(self) -> str:
        return self.query(after=said_place(self.steps[-1])) if self.steps else ""

    @property
    def previous_query(self) -> str:
        return self.query(before=said_place(self.steps[0])) if self.steps else ""

    @property
    def is_filtered(self) -> bool:
        return bool(self.kind or self.verb or self.text)


def said_place(step: Step) -> str:
    return f"{NUMBERS[step.kind]}.{VERBS.index(step.verb)}.{step.number}"


def place_in(given, name: str) -> tuple[int, ...] | None:
    parts = given.get(name, "").split(".")
    is_place = len(parts) == 3 and all(part.isdecimal() for part in parts)
    return tuple(min(int(part), 1 << 60) for part in parts) if is_place else None


def groups(
    listing: Listing, choice: Choice, writable: Collection[str]
) -> Iterator[tuple[str, str, list[Shown]]]:
    """Yield kind, verb and steps of what stands together on the page."""
    found = managed_of(listing.steps)
    for (kind, verb), steps in groupby(listing.steps, lambda s: (s.kind, s.verb)):
        yield kind, verb, [shown(step, choice, writable, found) for step in steps]


def managed_of(steps: Iterable[Step]) -> dict[int, Managed]:
    """Return by step what manages the row that it changes, and will not let it be."""
    about = {step.number: subject_of(step) for step in steps}
    found = managed.find({id_ for id_ in about.values() if id_})
    return {number: found[id_] for number, id_ in about.items() if id_ in found}


def subject_of(step: Step) -> UUID | None:
    """Return the row that must not be managed; who is in a group is its consumer's."""
    if step.kind == MEMBERSHIPS and step.verb in CHOICES:
        return UUID((step.after or step.before)["consumer"]["id"])
    return step.id if step.verb in ("update", "delete") else None


def shown(
    step: Step,
    choice: Choice,
    writable: Collection[str],
    found: dict[int, Managed],
) -> Shown:
    masked = step.masked()
    return Shown(
        step=masked,
        name=f"{group_of(step)}.{step.number}",
        is_taken=choice.takes(step),
        can_take=step.verb in CHOICES and step.kind in writable,
        fields=list(fields_of(masked)),
        managed=found.get(step.number),
    )


def fields_of(step: Step) -> Iterator[tuple[str, Any, Any]]:
    """Yield what changes, or what there is to be said of what comes or goes."""
    before, after = step.before or {}, step.after or {}
    if step.changed:
        yield from ((name, before.get(name), after.get(name)) for name in step.changed)
        return
    owners = KINDS[step.kind].refs if step.owner else ()
    for name, value in (after or before).items():
        if name not in (*APART, *owners) and value not in NOTHING:
            yield name, before.get(name), after.get(name)


def summary(
    counts: dict[str, dict[str, int]],
    choice: Choice,
    readable: Collection[str],
    writable: Collection[str],
) -> list[dict[str, Any]]:
    """Return a line for every kind: how many of each verb, and how many are taken."""
    return [
        {
            "kind": kind,
            "words": KINDS[kind].words,
            "can_take": kind in writable,
            "cells": [
                cell(choice, kind, verb, counts[kind].get(verb, 0)) for verb in CHOICES
            ],
            "conflicts": counts[kind].get("conflict", 0),
            "unchanged": counts[kind].get("unchanged", 0),
        }
        for kind in counts
        if kind in readable
    ]


def cell(choice: Choice, kind: str, verb: str, count: int) -> dict[str, Any]:
    group = f"{kind}.{verb}"
    taken = choice.count_group(group, count)
    return {
        "group": group,
        "verb": verb,
        "count": count,
        "taken": taken,
        "is_on": group not in choice.off,
        "is_partial": taken != count and group not in choice.off,
    }
