"""What is not for people to change by hand, because another tool says what it is.

A dialect in which things are declared registers a finder; pages mark what they show,
and refuse to change what is marked.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

# How the tags begin that say of which object of Kubernetes an entity is made.
ORIGIN = "k8s-"


@dataclass(frozen=True, slots=True)
class Managed:
    """What an entity is managed by, and the commands that change and delete it.

    Tags that begin with `tags` only say so once more.
    """

    label: str
    edit: str
    delete: str
    tags: str


Finder = Callable[[Collection[UUID]], dict[UUID, Managed]]
finders: list[Finder] = []


class ManagedElsewhere(Exception):
    """That somebody wanted to change by hand what is managed."""

    def __init__(self, entity) -> None:
        self.entity, self.managed = entity, entity.managed


def origin(tags: Iterable[str] | None) -> dict[str, str]:
    """Return of which object an entity is made, as its tags say; {} if of none."""
    own = (tag.removeprefix(ORIGIN) for tag in tags or () if tag.startswith(ORIGIN))
    return {name: value for name, _, value in (tag.partition(":") for tag in own)}


def without_origin(tags: Iterable[str] | None) -> list[str]:
    """Return the tags but those that every object's entity gets anyway."""
    return [tag for tag in tags or () if not tag.startswith(ORIGIN)]


def find(ids: Collection[UUID]) -> dict[UUID, Managed]:
    """Return by id what manages those entities that are managed; at most a query."""
    found: dict[UUID, Managed] = {}
    for each in finders if ids else ():
        found |= each(ids)
    return found


def mark(entities: Iterable) -> None:
    """Give each entity `managed`, or None; at most a query for all of them."""
    entities = list(entities)
    found = find({entity.pk for entity in entities})
    for entity in entities:
        entity.managed = found.get(entity.pk)


def refuse(*entities) -> None:
    """Raise ManagedElsewhere if any of the entities is not for people to change."""
    mark(entities)
    for entity in entities:
        if entity.managed:
            raise ManagedElsewhere(entity)
