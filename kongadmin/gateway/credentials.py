"""Credentials as the authorizer reads them: whose they are, and what proves it."""

import re
from binascii import a2b_base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kongadmin.crypto import Keyring
from kongadmin.gateway.database import Database
from kongadmin.gateway.decision import Decision, Identity
from kongadmin.settings import SECRET_KEYS

# The groups of a consumer `c`, a row each; a consumer without any is one row.
GROUPS = (
    "LEFT JOIN groups_membership m ON m.consumer_id = c.id "
    "LEFT JOIN groups_consumergroup g ON g.id = m.consumer_group_id "
)
# What no database stores, so that nothing can be called that.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
LONGEST_REMEMBERED = 256

keyring = Keyring(SECRET_KEYS)


@dataclass(frozen=True, slots=True)
class Credential:
    """Who a credential belongs to, and the secret that proves to be them."""

    identity: Identity
    secret: Any = field(repr=False)


type Read = Callable[..., Credential | None]


def find(decision: Decision, read: Read, name: str) -> Credential | None:
    """Return the control plane's credential that `read` finds by its name, if any.

    Names come from clients: long ones are not remembered.
    """
    if UNSTORABLE.search(name):
        return None
    return look_up(decision, read, name, remembering=len(name) <= LONGEST_REMEMBERED)


def look_up(
    decision: Decision, read: Read, *values: str | bytes, remembering: bool = True
) -> Credential | None:
    """Return what `read` finds by some values, unless its time is over."""
    known, plane = decision.known, decision.plane
    is_new = decision.story is not None and not known.remembers(read, plane, *values)
    if remembering:
        credential = known.recall(read, plane, *values)
    else:
        credential = known.ask(read, plane.id, *values)
    end = credential and credential.identity.expires_at
    if end is not None and end <= decision.now:
        credential = None
    cached = "miss" if is_new else "hit"
    decision.tell(
        "source",
        source="cp",
        realm_id=None,
        result="hit" if credential else "miss",
        cache=cached if decision.counts else "bypass",
    )
    return credential


def read_named(
    database: Database, scope_id: str, kind: str, name: tuple[str, str], *columns: str
) -> tuple[Identity, list] | None:
    """Return who a credential belongs to, and its `columns`; one query.

    `name` is the column that finds it, and the value that it has to have.
    """
    column, value = name
    table = "consumers_" + kind.replace("-", "")
    wanted = ", ".join(f"k.{column}" for column in ("id", *columns))
    found = database.find(
        f"SELECT c.id, c.username, c.custom_id, g.name, {wanted} "  # noqa: S608
        f"FROM {table} k JOIN consumers_consumer c ON c.id = k.consumer_id "
        f"{GROUPS} WHERE k.scope_id = %s AND k.{column} = %s",
        database.id(scope_id),
        value,
    )
    if not found:
        return None
    *_, credential_id = found[0][:5]
    about = {"credential_id": id_text(credential_id), "kind": kind, "identifier": value}
    return identity(found, **about), list(found[0][5:])


def identity(found: list[tuple], **credential: Any) -> Identity:
    """Return the consumer of rows that begin with id, names, and a group each."""
    consumer_id, username, custom_id, *_ = found[0]
    groups = tuple(sorted({row[3] for row in found if row[3] is not None}))
    return Identity(
        id_text(consumer_id), username, custom_id, groups=groups, **credential
    )


def id_text(stored: str | UUID) -> str:
    """Return an id as people write it; SQLite stores its digits only."""
    return str(UUID(stored) if isinstance(stored, str) else stored)


def decrypted(stored: bytes | None) -> str | None:
    """Return the text of an encrypted column."""
    return None if stored is None else keyring.decrypt(bytes(stored))


def from_base64(digits: bytes) -> bytes | None:
    """Return what base64 stands for, as nginx reads it: padding may lack."""
    digits = digits.partition(b"=")[0]
    try:
        return a2b_base64(digits + b"=" * (-len(digits) % 4), strict_mode=True)
    except ValueError:
        return None
