"""Bodies that kubectl 1.32 and later sends as protobuf. Contract kubernetes.md §3.6.

Only varints and length-delimited fields occur, and only a few messages.
"""

import base64
from collections.abc import Iterator
from typing import Any

from kongadmin.dialects.kubernetes.errors import bad_request

MAGIC = b"k8s\0"
VARINT, BYTES = 0, 2
LONGEST_VARINT = 10

# A message: by number the name of a field and what it is: a type, or another message.
# `map` is of text to text, `data` of text to bytes, which JSON has in base64.
METADATA = {
    1: ("name", "text"),
    2: ("generateName", "text"),
    3: ("namespace", "text"),
    6: ("resourceVersion", "text"),
    11: ("labels", "map"),
    12: ("annotations", "map"),
}
TYPE = {1: ("apiVersion", "text"), 2: ("kind", "text")}
ENVELOPE = {1: ("type", TYPE), 2: ("object", "bytes")}
RESOURCE = {
    1: ("namespace", "text"),
    2: ("verb", "text"),
    3: ("group", "text"),
    4: ("version", "text"),
    5: ("resource", "text"),
    6: ("subresource", "text"),
    7: ("name", "text"),
}
PREFERENCES = {
    1: ("gracePeriodSeconds", "number"),
    2: ("preconditions", {1: ("uid", "text"), 2: ("resourceVersion", "text")}),
    3: ("orphanDependents", "flag"),
    4: ("propagationPolicy", "text"),
    5: ("dryRun", "texts"),
}
MESSAGES: dict[tuple[str, str], dict] = {
    ("v1", "Namespace"): {1: ("metadata", METADATA)},
    ("v1", "Secret"): {
        1: ("metadata", METADATA),
        2: ("data", "data"),
        3: ("type", "text"),
        4: ("stringData", "map"),
        5: ("immutable", "flag"),
    },
    ("v1", "DeleteOptions"): PREFERENCES,
    ("authorization.k8s.io/v1", "SelfSubjectAccessReview"): {
        1: ("metadata", METADATA),
        2: (
            "spec",
            {
                1: ("resourceAttributes", RESOURCE),
                2: (
                    "nonResourceAttributes",
                    {1: ("path", "text"), 2: ("verb", "text")},
                ),
            },
        ),
    },
    ("authorization.k8s.io/v1", "SelfSubjectRulesReview"): {
        1: ("metadata", METADATA),
        2: ("spec", {1: ("namespace", "text")}),
    },
    ("authentication.k8s.io/v1", "SelfSubjectReview"): {1: ("metadata", METADATA)},
}


def decode(raw: bytes) -> dict[str, Any]:
    """Return the object that a body holds, as JSON has it; 400 where it holds none."""
    try:
        return decode_object(raw)
    except (IndexError, UnicodeDecodeError, ValueError) as error:
        raise bad_request("the protobuf body cannot be read") from error


def decode_object(raw: bytes) -> dict[str, Any]:
    if not raw.startswith(MAGIC):
        raise ValueError("no envelope")
    envelope = read(raw[len(MAGIC) :], ENVELOPE)
    named = envelope.get("type", {})
    key = named.get("apiVersion", ""), named.get("kind", "")
    if key not in MESSAGES:
        raise bad_request(f"no kind {key[1]!r} of {key[0]!r} is read from protobuf")
    return {**named, **read(envelope.get("object", b""), MESSAGES[key])}


def read(raw: bytes, message: dict) -> dict[str, Any]:
    """Return the fields of a message; an empty text is an absent one."""
    found: dict[str, Any] = {}
    for number, value in fields(raw):
        if number not in message:
            continue
        name, kind = message[number]
        if isinstance(value, int) != (kind in NUMBERS):
            raise ValueError("another wire type")
        if kind in ("map", "data"):
            found.setdefault(name, {}).update(entry(value, kind))
        elif kind == "texts":
            found.setdefault(name, []).append(value.decode())
        elif isinstance(kind, dict):
            found[name] = read(value, kind)
        else:
            found[name] = SCALARS[kind](value)
    return {name: value for name, value in found.items() if value not in ("", {})}


def entry(raw: bytes, kind: str) -> dict[str, str]:
    found = dict(fields(raw))
    if any(isinstance(each, int) for each in found.values()):
        raise ValueError("another wire type")
    key, value = found.get(1, b""), found.get(2, b"")
    if kind == "data":
        value = base64.b64encode(value)
    return {key.decode(): value.decode()}


SCALARS = {"text": bytes.decode, "bytes": bytes, "flag": bool, "number": int}
NUMBERS = ("flag", "number")


def fields(raw: bytes) -> Iterator[tuple[int, Any]]:
    """Yield number and value of each field."""
    place = 0
    while place < len(raw):
        tag, place = varint(raw, place)
        number, wire = tag >> 3, tag & 7
        value, place = varint(raw, place)
        if wire == VARINT:
            yield number, value
        elif wire == BYTES:
            if place + value > len(raw):
                raise ValueError("cut off")
            yield number, raw[place : place + value]
            place += value
        else:
            raise ValueError("unknown wire type")


def varint(raw: bytes, place: int) -> tuple[int, int]:
    """Return the number at a place and the place behind it."""
    value = 0
    for count in range(LONGEST_VARINT):
        byte = raw[place + count]
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return value, place + count + 1
    raise ValueError("a number too long")
