"""basic-auth, as Kong decides it.

Source of the rules: kong/plugins/basic-auth/access.lua; data-plane contract §2.1.
"""

import hashlib
import re
from hmac import compare_digest
from typing import NamedTuple

from kongadmin.gateway.credentials import (
    Credential,
    decrypted,
    find,
    from_base64,
    read_named,
)
from kongadmin.gateway.database import Database
from kongadmin.gateway.decision import Decision, Identity, Refusal, quoted
from kongadmin.gateway.plugins.base import Authentication, Instance

# Where name and password are looked for, in this order, and CGI's spelling.
HEADERS = {
    "Proxy-Authorization": "HTTP_PROXY_AUTHORIZATION",
    "Authorization": "HTTP_AUTHORIZATION",
}
BASIC = re.compile(r"\s*[Bb]asic\s*(.+)")
STRANGER = Credential(Identity("0" * 36, None, None), "0" * 40)


class Login(NamedTuple):
    """A name and a password as they were sent."""

    username: str
    password: bytes


class BasicAuth(Authentication):
    """A username and a password, told apart from a stranger's in no way."""

    credential_headers = tuple(HEADERS)

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        challenge = f'Basic realm="{quoted(instance.config.get("realm") or "service")}"'
        self.refused = Refusal(401, "Unauthorized", (("WWW-Authenticate", challenge),))
        self.hides = instance.config.get("hide_credentials", False)

    def identify(self, decision: Decision) -> Identity | Refusal:
        login = credential = None
        for name, variable in HEADERS.items():
            text = decision.request.headers.get(variable)
            if text is None:
                continue
            if self.hides:
                decision.hidden += (name,)
            login = read_login(text)
            if login:
                decision.tell("found", what="login", place="header", name=name)
                credential = find(decision, read_basic_auth, login.username)
            if credential:
                break
        if login is None:
            decision.tell("missing", what="login", places=["header"], names=[*HEADERS])
        return self.verified(login, credential) or self.refused

    def verified(
        self, login: Login | None, credential: Credential | None
    ) -> Identity | None:
        """Return who it is, if it is them; that takes as long for a stranger."""
        if login is None:
            return None
        known = credential or STRANGER
        given = password_digest(login.password, known.identity.consumer_id)
        matches = compare_digest(given, known.secret)
        return known.identity if matches and known is credential else None


def read_login(text: str) -> Login | None:
    """Return the name and the password in a header's value, if they are there."""
    matched = BASIC.match(text)
    decoded = matched and from_base64(matched[1].encode())
    if not decoded:
        return None
    username, colon, password = decoded.partition(b":")
    if not username or not colon:
        return None
    return Login(username.decode(errors="surrogateescape"), password)


def password_digest(password: bytes, consumer_id: str) -> str:
    """Return the digest that Kong stores of a password, in hexadecimal."""
    text = password + consumer_id.encode()
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


def read_basic_auth(
    database: Database, scope_id: str, username: str
) -> Credential | None:
    """Return the credential of that username with its password's digest; one query."""
    name = ("username", username)
    found = read_named(database, scope_id, "basic-auth", name, "password")
    if not found:
        return None
    identity, [password] = found
    return Credential(identity, decrypted(password))
