"""Short forms of rows: of what must be unique, and of all that is compared.

They are keyed with a secret that ends with the plan, so they tell nothing of a row.
"""

import os
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from kongadmin.declarative.columns import columns_of
from kongadmin.declarative.kinds import KINDS, Kind
from kongadmin.fields import DigestField

BYTES = 16


class Prints:
    """The short forms of one plan."""

    def __init__(self) -> None:
        self.secret = os.urandom(32)
        self.claims = {
            kind.name: [
                (bytes((number, which)), names)
                for which, names in enumerate(unique_in_clear(kind))
            ]
            for number, kind in enumerate(KINDS.values())
        }
        self.places = {kind.name: places(kind) for kind in KINDS.values()}

    def short(self, said: bytes) -> bytes:
        return blake2b(said, digest_size=BYTES, key=self.secret).digest()

    def whole(self, kind: Kind, told: list) -> bytes:
        """Return the short form of what counts in a comparison.

        TypeError for what no database takes.
        """
        return self.short(orjson.dumps([kind.name, *told], option=orjson.OPT_SORT_KEYS))

    def keys(self, kind: Kind, values: dict[str, Any]) -> list[bytes | None]:
        """Return what a row claims: a key for each of the kind's unique sets."""
        return [
            self.key(prefix, [values[name] for name in names])
            for prefix, names in self.claims[kind.name]
        ]

    def key(self, prefix: bytes, parts: list) -> bytes | None:
        if None in parts:
            return None
        texts = [part.hex if type(part) is UUID else part for part in parts]
        return self.short(prefix + "\0".join(texts).encode(errors="surrogatepass"))

    def named(self, kind: Kind, name: str, text: str) -> bytes | None:
        """Return the key of what a unique text names, None if that is not unique."""
        claims = self.claims[kind.name]
        prefix = next((prefix for prefix, names in claims if names == (name,)), None)
        return prefix and self.key(prefix, [text])

    def stored_keys(self, kind: Kind, told: list, raw: tuple) -> list[bytes | None]:
        """Return the same of a row as it is stored, and was told for comparison."""
        keys = []
        for (prefix, _), found in zip(
            self.claims[kind.name], self.places[kind.name], strict=True
        ):
            parts = [told[p] if is_told else raw[p] for is_told, p in found]
            keys.append(self.key(prefix, parts))
        return keys


def unique_in_clear(kind: Kind) -> list[tuple[str, ...]]:
    """Return the kind's unique sets, with secrets for their digests."""
    field = kind.model._meta.get_field
    return [
        tuple(
            field(name).of if isinstance(field(name), DigestField) else name
            for name in names
        )
        for names in kind.unique
    ]


def places(kind: Kind) -> list[list[tuple[bool, int]]]:
    """Return where a stored row has the values of each unique set.

    A value is among those told for comparison, or else in the row itself.
    """
    columns = columns_of(kind.model)
    told = [name for name, _, _ in columns.compared]
    return [
        [
            (True, told.index(name)) if name in told else (False, columns.place[name])
            for name in names
        ]
        for names in unique_in_clear(kind)
    ]
