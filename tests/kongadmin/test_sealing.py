"""Documents with secrets in them, as the database holds them."""

import json

import pytest

from kongadmin.crypto import Keyring, UnknownSecretKey
from kongadmin.sealing import SEALED, Secret, seal, unseal

KEYRING = Keyring(["a-key-of-more-than-thirty-two-characters"])


def document(mark: type[str] = str) -> dict:
    nodes = [{"host": "a", "pass": mark("one")}, {"host": "b", "pass": mark("two")}]
    return {"limit": 5, "redis": {"nodes": nodes, "password": mark("three")}}


def stored(sealed: dict) -> dict:
    """What comes back from a JSON column, whose keys may have changed places."""
    return json.loads(json.dumps(sealed, sort_keys=True))


def test_secrets_are_kept_apart_and_everything_else_as_it_was() -> None:
    sealed = seal(document(Secret), KEYRING)

    nodes = [{"host": "a", "pass": None}, {"host": "b", "pass": None}]
    assert isinstance(sealed.pop(SEALED), str)
    assert sealed == {"limit": 5, "redis": {"nodes": nodes, "password": None}}


def test_a_sealed_document_opens_to_what_it_was() -> None:
    assert unseal(stored(seal(document(Secret), KEYRING)), KEYRING) == document()


def test_a_document_without_secrets_stays_as_it_is() -> None:
    assert seal(document(), KEYRING) == unseal(document(), KEYRING) == document()


def test_a_sealed_document_needs_its_key() -> None:
    sealed = seal(document(Secret), KEYRING)

    with pytest.raises(UnknownSecretKey):
        unseal(sealed, Keyring(["another-key-of-thirty-two-characters"]))
