"""The kinds that are served, from resources.yaml: what all other modules read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kongadmin.schema import read_file

HERE = Path(__file__).parent
type Right = tuple[str, str]  # a verb of ours, and the entity type it is about


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: `type` is Kubernetes', `condition` or `count`."""

    name: str
    type: str
    path: str
    description: str = ""


SHORTHANDS = {
    "age": Column("Age", "date", "metadata.creationTimestamp", "Age"),
    "programmed": Column(
        "Programmed",
        "condition",
        "Programmed",
        "The Resource is Programmed on Konnect.",
    ),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind in one version, as clients see it.

    `stored` is the plural that its objects are kept under: an alias has another's.
    """

    group: str
    version: str
    name: str
    plural: str
    stored: str
    schema: str
    short: tuple[str, ...]
    categories: tuple[str, ...]
    columns: tuple[Column, ...]
    reads: Right
    writes: Right
    refers: dict[str, str] = field(hash=False, default_factory=dict)
    is_namespaced: bool = True
    has_generation: bool = True
    has_status: bool = True

    @property
    def singular(self) -> str:
        return self.name.lower()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The plural as error messages name it: kongconsumers.configuration…"""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def is_programmed(self) -> bool:
        """Say whether its objects become something of ours, which conditions tell."""
        return SHORTHANDS["programmed"] in self.columns

    @property
    def is_custom(self) -> bool:
        """Say whether a cluster would have it from a CRD, which differs a little."""
        return bool(self.group)


def column(given: Any) -> Column:
    return SHORTHANDS[given] if isinstance(given, str) else Column(*given)


def read(group_version: str, row: dict) -> Kind:
    """Return the kind that a row of resources.yaml describes."""
    group, _, version = group_version.rpartition("/")
    row = dict(row)
    return Kind(
        group=group,
        version=version,
        name=row.pop("kind"),
        stored=row.pop("stored", row["plural"]),
        short=tuple(row.pop("short", ())),
        categories=tuple(row.pop("categories", ())),
        columns=tuple(map(column, row.pop("columns"))),
        reads=tuple(row.pop("reads")),
        writes=tuple(row.pop("writes")),
        **row,
    )


def read_all() -> Iterator[Kind]:
    table = read_file(HERE / "resources.yaml")
    for group_version, rows in table.items():
        for row in rows:
            yield read(group_version, row)


KINDS: tuple[Kind, ...] = tuple(read_all())
# What a path names, and what apiVersion and kind of a manifest name.
BY_PATH = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}
BY_NAME = {(kind.api_version, kind.name): kind for kind in KINDS}
# In which version objects are stored: the preferred one of their plural.
BY_STORAGE: dict[tuple[str, str], Kind] = {}
for kind in KINDS:
    if kind.plural == kind.stored:
        BY_STORAGE.setdefault((kind.group, kind.stored), kind)


def find(api_version: str, name: str) -> Kind | None:
    """Return the kind of a manifest, None if it is not served."""
    return BY_NAME.get((api_version, name))


def stored_as(plural: str) -> Kind:
    """Return the kind that the objects of a plural are stored as."""
    (found,) = {BY_STORAGE[k.group, k.stored] for k in KINDS if k.plural == plural}
    return found


def group_versions() -> dict[str, list[Kind]]:
    """Return the kinds by apiVersion, in the order of the table."""
    found: dict[str, list[Kind]] = {}
    for kind in KINDS:
        found.setdefault(kind.api_version, []).append(kind)
    return found
