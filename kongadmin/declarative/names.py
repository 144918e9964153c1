"""What the rows of a document may refer to, by whatever names it."""

from typing import NamedTuple
from uuid import UUID

from kongadmin.declarative.document import Ref
from kongadmin.declarative.kinds import CONSUMER_GROUPS, CONSUMERS, Kind
from kongadmin.declarative.staging import Staging
from kongadmin.entities import UUID_TEXT

# By what a reference may name its target, the surest first.
NAMES = {CONSUMERS: ("id", "username", "custom_id"), CONSUMER_GROUPS: ("id", "name")}
MOST_REMEMBERED = 20_000


class Found(NamedTuple):
    """What a reference means: its id, what it is called, and Kong's way to say it."""

    id: UUID
    name: str
    value: dict[str, str]

    @classmethod
    def of(cls, id_: UUID, name: str) -> "Found":
        return cls(id_, name, {"id": str(id_)})


class Names:
    """Remembers declared consumers and groups; the latest of them in memory."""

    def __init__(self, staging: Staging) -> None:
        self.staging = staging
        self.has_more = self.is_indexed = False
        self.latest: dict[tuple[str, str, str], Found] = {}

    def learn(self, kind: Kind, id_: UUID, values: dict, is_known: bool) -> None:
        """Remember a row; by its id only if somebody can know that already."""
        texts = [(name, values.get(name)) for name in NAMES[kind.name][1:]]
        said = next((text for _, text in texts if text), str(id_))
        found = Found.of(id_, said)
        if is_known:
            texts.append(("id", str(id_)))
        for name, text in texts:
            if text is not None:
                self.latest[kind.name, name, text] = found
                self.staging.put("name", (kind.name, name, text, id_.bytes, said))
        if len(self.latest) > MOST_REMEMBERED:
            self.staging.flush()
            self.latest.clear()
            self.has_more = True

    def find(self, ref: Ref) -> Found | None:
        """Return what is declared under a name so far."""
        for name in named(ref):
            key = ref.kind, name, plain(name, ref.text)
            found = self.latest.get(key)
            if found := found or (self.look_up(key) if self.has_more else None):
                return found
        return None

    def look_up(self, key: tuple[str, str, str]) -> Found | None:
        """Look through what is no longer in memory."""
        if not self.is_indexed:
            self.staging.execute("CREATE INDEX name_by ON name (text, kind, field)")
            self.is_indexed = True
        sql = "SELECT id, said FROM name WHERE kind = ? AND field = ? AND text = ?"
        if row := self.staging.execute(sql, key).fetchone():
            self.latest[key] = Found.of(UUID(bytes=row[0]), row[1])
        return self.latest.get(key)


def named(ref: Ref) -> tuple[str, ...]:
    """Return the fields that a reference may name its target by."""
    return (ref.field,) if ref.field else NAMES[ref.kind]


def plain(name: str, text: str) -> str:
    """Return a text as it is remembered: an id in lower case."""
    return text.lower() if name == "id" and UUID_TEXT.fullmatch(text) else text
