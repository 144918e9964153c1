"""Who holds what a plan wanted, found once the database has refused it."""

from collections.abc import Iterable, Iterator
from itertools import batched, islice

from django.db.models import Q

from kongadmin.declarative.document import Problem
from kongadmin.declarative.kinds import Kind
from kongadmin.entities import Entity

CHUNK = 200
MOST = 20

type Wanted = tuple[Kind, str, Entity]


def find_holders(wanted: Iterable[Wanted], scope) -> list[Problem]:
    """Return why rows cannot be written, for the first of them."""
    chunks = batched(wanted, CHUNK, strict=False)
    problems = (problem for chunk in chunks for problem in problems_in(chunk, scope))
    return list(islice(problems, MOST))


def problems_in(chunk: Iterable[Wanted], scope) -> Iterator[Problem]:
    kinds = {kind.name: kind for kind, _, _ in chunk}
    for kind in kinds.values():
        rows = [(name, entity) for each, name, entity in chunk if each is kind]
        for names in kind.unique:
            yield from held(kind, names, rows, scope)


def held(kind: Kind, names: tuple[str, ...], rows, scope) -> Iterator[Problem]:
    """Yield those of the rows whose unique values other rows have."""
    wanted = {}
    for name, entity in rows:
        values = tuple(getattr(entity, column) for column in names)
        if None not in values:
            wanted[values] = name, entity
    if not wanted:
        return
    either = Q()
    for values in wanted:
        either |= Q(**dict(zip(names, values, strict=True)))
    for holder in kind.model.objects.in_scope(scope).filter(either):
        values = tuple(getattr(holder, column) for column in names)
        name, entity = wanted.get(values, ("", holder))
        if entity.pk != holder.pk:
            text = (
                f"{kind.name} '{name}' is taken by '{holder}' since the plan was made"
            )
            yield Problem(text)
