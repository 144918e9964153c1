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
    def of(cls, id_: UUID, name: str | None) -> "Found":
        """Return what an id means; it is called by the id where it has no name."""
        said = str(id_)
        return cls(id_, name or said, {"id": said})


class Names:
    """Remembers declared consumers and groups; the latest of them in memory.

    Each kind has a memory of its own: many consumers do not push out the few groups
    that all of them refer to.
    """

    def __init__(self, staging: Staging) -> None:
        self.staging = staging
        self.is_indexed = False
        self.latest: dict[str, dict[Ref, Found]] = {kind: {} for kind in NAMES}
        self.forgetful: set[str] = set()  # the kinds of which there are more

    def learn(self, kind: Kind, id_: UUID, values: dict, is_known: bool) -> None:
        """Remember a row; by its id only if somebody can know that already."""
        name = kind.name
        texts = [(field, values.get(field)) for field in NAMES[name][1:]]
        found = Found.of(id_, next((text for _, text in texts if text), None))
        if is_known:
            texts.append(("id", found.value["id"]))
        latest = self.latest[name]
        if len(latest) >= MOST_REMEMBERED:
            self.forget(name)  # not the row to learn: what hangs on it comes next
        for field, text in texts:
            if text is not None:
                latest[Ref(name, text, field)] = found

    def forget(self, name: str) -> None:
        """Write down what is in memory of a kind, and begin anew."""
        self.forgetful.add(name)
        latest = self.latest[name]
        said = [(*ref, found.id.bytes, found.name) for ref, found in latest.items()]
        self.staging.insert("name", said)
        latest.clear()

    def find(self, ref: Ref) -> Found | None:
        """Return what is declared under a name so far."""
        return self.latest.get(ref.kind, {}).get(ref) or self.search(ref)

    def search(self, ref: Ref) -> Found | None:
        """Return the same where it takes more than one look."""
        latest = self.latest.get(ref.kind, {})
        for name in named(ref):
            exact = Ref(ref.kind, plain(name, ref.text), name)
            found = latest.get(exact)
            if not found and ref.kind in self.forgetful:
                found = self.look_up(exact)
            if found:
                return found
        return None

    def look_up(self, ref: Ref) -> Found | None:
        """Look through what is no longer in memory."""
        if not self.is_indexed:
            self.staging.execute("CREATE INDEX name_by ON name (text, kind, field)")
            self.is_indexed = True
        sql = "SELECT id, said FROM name WHERE kind = ? AND text = ? AND field = ?"
        row = self.staging.execute(sql, ref).fetchone()
        if not row:
            return None
        found = self.latest[ref.kind][ref] = Found.of(UUID(bytes=row[0]), row[1])
        return found


def named(ref: Ref) -> tuple[str, ...]:
    """Return the fields that a reference may name its target by."""
    return (ref.field,) if ref.field else NAMES[ref.kind]


def plain(name: str, text: str) -> str:
    """Return a text as it is remembered: an id in lower case."""
    return text.lower() if name == "id" and UUID_TEXT.fullmatch(text) else text
