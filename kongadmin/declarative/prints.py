"""Short forms of rows: of what must be unique, and of all that is compared.

They are keyed with a secret that ends with the plan, so they tell nothing of a row.
"""

import os
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from kongadmin.declarative.kinds import KINDS, Kind
from kongadmin.fields import DigestField

BYTES = 16


class Prints:
    """The short forms of one plan."""

    def __init__(self) -> None:
        # Begins with the secret: to copy it is quicker than to begin again.
        self.begun = blake2b(digest_size=BYTES, key=os.urandom(32))
        self.claims = {
            kind.name: [
                (bytes((number, which)), names)
                for which, names in enumerate(unique_in_clear(kind))
            ]
            for number, kind in enumerate(KINDS.values())
        }

    def short(self, said: bytes) -> bytes:
        begun = self.begun.copy()
        begun.update(said)
        return begun.digest()

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

    def key(self, prefix: bytes, parts: Sequence) -> bytes | None:
        texts = [part.hex if type(part) is UUID else part for part in parts]
        if None in texts:
            return None
        return self.short(prefix + "\0".join(texts).encode("utf-8", "surrogatepass"))

    def named(self, kind: Kind, name: str, text: str) -> bytes | None:
        """Return the key of what a unique text names, None if that is not unique."""
        claims = self.claims[kind.name]
        prefix = next((prefix for prefix, names in claims if names == (name,)), None)
        return prefix and self.key(prefix, [text])


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
