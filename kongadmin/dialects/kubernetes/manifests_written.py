"""Rows as manifests, for the operator or for the ingress controller.

The operator has a kind of object for most types of credentials. What it has none for,
or lacks a field of, is in a labelled Secret, as all are for the ingress controller.
Contract kubernetes.md §1, §6.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer
from groups.models import ConsumerGroup, Membership
from kongadmin.declarative.document import Head, Row
from kongadmin.declarative.formats import Options
from kongadmin.declarative.kinds import KINDS
from kongadmin.dialects.deck.secrets import Hiding
from kongadmin.dialects.deck.writing import block
from kongadmin.dialects.kubernetes import mapping
from kongadmin.dialects.kubernetes.kinds import Kind, stored_as
from kongadmin.managed import without_origin

NOT_IN_NAMES = re.compile(r"[^a-z0-9.]+")
LONGEST_NAME, HASHED = 200, 8
NAMESPACE = "default"
OWNERS = {declared.model.schema.name: kind for kind, declared in CREDENTIALS.items()}
LABELS = {type_.kind: label for label, type_ in mapping.SECRET_TYPES.items()}
BASIC_AUTH = "basic-auth"

type Manifest = dict[str, Any]


def write(
    rows: Iterable[Row], head: Head, options: Options, is_ingress: bool = False
) -> Iterator[str]:
    """Yield a manifest at a time; what there is none for is added to head.notes."""
    writer = Writer(head, options, is_ingress)
    for manifest in writer.manifests(rows):
        parts = ({name: manifest[name]} for name in manifest)
        yield "---\n" + "".join(map(block, parts))
    head.notes += [
        f"manifests cannot hold {count} {what}, they are left out"
        for what, count in writer.left_out.items()
    ]


def object_name(text: str) -> str:
    """Return a name that an object may have; another for every text."""
    plain = NOT_IN_NAMES.sub("-", text.lower()).strip("-.")[:LONGEST_NAME]
    if plain == text:
        return plain
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{plain}-{digest[:HASHED]}".lstrip("-.")


def consumer_name(values: dict[str, Any]) -> str:
    if values.get("username"):
        return object_name(values["username"])
    return object_name(f"Custom ID {values['custom_id']}")


class Writer:
    """What is told of one scope; counts what no manifest can say."""

    def __init__(self, head: Head, options: Options, is_ingress: bool) -> None:
        self.head, self.options, self.is_ingress = head, options, is_ingress
        self.hiding = Hiding(options)
        self.left_out: Counter[str] = Counter()

    def manifests(self, rows: Iterable[Row]) -> Iterator[Manifest]:
        consumer, held = None, []
        for row in rows:
            if row.kind == ConsumerGroup.schema.name:
                yield self.group(row)
            elif row.kind == Consumer.schema.name:
                yield from self.about(consumer, held)
                consumer, held = row, []
            elif self.can_hold(row):
                held.append(row)
            else:
                self.left_out[self.named(row)] += 1
        yield from self.about(consumer, held)

    def can_hold(self, row: Row) -> bool:
        kind = OWNERS.get(row.kind)
        if kind == BASIC_AUTH and self.head.is_hashed:
            return False
        return row.kind == Membership.schema.name or kind in LABELS

    def named(self, row: Row) -> str:
        words = KINDS[row.kind].words or row.kind
        is_digest = OWNERS.get(row.kind) == BASIC_AUTH
        return f"{words} (of passwords only digests are known)" if is_digest else words

    def group(self, row: Row) -> Manifest:
        name = object_name(row.values["name"])
        spec = {"name": row.values["name"], **self.place()}
        return self.object(stored_as(mapping.GROUPS), name, spec, tags_of(row))

    def about(self, consumer: Row | None, held: list[Row]) -> Iterator[Manifest]:
        """Yield a consumer, then its credentials."""
        if consumer is None:
            return
        name = consumer_name(consumer.values)
        numbers: Counter[str] = Counter()
        secrets, credentials, groups = [], [], []
        for row in held:
            if row.kind == Membership.schema.name:
                groups.append(object_name(row.values["consumer_group"].text))
                continue
            kind = OWNERS[row.kind]
            numbers[kind] += 1
            own = f"{name}-{kind}-{numbers[kind]}"
            if self.is_ingress or needs_secret(row):
                secrets.append(own)
                credentials.append(self.secret(row, own))
            else:
                credentials.append(self.credential(row, own, name))
        yield self.consumer(consumer, name, groups, secrets)
        yield from credentials

    def consumer(
        self, row: Row, name: str, groups: list[str], secrets: list[str]
    ) -> Manifest:
        manifest = self.object(
            stored_as(mapping.CONSUMERS), name, self.place(), tags_of(row)
        )
        spec = manifest.pop("spec", None)
        for field in ("username", "custom_id"):
            if row.values.get(field):
                manifest[field] = row.values[field]
        listed = {"consumerGroups": groups, "credentials": secrets}
        manifest |= {name: names for name, names in listed.items() if names}
        return manifest | ({"spec": spec} if spec else {})

    def credential(self, row: Row, name: str, consumer: str) -> Manifest:
        plural = mapping.PLURALS[OWNERS[row.kind]]
        _, fields = mapping.CREDENTIAL_FIELDS[plural]
        values = self.values(row)
        spec = {"consumerRef": {"name": consumer}}
        spec |= {field: values[field] for field in fields if field in values}
        return self.object(stored_as(plural), name, spec, tags_of(row), is_placed=False)

    def secret(self, row: Row, name: str) -> Manifest:
        type_ = mapping.SECRET_TYPES[LABELS[OWNERS[row.kind]]]
        values = self.values(row)
        texts = {
            field: as_text(values[field])
            for field in (*type_.needed, *type_.optional)
            if field in values
        }
        meta: Manifest = {"name": name, "namespace": NAMESPACE}
        meta["labels"] = {mapping.SECRET_LABEL: LABELS[OWNERS[row.kind]]}
        if tags := tags_of(row):
            meta["annotations"] = {mapping.TAGS: ",".join(tags)}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": meta,
            "stringData": texts,
        }

    def object(
        self, kind: Kind, name: str, spec: dict, tags: list[str], is_placed: bool = True
    ) -> Manifest:
        """Return an object; tags that its kind cannot have stand in an annotation."""
        short = [tag for tag in tags if len(tag) <= mapping.LONGEST_TAG]
        kept = short[: mapping.MOST_TAGS]
        rest = [tag for tag in tags if tag not in kept]
        if self.is_ingress:
            kept, rest = [], tags
        annotations = {mapping.TAGS: ",".join(rest)} if rest else {}
        if self.is_ingress and is_placed:
            annotations[mapping.INGRESS_CLASS] = mapping.OUR_CLASS
        meta: Manifest = {"name": name, "namespace": NAMESPACE}
        meta |= {"annotations": annotations} if annotations else {}
        spec = spec | ({"tags": kept} if kept else {})
        manifest = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": meta}
        return manifest | ({"spec": spec} if spec else {})

    def place(self) -> dict[str, Any]:
        """Return in which control plane an object is, as a part of its spec."""
        if self.is_ingress:
            return {}
        if not self.head.workspace or self.head.workspace == "default":
            return {"controlPlaneRef": {"type": "kic"}}
        named = {"name": object_name(self.head.workspace)}
        ref = {"type": "konnectNamespacedRef", "konnectNamespacedRef": named}
        return {"controlPlaneRef": ref}

    def values(self, row: Row) -> dict[str, Any]:
        """Return what a credential says, its secrets as the options want them."""
        values = self.hiding.hide(row)
        return {name: value for name, value in values.items() if value is not None}


def needs_secret(row: Row) -> bool:
    """Say whether the operator has no kind for a credential, or lacks a field of it."""
    return OWNERS[row.kind] not in mapping.PLURALS or bool(row.values.get("ttl"))


def tags_of(row: Row) -> list[str]:
    """Return an entity's tags but those that kubectl makes anew."""
    return without_origin(row.values.get("tags"))


def as_text(value: Any) -> str:
    """Return a value as a Secret holds it; a placeholder stays one."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)
