"""What a scope holds, staged to be found by id, by what is unique, and as a whole."""

from datetime import datetime
from itertools import batched
from uuid import UUID

from django.utils import timezone

from kongadmin.bulk import pages
from kongadmin.declarative.columns import Columns, as_json, as_time, columns_of, dump
from kongadmin.declarative.kinds import KINDS, Kind
from kongadmin.declarative.prints import Prints
from kongadmin.declarative.progress import Progress, Tell
from kongadmin.declarative.staging import BATCH, Staging
from kongadmin.entities import UUID_TEXT

NUMBERS = {name: number for number, name in enumerate(KINDS)}
ORDERED = list(KINDS.values())
# So many are recognised without a look at the disk; each takes 250 bytes.
MOST_REMEMBERED = 500_000


class Stored:
    """The stored rows of one plan; a sync may delete what has all tags of `select`."""

    def __init__(
        self, staging: Staging, prints: Prints, select: tuple[str, ...]
    ) -> None:
        self.staging, self.prints, self.select = staging, prints, select
        self.held: set[int] = set()
        self.by_whole: dict[bytes, tuple[int, bytes]] = {}
        self.is_all_remembered = True
        self.keyed: set[int] = set()  # whose keys somebody has asked for

    def holds(self, kind: Kind) -> bool:
        """Say whether anything of a kind is stored."""
        return NUMBERS[kind.name] in self.held

    def stage(self, scope, tell: Tell) -> None:
        """Stage everything that the scope holds and a document may declare."""
        last, now = 0, timezone.now()
        for kind in ORDERED:
            for page in pages(kind.model, columns_of(kind.model).names, scope.pk):
                tell(Progress("stored", last))
                self.held.add(NUMBERS[kind.name])
                self.stage_page(kind, page, last + 1, now)
                last += len(page)
        tell(Progress("stored", last, last))
        self.staging.index()
        if not self.is_all_remembered:
            self.staging.execute("CREATE INDEX stored_by_print ON stored (print, id)")
        if self.select:
            self.select_untagged()

    def stage_page(
        self, kind: Kind, page: list[tuple], first: int, now: datetime
    ) -> None:
        """Stage rows of a kind, numbered from `first`."""
        columns, whole = columns_of(kind.model), self.prints.whole
        names = ("expires_at", "consumer_id", "consumer_group_id")
        end, consumer, group = map(columns.place.get, names)
        rows = []
        for number, raw in enumerate(page, first):
            if end and raw[end] and as_time(raw[end]) <= now:
                continue  # it is as if it were gone
            rows.append(
                (
                    *(number, NUMBERS[kind.name], binary(raw[0])),
                    consumer and binary(raw[consumer]),
                    group and binary(raw[group]),
                    not self.select or self.is_selected(kind, raw, columns),
                    *(whole(kind, columns.told_raw(raw)), dump(raw)),
                )
            )
        self.staging.insert("stored", rows)
        self.remember(rows)

    def remember(self, rows: list[tuple]) -> None:
        """Keep in memory what rows are recognised by, as long as they are few."""
        self.is_all_remembered &= len(self.by_whole) + len(rows) <= MOST_REMEMBERED
        if self.is_all_remembered:
            self.by_whole.update((row[6], (row[0], row[2])) for row in rows)

    def is_selected(self, kind: Kind, raw: tuple, columns: Columns) -> bool:
        if not kind.has_tags:
            return False  # as yet: it goes with its owner
        tags = as_json(raw[columns.place["tags"]])
        return set(self.select) <= set(tags or ())

    def select_untagged(self) -> None:
        """Let what has no tags go with its owner."""
        for kind in ORDERED:
            if kind.owner and not kind.has_tags:
                field = kind.owner.removesuffix("s")
                self.staging.execute(
                    f"UPDATE stored SET is_selected = (SELECT o.is_selected "  # noqa: S608
                    f"FROM stored o WHERE o.id = stored.{field}) WHERE kind = ?",
                    (NUMBERS[kind.name],),
                )

    STORED = "SELECT number, id, print, is_selected, row FROM stored"

    def by_id(self, kind: Kind, id_: bytes) -> tuple | None:
        sql = f"{self.STORED} WHERE id = ? AND kind = ?"
        return self.staging.execute(sql, (id_, NUMBERS[kind.name])).fetchone()

    def by_key(self, kind: Kind, key: bytes | None) -> tuple | None:
        if key is None or not self.holds(kind):
            return None
        self.learn_keys(kind)
        which = "(SELECT stored FROM stored_key WHERE key = ?)"
        sql = f"{self.STORED} WHERE number = {which}"
        return self.staging.execute(sql, (key,)).fetchone()

    def learn_keys(self, kind: Kind) -> None:
        """Find out what keys stored rows of a kind have, once somebody asks for one."""
        number = NUMBERS[kind.name]
        if number in self.keyed or number not in self.held:
            return
        self.keyed.add(number)
        in_clear, keys = columns_of(kind.model).in_clear, self.prints.keys
        sql = "SELECT number, row FROM stored WHERE kind = ?"
        for found in batched(self.staging.execute(sql, (number,)), BATCH, strict=False):
            pairs = [
                (key, stored)
                for stored, row in found
                for key in keys(kind, in_clear(row))
                if key is not None
            ]
            self.staging.insert("stored_key", pairs)
        sql = "CREATE INDEX IF NOT EXISTS stored_by_key ON stored_key (key)"
        self.staging.execute(sql)

    def by_print(self, whole: bytes) -> tuple | None:
        found = self.by_whole.get(whole)
        if found or self.is_all_remembered:
            return found
        sql = "SELECT number, id FROM stored WHERE print = ?"
        return self.staging.execute(sql, (whole,)).fetchone()

    def named(self, kind: Kind, name: str, text: str) -> tuple | None:
        """Return what a unique text, or an id, names."""
        if name == "id":
            is_id = UUID_TEXT.fullmatch(text)
            return self.by_id(kind, UUID(text).bytes) if is_id else None
        return self.by_key(kind, self.prints.named(kind, name, text))


def binary(id_: str | None) -> bytes | None:
    return id_ and bytes.fromhex(id_)
