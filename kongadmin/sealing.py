"""Documents of which some texts are secrets: those are kept encrypted, apart.

A sealed document has null wherever a secret was, and one ciphertext, under SEALED, of
all of them with their places. A document without secrets stays as it is, so opening it
costs one look-up.
"""

import json
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from typing import Any

from kongadmin.crypto import ID_BYTES, Keyring

SEALED = "$sealed"
KEY_DIGITS = 2 * ID_BYTES  # of a ciphertext in hexadecimal: which key wrote it


class Secret(str):
    """A text of a document that nobody may find in the database."""


def seal(document: dict, keyring: Keyring) -> dict:
    """Return what the database may hold of a document whose secrets are `Secret`s.

    The document loses its secrets.
    """
    secrets = list(secrets_in(document))
    if not secrets:
        return document
    for (*way, last), _ in secrets:
        reduce(getitem, way, document)[last] = None
    return document | {SEALED: keyring.encrypt(json.dumps(secrets)).hex()}


def unseal(document: dict, keyring: Keyring) -> dict:
    """Return the document that was sealed; the one given is used up.

    Raises UnknownSecretKey if its secrets were written with a key that is gone.
    """
    sealed = document.pop(SEALED, None)
    if sealed is not None:
        for (*way, last), secret in json.loads(keyring.decrypt(bytes.fromhex(sealed))):
            reduce(getitem, way, document)[last] = secret
    return document


def secrets_in(value: Any, place: tuple = ()) -> Iterator[tuple[tuple, Secret]]:
    """Yield every secret with its place: the keys and positions that lead to it."""
    if isinstance(value, Secret):
        yield place, value
    elif isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inner in pairs:
            yield from secrets_in(inner, (*place, step))
