"""Parts of a file as rows: whose each is, what it may say, what is wrong with it."""

from collections.abc import Iterable, Iterator
from typing import Any

from kongadmin.declarative.document import Head, Place, Problem, Ref, Row, Unreadable
from kongadmin.declarative.kinds import CONSUMER_GROUPS, CONSUMERS
from kongadmin.dialects.deck.feed import MOST_PROBLEMS
from kongadmin.dialects.deck.head import HeadReader, is_texts
from kongadmin.dialects.deck.nodes import Block, Doubt, Part
from kongadmin.dialects.deck.terms import (
    ELSEWHERE,
    HEAD,
    LIMITED,
    MEMBERSHIPS,
    NAMES,
    OVERRIDES,
    REMARKS,
    Kind,
    kinds,
    lists,
    nearest,
)
from kongadmin.masks import DOTS

QUOTES = 'write it in quotes: "…"'


class Rows:
    """Turns parts into rows.

    `is_sure` says that the parts are what the text says, so that problems are listed.
    """

    def __init__(self, head: Head, *, is_sure: bool) -> None:
        self.problems: list[Problem] = []
        self._is_sure = is_sure
        self._head = HeadReader(head, self.complain)
        self._kinds = kinds()
        self._lists = lists()
        self._found: list[Row] = []
        self._waiting: list[tuple[Row, Place]] = []
        self._refused: set[str] = set()

    def complain(self, text: str, place: Place, hint: str = "") -> None:
        if not self._is_sure:
            raise Doubt(text)
        self.problems.append(Problem(text, place, hint=hint))
        if len(self.problems) >= MOST_PROBLEMS:
            raise Unreadable(*self.problems)

    def of(self, parts: Iterable[Part]) -> Iterator[Row]:
        """Yield the rows of a whole file, until something is found to be wrong."""
        for part in parts:
            self._part(part)
            yield from self._taken()
        self._head.finish()
        self._late()
        yield from self._taken()

    def _taken(self) -> list[Row]:
        """Return the rows found since the last time; none once there are problems."""
        found, self._found = self._found, []
        return [] if self.problems else found

    def _part(self, part: Part) -> None:
        if kind := self._lists.get(part.key):
            entries = [part.value]
            if not part.is_entry:
                entries = self._listed(part.key, part.value, part.place)
            for value in entries:
                self._entity(self._kinds[kind], value, part.place)
        elif part.key in HEAD:
            self._head.take(part)
        elif part.key not in ELSEWHERE:
            hint = nearest(part.key, [*HEAD, *self._lists, *ELSEWHERE])
            self.complain(f"a file has no {part.key[:100]}", part.place, hint)
        elif part.value not in (None, []) and part.key not in self._refused:
            self._refused.add(part.key)
            hint = "take them out, or leave the list empty"
            self.complain(f"{part.key} are not kept here", part.place, hint)

    def _listed(self, key: str, value: Any, place: Place) -> list:
        if value is not None and not isinstance(value, list):
            self.complain(f"{key} must be a list", place, "begin each entry with a -")
        return value if isinstance(value, list) else []

    def _entity(
        self, kind: Kind, block: Any, place: Place, owners: dict[str, Ref] | None = None
    ) -> None:
        """Take an entity, then what hangs on it.

        `owners` are the fields that it has from where it stands; `place` is that of
        the list it is in.
        """
        if not isinstance(block, Block):
            self._no_mapping(kind, block, place)
            return
        values: dict[str, Any] = {}
        nested = []
        for key, value in block.items():
            if key in kind.fields:
                values[key] = self._field(kind, key, value, block)
            elif key in kind.nested:
                nested.append(key)
            elif key not in REMARKS:
                self._unknown(kind, key, block)
        if owners:
            values.update(owners)
        values.pop("updated_at", None)
        if kind.name == OVERRIDES:
            self._check_limited(values, block)
        row = Row(kind.name, values, block.place)
        if "_config" in values:
            self._shared(row, block.place_of("_config"))
        else:
            self._found.append(row)
        owner = self._owner(kind.name, values) if nested else None
        for key in nested:
            self._nested(kind, key, owner, block)

    def _field(self, kind: Kind, key: str, value: Any, block: Block) -> Any:
        if key in kind.foreign:
            return value and self._reference(kind.foreign[key], key, value, block)
        if key in kind.texts:
            if type(value) is not str and value is not None:
                self._no_text(key, value, block.place_of(key))
            elif key in kind.secrets and value and DOTS in value:
                what = f"{key} is masked: what it really is does not stand here"
                self.complain(what, block.place_of(key), "export with secrets")
        elif key == "tags" and value is not None and not is_texts(value):
            hint = "such as [blue, green]; quote what could be a number"
            self.complain("tags must be a list of texts", block.place_of(key), hint)
        return value

    def _nested(self, kind: Kind, key: str, owner: Ref, block: Block) -> None:
        place = block.place_of(key)
        for value in self._listed(key, block[key], place):
            if key == "groups":
                group = self._reference(CONSUMER_GROUPS, key, value, place)
                self._member(owner, group, value, place)
            elif key == "consumers":
                consumer = self._reference(CONSUMERS, key, value, place)
                self._member(consumer, owner, value, place)
            elif kind.name == CONSUMERS:
                self._entity(self._kinds[key], value, place, {"consumer": owner})
            else:
                is_override = self._head.overrides and _name(value) == LIMITED
                of_group = self._kinds[OVERRIDES if is_override else key]
                self._entity(of_group, value, place, {"consumer_group": owner})

    def _member(self, consumer: Ref, group: Ref, value: Any, place: Place) -> None:
        values = {"consumer": consumer, "consumer_group": group}
        place = value.place if isinstance(value, Block) else place
        self._found.append(Row(MEMBERSHIPS, values, place))

    def _owner(self, kind: str, values: dict) -> Ref:
        for name in NAMES[kind]:
            if isinstance(text := values.get(name), str):
                return Ref(kind, text, name)
        return Ref(kind, "")

    def _reference(self, kind: str, key: str, value: Any, at: Block | Place) -> Ref:
        """Return what a text, or a mapping with a name in it, refers to."""
        place = at.place_of(key) if isinstance(at, Block) else at
        if kind not in NAMES:
            what = f"there are no {kind} here, so nothing can be for one of them"
            self.complain(what, place, f"leave {key} out")
        elif isinstance(value, str):
            return Ref(kind, value)
        else:
            for name in NAMES[kind] if isinstance(value, dict) else ():
                if isinstance(text := value.get(name), str):
                    return Ref(kind, text, name)
            hint = f"such as {NAMES[kind][0]}: …"
            self.complain(f"{key} must name one of the {kind}", place, hint)
        return Ref(kind, "")

    def _check_limited(self, values: dict, block: Block) -> None:
        if values.pop("name", LIMITED) != LIMITED:
            what = f"a group can only have overrides of {LIMITED}"
            self.complain(what, block.place_of("name"))

    def _shared(self, row: Row, place: Place) -> None:
        """Take a plugin with the settings that the file has for several, if known."""
        shared = self._head.configs.get(str(row.values["_config"]))
        if shared is None:
            self._waiting.append((row, place))
        else:
            del row.values["_config"]
            row.values["config"] = shared | (row.values.get("config") or {})
            self._found.append(row)

    def _late(self) -> None:
        """Take the plugins whose settings stood further down."""
        waiting, self._waiting = self._waiting, []
        for row, place in waiting:
            self._shared(row, place)
        for row, place in self._waiting:
            name = str(row.values["_config"])
            hint = nearest(name, list(self._head.configs))
            self.complain(f"_plugin_configs has no {name[:100]}", place, hint)

    def _no_mapping(self, kind: Kind, value: Any, place: Place) -> None:
        what = f"an entry of {kind.name} must say what it is, such as {_first(kind)}: …"
        hint = ""
        if isinstance(value, str) and ":" in value:
            hint = f"a blank after the colon: {value.replace(':', ': ', 1)[:60]}"
        self.complain(what, place, hint)

    def _no_text(self, key: str, value: Any, place: Place) -> None:
        found = {bool: "yes or no", int: "a number", float: "a number"}
        what = found.get(type(value), "a mapping or a list")
        hint = QUOTES if type(value) in found else ""
        self.complain(f"{key} must be a text, and this is {what}", place, hint)

    def _unknown(self, kind: Kind, key: str, block: Block) -> None:
        place = block.place_of(key)
        hint = nearest(key, kind.keys)
        if ":" in key and not hint:
            hint = "a blank after the colon"
        self.complain(f"{kind.name} have no {key[:100]}", place, hint)


def _name(value: Any) -> Any:
    return value.get("name") if isinstance(value, dict) else None


def _first(kind: Kind) -> str:
    return next(iter(NAMES.get(kind.name, sorted(kind.texts - {"id"}))))
