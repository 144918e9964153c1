"""OAuth 2.0 clients and their access tokens: read, verified, written; no Django.

Tokens are made by the thousand without anybody configuring anything, so that they are
not in the change log.
"""

import hashlib
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from hmac import compare_digest

from uuid_utils import uuid7

from kongadmin.gateway.credentials import (
    GROUPS,
    Credential,
    decrypted,
    from_base64,
    id_text,
    identity,
    keyring,
    read_named,
)
from kongadmin.gateway.database import Database

HASHED = re.compile(r"\$pbkdf2-sha512\$i=(\d+),l=(\d+)\$([^$]+)\$([^$]+)")


@dataclass(frozen=True, slots=True)
class Client:
    """How a client proves that it is one; `secret` may be a hash (see `hashed`)."""

    secret: str | None
    is_hashed: bool
    is_public: bool

    def knows(self, given: str) -> bool:
        """Say whether a secret is the client's; a public client has none."""
        if self.is_public or not self.secret:
            return False
        known = rehashed(given, self.secret) if self.is_hashed else given
        return compare_digest(octets(known), octets(self.secret))


@dataclass(frozen=True, slots=True)
class Granted:
    """What an access token was given for."""

    scope: str | None
    user: str | None


def octets(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def rehashed(given: str, stored: str) -> str:
    """Return a secret as it is stored, hashed with the salt of the one that is."""
    matched = HASHED.fullmatch(stored)
    if not matched:
        return ""
    rounds, length, salt, _ = matched.groups()
    digest = hashlib.pbkdf2_hmac(
        "sha512",
        octets(given),
        from_base64(salt.encode()) or b"",
        int(rounds),
        int(length),
    )
    text = b64encode(digest).decode().rstrip("=")
    return f"{stored.rpartition('$')[0]}${text}"


def read_client(database: Database, scope_id: str, client_id: str) -> Credential | None:
    """Return the client of that client ID; one query."""
    columns = "client_secret", "hash_secret", "client_type"
    found = read_named(database, scope_id, "oauth2", ("client_id", client_id), *columns)
    if not found:
        return None
    who, [secret, is_hashed, kind] = found
    client = Client(decrypted(secret), bool(is_hashed), kind == "public")
    return Credential(who, client)


def read_access_token(
    database: Database, scope_id: str, *digests: bytes
) -> Credential | None:
    """Return whose an access token is, expired or not, and what for; one query.

    `digests` are all that it may be stored under.
    """
    places = ", ".join(["%s"] * len(digests))
    found = database.rows(
        "SELECT c.id, c.username, c.custom_id, g.name, k.id, k.client_id, "  # noqa: S608
        "t.granted, t.authenticated_userid, t.created_at, t.expires_in, t.expires_at "
        "FROM consumers_oauth2token t "
        "JOIN consumers_oauth2 k ON k.id = t.credential_id "
        f"JOIN consumers_consumer c ON c.id = k.consumer_id {GROUPS} "
        f"WHERE t.scope_id = %s AND t.access_token_digest IN ({places})",
        database.id(scope_id),
        *digests,
    )
    if not found:
        return None
    credential_id, client_id, scope, user, created_at, seconds, end = found[0][4:]
    ends = [database.seconds(end)] if end else []
    if seconds > 0:
        ends.append(database.seconds(created_at) + seconds)
    who = identity(
        found,
        credential_id=id_text(credential_id),
        kind="oauth2",
        identifier=client_id,
        expires_at=min(ends, default=None),
    )
    return Credential(who, Granted(scope, user))


def new_token() -> str:
    """Return 32 characters that nobody guesses."""
    return secrets.token_urlsafe(24)


def write_access_token(
    database: Database,
    scope_id: str,
    client_id: str,
    token: str,
    granted: Granted,
    now: float,
    expires_in: int,
    kept_for: int | None,
) -> None:
    """Store a new access token of the client with that id.

    It is valid for `expires_in` seconds (0: for ever) and stored for `kept_for`.
    """
    values = {
        "id": database.id(str(uuid7())),
        "scope_id": database.id(scope_id),
        "credential_id": database.id(client_id),
        "created_at": database.moment(now),
        "updated_at": database.moment(now),
        "access_token": keyring.encrypt(token),
        "access_token_digest": keyring.digest(token),
        "token_type": "bearer",
        "expires_in": expires_in,
        "authenticated_userid": granted.user,
        "granted": granted.scope,
        "expires_at": database.moment(now + kept_for if kept_for else None),
    }
    places = ", ".join(["%s"] * len(values))
    database.rows(
        f"INSERT INTO consumers_oauth2token ({', '.join(values)}) VALUES ({places})",  # noqa: S608
        *values.values(),
    )
