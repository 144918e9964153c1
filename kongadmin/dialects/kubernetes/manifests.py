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
from typing import Any, BinaryIO, NamedTuple

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


type Name = tuple[str, str]  # a namespace, and a name in it


@dataclass(slots=True)
class Thing:
    """An object in a file, with what the server's own code asks of a stored one."""

    kind: kinds.Kind
    body: Block
    name: str
    namespace: str
    labels: dict[str, str]
    annotations: dict[str, str]
    uid: str = ""
    generation: int = 0

    @property
    def plural(self) -> str:
        return self.kind.stored

    @property
    def key(self) -> Name:
        return self.namespace, self.name

    @property
    def place(self) -> Place:
        return self.body.place

    def values(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return what the object says, with the tags that stand in the file."""
        tags = [*((self.body.get("spec") or {}).get("tags") or ())]
        tags += self.annotations.get(mapping.TAGS, "").split(",")
        tags = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
        said = {name: value for name, value in given.items() if value is not None}
        return said | {"tags": tags} if tags else without(said, "tags")


def without(values: dict, name: str) -> dict:
    return {key: value for key, value in values.items() if key != name}


class Named(NamedTuple):
    """A consumer, with the groups and the Secrets that it names."""

    row: Row
    groups: tuple[str, ...]
    secrets: tuple[str, ...]


@dataclass
class Reading:
    """What has been found so far; what refers to what is known at the end only."""

    stream: BinaryIO
    head: Head
    lines: dict[tuple[str, Name], int] = field(default_factory=dict)
    groups: dict[Name, Row] = field(default_factory=dict)
    consumers: dict[Name, Named] = field(default_factory=dict)
    secrets: dict[Name, Thing] = field(default_factory=dict)
    credentials: list[tuple[Name, Row]] = field(default_factory=list)
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
        rows = [*self.groups.values(), *self.of_consumers(), *self.of_credentials()]
        if self.problems:
            raise Unreadable(*self.shown(self.problems))
        yield from rows

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
        thing = Thing(
            kind,
            body,
            name,
            meta.get("namespace") or "default",
            meta.get("labels") or {},
            meta.get("annotations") or {},
        )
        line = self.lines.setdefault((thing.plural, thing.key), thing.place.line)
        if line != thing.place.line:
            text = f"{kind.name} {name} stands here for the second time"
            self.note(text, body.place, f"the first is in line {line}")
            return
        self.take_over(thing)

    def take_over(self, thing: Thing) -> None:
        """Keep of an object what its rows need, which is less than the object."""
        key, place = thing.key, thing.place
        if thing.plural == mapping.GROUPS:
            values = thing.values(mapping.group_values(thing))
            self.groups[key] = Row(GROUPS, values, place)
        elif thing.plural == mapping.CONSUMERS:
            row = Row(CONSUMERS, thing.values(mapping.consumer_values(thing)), place)
            listed = ("consumerGroups", "credentials")
            names = (tuple(thing.body.get(name) or ()) for name in listed)
            self.consumers[key] = Named(row, *names)
        elif thing.plural == mapping.SECRETS:
            self.secrets[key] = thing
        else:
            type_, _ = mapping.CREDENTIAL_FIELDS[thing.plural]
            values = thing.values(mapping.credential_values(thing))
            row = Row(CREDENTIALS[type_].model.schema.name, values, place)
            owner = thing.body["spec"]["consumerRef"]["name"]
            self.credentials.append(((thing.namespace, owner), row))

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

    def of_consumers(self) -> Iterator[Row]:
        for key, (row, groups, secrets) in self.consumers.items():
            yield row
            ref = self.ref_to(key)
            for name in groups:
                group = self.group_called((key[0], name))
                joined = {"consumer": ref, "consumer_group": group}
                yield Row(Membership.schema.name, joined, row.place)
            for name in secrets:
                yield from self.from_secret((key[0], name), ref, row.place)

    def from_secret(self, key: Name, ref: Ref, place: Place) -> Iterator[Row]:
        """Yield the credential that a Secret holds for a consumer that lists it."""
        secret = self.secrets.get(key)
        if secret is None:
            text = f"The Secret {key[1]} of line {place.line} is not in the file."
            self.head.notes.append(text)
            return
        try:
            declared, values = mapping.secret_credential(secret)
        except mapping.Unusable as error:
            self.note(f"Secret {key[1]} {error}", secret.place)
            return
        said = {"consumer": ref, **secret.values(values)}
        yield Row(declared.model.schema.name, said, secret.place)

    def of_credentials(self) -> Iterator[Row]:
        for owner, row in self.credentials:
            row.values = {"consumer": self.ref_to(owner), **row.values}
            yield row

    def ref_to(self, key: Name) -> Ref:
        """Return the consumer of an object; one not in the file has that very name."""
        values = self.consumers[key].row.values if key in self.consumers else {}
        named = (name for name in ("username", "custom_id") if values.get(name))
        found = next(named, None)
        return Ref(CONSUMERS, values[found], found) if found else Ref(CONSUMERS, key[1])

    def group_called(self, key: Name) -> Ref:
        row = self.groups.get(key)
        return Ref(GROUPS, row.values["name"] if row else key[1], "name")

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
