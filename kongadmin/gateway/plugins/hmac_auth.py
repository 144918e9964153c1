"""hmac-auth, as Kong decides it.

What is signed is the request target as it was sent. The endpoints for proxies are given
it; a server that hands over only the decoded path (granian does) has it encoded anew,
so on the proxy listener a signature of a path with needless escapes does not match.

Source of the rules: kong/plugins/hmac-auth/access.lua; data-plane contract §2.2.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
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
from kongadmin.gateway.request import Request, header_text, header_variable

# Where a signature is looked for, in this order, and CGI's spelling.
HEADERS = {
    "Proxy-Authorization": "HTTP_PROXY_AUTHORIZATION",
    "Authorization": "HTTP_AUTHORIZATION",
}
# No value with a quote in it: such a pattern could take a long time to fail.
SIGNATURE = re.compile(
    r'\s*[Hh]mac\s*username="([^"]+)",\s*algorithm="([^"]+)",'
    r'\s*headers="([^"]+)",\s*signature="([^"]+)"'
)
DATES = ("HTTP_X_DATE", "HTTP_DATE")
DATE_FORMATS = (  # RFC 9110 §5.6.7
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %d %H:%M:%S %Y",
)


class Signature(NamedTuple):
    """What a client says about its signature, and the signature itself."""

    username: str
    algorithm: str
    headers: tuple[str, ...]
    value: bytes | None


class HMACAuth(Authentication):
    """A signature over parts of the request, made with a shared secret."""

    is_repeatable = False

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        config = instance.config
        realm = config.get("realm")
        challenge = f'hmac realm="{quoted(realm)}"' if realm else "hmac"
        self.headers = (("WWW-Authenticate", challenge),)
        self.missing = self.refusal("Unauthorized")
        self.outdated = self.refusal(
            "HMAC signature cannot be verified, a valid date or x-date header is "
            "required for HMAC Authentication"
        )
        self.unverifiable = self.refusal("HMAC signature cannot be verified")
        self.mismatch = self.refusal("HMAC signature does not match")
        self.clock_skew = config.get("clock_skew") or 300
        self.enforced = frozenset(config.get("enforce_headers") or ())
        self.algorithms = frozenset(config.get("algorithms") or ())
        self.checks_body = config.get("validate_request_body", False)
        self.hides = config.get("hide_credentials", False)

    def refusal(self, message: str) -> Refusal:
        return Refusal(401, message, self.headers)

    def identify(self, decision: Decision) -> Identity | Refusal:
        request = decision.request
        sent = [
            name for name, variable in HEADERS.items() if variable in request.headers
        ]
        if not sent:
            return self.missing
        if not self.is_recent(request.headers, int(decision.now)):
            return self.outdated
        signature = self.find(decision, sent)
        if signature is None or not self.takes(signature):
            return self.unverifiable
        credential = find(decision, read_hmac_auth, signature.username)
        if credential is None or not credential.secret:
            return self.unverifiable
        expected = signed(request, signature, credential.secret)
        if not hmac.compare_digest(expected, signature.value or b""):
            return self.mismatch
        if self.checks_body and not has_its_digest(request):
            return self.mismatch
        return credential.identity

    def is_recent(self, headers: Mapping[str, str], now: int) -> bool:
        """Say whether one of the dates differs from the time here by little enough."""
        dates = (parse_date(headers[name]) for name in DATES if name in headers)
        return any(
            date is not None and abs(now - date) <= self.clock_skew for date in dates
        )

    def find(self, decision: Decision, sent: list[str]) -> Signature | None:
        """Return the signature from the first header that has one."""
        for name in sent:
            if self.hides:
                decision.hidden += (name,)
            matched = SIGNATURE.match(decision.request.headers[HEADERS[name]])
            if matched:
                decision.tell("found", what="signature", place="header", name=name)
                username, algorithm, headers, value = matched.groups()
                return Signature(
                    header_text(username),
                    algorithm,
                    tuple(headers.split(" ")),
                    from_base64(value.encode()),
                )
        decision.tell("missing", what="signature", places=["header"], names=sent)
        return None

    def takes(self, signature: Signature) -> bool:
        """Say whether it is of a kind, and covers the headers, that are asked for."""
        is_known = signature.algorithm in self.algorithms
        return is_known and self.enforced.issubset(signature.headers)


@lru_cache(1024)
def parse_date(text: str) -> int | None:
    """Return the seconds since 1970 that a header names; None if it is no date."""
    for form in DATE_FORMATS:
        try:
            return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    return None


def signed(request: Request, signature: Signature, secret: str) -> bytes:
    """Return the signature that the holder of the secret makes of the request."""
    lines = "\n".join(line(request, name) for name in signature.headers)
    algorithm = signature.algorithm.removeprefix("hmac-")
    return hmac.digest(secret.encode(), octets(lines), algorithm)


def line(request: Request, name: str) -> str:
    """Return what stands for one name in the text that is signed."""
    variable = header_variable(name)
    is_host = variable == "HTTP_HOST"
    value = request.host if is_host else request.headers.get(variable)
    if value is not None:
        return f"{name}: {value}"
    if name == "@request-target":
        return f"{name}: {request.method.lower()} {request.target}"
    if name == "request-line":
        return f"{request.method} {request.target} {request.protocol}"
    return f"{name}:"


def octets(text: str) -> bytes:
    """Return the bytes that were sent, of which WSGI makes a character each."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode(errors="surrogateescape")


def has_its_digest(request: Request) -> bool:
    """Say whether the body is the one that the header Digest is about."""
    given = request.headers.get("HTTP_DIGEST")
    if given is None:
        return not request.body
    digest = b64encode(hashlib.sha256(request.body).digest()).decode()
    return hmac.compare_digest(f"SHA-256={digest}".encode(), octets(given))


def read_hmac_auth(
    database: Database, scope_id: str, username: str
) -> Credential | None:
    """Return the credential of that username with its secret; one query."""
    name = ("username", username)
    found = read_named(database, scope_id, "hmac-auth", name, "secret")
    if not found:
        return None
    identity, [secret] = found
    return Credential(identity, decrypted(secret))
