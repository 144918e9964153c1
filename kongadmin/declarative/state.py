"""What is stored, as the rows that a document would declare it by; read in pieces."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from kongadmin.declarative.document import Ref, Row
from kongadmin.declarative.kinds import CONSUMER_GROUPS, CONSUMERS, KINDS, Kind
from kongadmin.entities import Entity, EntityQuerySet
from kongadmin.keyset import Cursor, Sort, fetch
from kongadmin.tags import TagFilter

CHUNK = 500
# What each kind of owner is listed by: those that have the first, then the others.
SORTS = {CONSUMERS: ("username", "custom_id"), CONSUMER_GROUPS: ("name",)}


def rows(
    scope,
    kinds: Collection[str] | None = None,
    tags: Collection[str] = (),
    ids: Iterable[UUID] | None = None,
) -> Iterator[Row]:
    """Yield what a scope holds, in an order that the names of things decide.

    Consumer groups come by name, each followed by what hangs on it; then consumers, the
    same way; then the plugins of the whole scope. A row has every field in Kong's
    terms; others are referred to by name; secrets are in clear. What expired is gone.

    Only these `kinds`; only what has all the `tags` (what cannot have any goes with its
    owner); only what has one of these `ids`, or hangs on it.
    """
    reading = Reading(scope, kinds, tuple(tags), ids)
    for owner in (CONSUMER_GROUPS, CONSUMERS):
        if owner in KINDS:
            yield from reading.owners(KINDS[owner])
    yield from reading.others()


class Reading:
    """One pass over a scope, and what narrows it."""

    def __init__(self, scope, kinds, tags: tuple[str, ...], ids) -> None:
        self.scope, self.tags = scope, tags
        self.kinds = set(KINDS if kinds is None else kinds)
        self.ids = None if ids is None else {UUID(str(id_)) for id_ in ids}
        self.names: dict[tuple[str, UUID], Ref] = {}

    def narrowed(self, kind: Kind, owner: Collection[UUID] | None = None):
        """Return the live rows of a kind: chosen by themselves, or by their owner."""
        found: EntityQuerySet = kind.model.objects.in_scope(self.scope).live()
        if self.tags and kind.has_tags:
            found = found.tagged(TagFilter(self.tags), self.scope)
        if owner is None and self.ids is not None:
            found = found.filter(pk__in=self.ids)
        return found

    def owners(self, kind: Kind) -> Iterator[Row]:
        """Yield the rows of a kind that others hang on, each followed by those."""
        for entities in self.pages(kind):
            hanging = self.hanging(kind, [entity.pk for entity in entities])
            for entity in entities:
                if kind.name in self.kinds:
                    yield Row(kind.name, entity.to_dict())
                yield from hanging[entity.pk]

    def pages(self, kind: Kind) -> Iterator[list[Entity]]:
        """Yield the entities in pieces, by the names that they are sorted by."""
        first, *others = SORTS[kind.name]
        yield from self.sorted(self.narrowed(kind).exclude(**{first: None}), first)
        for name in others:
            nameless = self.narrowed(kind).filter(**{first: None})
            yield from self.sorted(nameless, name)

    def sorted(self, found: EntityQuerySet, name: str) -> Iterator[list[Entity]]:
        sort, cursor = Sort(name), None
        while page := fetch(found, sort, CHUNK, cursor):
            yield page
            cursor = Cursor.at(page[-1], sort)

    def hanging(self, owner: Kind, ids: list[UUID]) -> dict[UUID, list[Row]]:
        """Return what hangs on each of the owners."""
        by_owner: dict[UUID, list[Row]] = defaultdict(list)
        field = owner.model.schema.name.removesuffix("s")
        for kind in KINDS.values():
            if field not in kind.refs or kind.name not in self.kinds:
                continue
            if kind.owner not in (owner.name, None):
                continue
            found = self.narrowed(kind, ids).filter(**{f"{field}_id__in": ids})
            if kind.owner is None and owner.name == CONSUMER_GROUPS:
                found = found.filter(consumer=None)  # those stand with the consumer
            for row in self.told(kind, list(found)):
                by_owner[row[0]].append(row[1])
        return by_owner

    def told(self, kind: Kind, entities: list[Entity]) -> list[tuple[UUID, Row]]:
        """Return entities in the order of their values, each with its owner's id."""
        self.learn(kind, entities)
        told = [(self.owner_of(kind, e), self.row(kind, e)) for e in entities]
        return sorted(told, key=lambda pair: order_of(kind, pair[1].values))

    def owner_of(self, kind: Kind, entity: Entity) -> UUID | None:
        names = ("consumer", "consumer_group")
        if kind.owner == CONSUMER_GROUPS:
            names = ("consumer_group",)
        found = (getattr(entity, f"{n}_id") for n in names if n in kind.refs)
        return next(filter(None, found), None)

    def row(self, kind: Kind, entity: Entity) -> Row:
        values = entity.to_dict()
        for field, reference in kind.refs.items():
            if target := values.get(field):
                values[field] = self.names[reference, UUID(target["id"])]
        return Row(kind.name, values)

    def learn(self, kind: Kind, entities: list[Entity]) -> None:
        """Ask for the names of what the entities refer to, a query for each kind."""
        self.names = {}
        for field, reference in kind.refs.items():
            wanted = {getattr(entity, f"{field}_id") for entity in entities} - {None}
            names = SORTS[reference]
            found = KINDS[reference].model.objects.filter(pk__in=wanted)
            for pk, *values in found.values_list("pk", *names):
                self.names[reference, pk] = next(
                    Ref(reference, text, name)
                    for name, text in zip(names, values, strict=True)
                    if text is not None
                )

    def others(self) -> Iterator[Row]:
        """Yield what hangs on nothing, and what was chosen without its owner."""
        plugins = KINDS["plugins"]
        if "plugins" in self.kinds:
            whole = {f"{field}_id": None for field in plugins.refs}
            found = self.narrowed(plugins).filter(**whole)
            yield from (row for _, row in self.told(plugins, list(found)))
        if self.ids is not None:
            yield from self.chosen_alone()

    def chosen_alone(self) -> Iterator[Row]:
        """Yield what was chosen by its own id while nothing that it hangs on was."""
        for kind in KINDS.values():
            if kind.refs and kind.name in self.kinds:
                found = [
                    entity
                    for entity in self.narrowed(kind)
                    if (owner := self.owner_of(kind, entity)) not in self.ids
                    and owner is not None
                ]
                yield from (row for _, row in self.told(kind, found))


def order_of(kind: Kind, values: dict[str, Any]) -> list[str]:
    """Return what a row is sorted by among those that hang on the same."""
    named = [values.get(name) for name in (*kind.keys, "instance_name")]
    texts = [value.text if isinstance(value, Ref) else value for value in named]
    return ["" if text is None else str(text) for text in texts]
