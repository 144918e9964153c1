"""Manifests as documents: consumers, groups and credentials from files for kubectl.

What the objects may hold, and what they are in Kong's terms, is what the API server
says of them; here they are read from a file and nothing is kept of them. Contract
kubernetes.md §1, §4, §6.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, BinaryIO, Self

import yaml

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer
from groups.models import ConsumerGroup, Membership
from kongadmin.declarative.document import (
    Document,
    Head,
    Place,
    Problem,
    Ref,
    Row,
    Unreadable,
)
from kongadmin.declarative.formats import Options
from kongadmin.dialects.deck.feed import MOST_PROBLEMS, Feed, line_of, seekable
from kongadmin.dialects.deck.nodes import Block, Nodes, NotYAML, Part
from kongadmin.dialects.deck.reading import MOST_EXPLAINED, veiled
from kongadmin.dialects.deck.slips import first_error, found_in, plainly
from kongadmin.dialects.kubernetes import kinds, mapping
from kongadmin.dialects.kubernetes.incoming import complete
from kongadmin.dialects.kubernetes.manifests_kept import Kept, Name, Object
from kongadmin.dialects.kubernetes.schemas import judge, prune, schema_of

NAME = "kubernetes"
MARKS = (
    re.compile(r'^[ \t]*[{\-]?[ \t]*"?apiVersion"?[ \t]*:', re.M),
    re.compile(r'"?\bkind"?[ \t]*:'),
)
STEPS = re.compile(r"[^.\[\]]+")
CONSUMERS, GROUPS = Consumer.schema.name, ConsumerGroup.schema.name
# What manifests can speak of: all but plugins.
SPOKEN = frozenset(
    [CONSUMERS, GROUPS, Membership.schema.name]
    + [declared.model.schema.name for declared in CREDENTIALS.values()]
)
IGNORED = {mapping.PLANES, mapping.AUTHORITIES, "namespaces"}


def recognises(beginning: str, filename: str) -> bool:
    return all(mark.search(beginning) for mark in MARKS)


def read(stream: BinaryIO, options: Options) -> Document:
    """Return manifests as a document: groups, consumers, then what hangs on them."""
    head = Head(kinds=SPOKEN)
    reading = Reading(seekable(stream), head)
    return Document(NAME, head, reading.rows(options))


class Manifests(Nodes):
    """The documents of a text, each as a whole."""

    def _document(self) -> Iterator[Part]:
        self._next()
        while not isinstance(self._next(), yaml.StreamEndEvent):
            event = self._next()
            yield Part("", self._value(event, 0), self._place(event.start_mark))
            self._next()


@dataclass(slots=True)
class Thing:
    """An object in a file, with what the server's own code asks of a stored one."""

    kind: kinds.Kind
    body: dict
    place: Place
    name: str
    namespace: str
    labels: dict[str, str]
    annotations: dict[str, str]
    uid: str = ""
    generation: int = 0

    @classmethod
    def of(cls, kind: kinds.Kind, body: dict, place: Place) -> Self:
        meta = body["metadata"]
        space, labels = meta.get("namespace") or "default", meta.get("labels") or {}
        notes = meta.get("annotations") or {}
        return cls(kind, body, place, meta["name"], space, labels, notes)

    @property
    def plural(self) -> str:
        return self.kind.stored

    @property
    def key(self) -> Name:
        return self.namespace, self.name

    def values(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return what the object says, with the tags that stand in the file."""
        tags = [*((self.body.get("spec") or {}).get("tags") or ())]
        tags += self.annotations.get(mapping.TAGS, "").split(",")
        tags = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
        said = {name: value for name, value in given.items() if value is not None}
        return said | {"tags": tags} if tags else without(said, "tags")


def without(values: dict, name: str) -> dict:
    return {key: value for key, value in values.items() if key != name}


@dataclass
class Reading:
    """What has been found so far; what refers to what is known at the end only."""

    stream: BinaryIO
    head: Head
    kept: Kept = field(default_factory=Kept)
    problems: list[Problem] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)

    def rows(self, options: Options) -> Iterator[Row]:
        feed = Feed(self.stream, options.environment)
        try:
            for part in Manifests(feed):
                self.take(part.value, part.place)
        except NotYAML as error:
            slips = explained(Feed(self.stream, options.environment), error)
            raise Unreadable(*feed.problems, *self.shown(slips)) from None
        self.problems += feed.problems
        for name, count in self.ignored.items():
            text = f"{name} is left out, {count} of it: this goes where you import it."
            self.head.notes.append(text)
        for rows in (self.of_groups(), self.of_consumers(), self.of_credentials()):
            self.refuse()
            yield from rows
        self.refuse()

    def refuse(self) -> None:
        if self.problems:
            raise Unreadable(*self.shown(self.problems))

    def shown(self, problems: list[Problem]) -> list[Problem]:
        """Return problems in the order of the text, each with its line."""
        found = sorted(problems, key=lambda each: each.place or Place(0))
        lines = [line_of(self.stream, each.place.line) for each in found]
        return [
            replace(problem, line=veiled(line.rstrip()))
            for problem, line in zip(found, lines, strict=True)
        ]

    # Objects

    def take(self, value: Any, place: Place) -> None:
        """Keep an object, or each of a List, unless something is wrong with it."""
        if value is None:
            return
        if len(self.problems) > MOST_PROBLEMS:
            raise Unreadable(*self.shown(self.problems))
        if not isinstance(value, Block):
            self.note("this is no object", place, "begin with apiVersion and kind")
        elif value.get("kind") == "List" and value.get("apiVersion") == "v1":
            for item in value.get("items") or ():
                self.take(item, getattr(item, "place", place))
        elif kind := self.kind_of(value):
            self.keep(value, kind)

    def kind_of(self, body: Block) -> kinds.Kind | None:
        version, name = body.get("apiVersion"), body.get("kind")
        kind = kinds.find(str(version), str(name))
        if kind is None:
            text = f"{version} {name} is no kind of ours"
            near = [k.api_version for k in kinds.KINDS if k.name == name]
            known = ", ".join(sorted({k.name for k in kinds.KINDS if k.is_custom}))
            hint = f"its apiVersion is {near[0]}" if near else f"known are {known}"
            self.note(text, body.place_of("kind"), hint)
        elif kind.stored in IGNORED:
            self.ignored[kind.name] += 1
            return None
        return kind

    def keep(self, body: Block, kind: kinds.Kind) -> None:
        body.pop("status", None)
        meta = body.get("metadata")
        name = meta.get("name") if isinstance(meta, Block) else None
        if not isinstance(name, str) or not name:
            self.note(f"{kind.name} has no name", body.place, "it is metadata.name")
            return
        if self.is_wrong(body, kind):
            return
        thing = Thing.of(kind, body, body.place)
        if line := self.kept.line_of(thing.plural, thing.key):
            text = f"{kind.name} {name} stands here for the second time"
            self.note(text, body.place, f"the first is in line {line}")
            return
        self.take_over(thing)

    def take_over(self, thing: Thing) -> None:
        """Keep of an object what its rows need, which is less than the object."""
        said: Any
        field = text = ""
        if thing.plural == mapping.GROUPS:
            said = thing.values(mapping.group_values(thing))
            field, text = "name", said["name"]
        elif thing.plural == mapping.CONSUMERS:
            values = thing.values(mapping.consumer_values(thing))
            listed = ("consumerGroups", "credentials")
            said = [values, *(thing.body.get(name) or () for name in listed)]
            named = (name for name in ("username", "custom_id") if values.get(name))
            if field := next(named, ""):
                text = values[field]
        elif thing.plural == mapping.SECRETS:
            said = thing.body
        else:
            values = thing.values(mapping.credential_values(thing))
            said = [thing.body["spec"]["consumerRef"]["name"], values]
        self.kept.put(Object(thing.plural, thing.key, thing.place, said), field, text)

    def is_wrong(self, body: Block, kind: kinds.Kind) -> bool:
        """Note what the server would refuse; fill in what it would."""
        schema, before = schema_of(kind), len(self.problems)
        for path in prune(body, schema):
            self.note(f'unknown field "{path}"', place_in(body, path))
        complete(body, kind)
        for cause in judge(body, schema):
            place = place_in(body, cause.field)
            self.note(f"{cause.field}: {cause.message}", place)
        return len(self.problems) > before

    # Rows

    def of_groups(self) -> Iterator[Row]:
        for group in self.kept.all("plural = ?", mapping.GROUPS):
            yield Row(GROUPS, group.said, group.place)

    def of_consumers(self) -> Iterator[Row]:
        for _, key, place, said in self.kept.all("plural = ?", mapping.CONSUMERS):
            values, groups, secrets = said
            yield Row(CONSUMERS, values, place)
            ref = self.ref_to(key)
            for name in groups:
                group = self.group_called((key[0], name))
                joined = {"consumer": ref, "consumer_group": group}
                yield Row(Membership.schema.name, joined, place)
            for name in secrets:
                yield from self.from_secret((key[0], name), ref, place)

    def from_secret(self, key: Name, ref: Ref, place: Place) -> Iterator[Row]:
        """Yield the credential that a Secret holds for a consumer that lists it."""
        found = self.kept.find(mapping.SECRETS, key)
        if found is None:
            text = f"The Secret {key[1]} of line {place.line} is not in the file."
            self.head.notes.append(text)
            return
        secret = Thing.of(kinds.stored_as(mapping.SECRETS), found.said, found.place)
        try:
            declared, values = mapping.secret_credential(secret)
        except mapping.Unusable as error:
            self.note(f"Secret {key[1]} {error}", secret.place)
            return
        said = {"consumer": ref, **secret.values(values)}
        yield Row(declared.model.schema.name, said, secret.place)

    def of_credentials(self) -> Iterator[Row]:
        plurals = [*mapping.CREDENTIAL_FIELDS]
        where = f"plural IN ({', '.join('?' * len(plurals))})"
        for plural, (namespace, _), place, (owner, values) in self.kept.all(
            where, *plurals
        ):
            type_, _ = mapping.CREDENTIAL_FIELDS[plural]
            said = {"consumer": self.ref_to((namespace, owner)), **values}
            yield Row(CREDENTIALS[type_].model.schema.name, said, place)

    def ref_to(self, key: Name) -> Ref:
        """Return the consumer of an object; one not in the file has that very name."""
        found = self.kept.ref(mapping.CONSUMERS, CONSUMERS, key)
        return found if found and found.field else Ref(CONSUMERS, key[1])

    def group_called(self, key: Name) -> Ref:
        found = self.kept.ref(mapping.GROUPS, GROUPS, key)
        return found or Ref(GROUPS, key[1], "name")

    def note(self, text: str, place: Place, hint: str = "") -> None:
        self.problems.append(Problem(text, place, hint=hint))


def explained(feed: Feed, error: NotYAML) -> list[Problem]:
    """Return the slips in the one document of a text that stops the parser."""
    text = "".join(islice(feed, 2))
    lines, at = text.split("\n"), error.begin.line - 1
    if len(text) > MOST_EXPLAINED or feed.is_longer:
        return [plainly(error)]
    begin = max((n for n in range(at + 1) if is_divider(lines[n])), default=-1) + 1
    end = next((n for n in range(begin, len(lines)) if is_divider(lines[n])), None)
    mine = lines[begin:end]
    alone = first_error(mine)
    if alone is None:
        return [plainly(error)]
    problems, _ = found_in("\n".join(mine), alone)
    return [
        replace(each, place=Place(each.place.line + begin, each.place.column))
        for each in problems
    ]


def is_divider(line: str) -> bool:
    return line.rstrip() == "---"


def place_in(body: Block, path: str) -> Place:
    """Return where a field stands, or what it would stand in."""
    value, place = body, body.place
    for step in STEPS.findall(path):
        if isinstance(value, Block):
            place = value.place_of(step)
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
    return place
