"""From a decision to an HTTP answer, as Kong words it."""

import os
from http import HTTPStatus

from kongadmin.error_bodies import word
from kongadmin.gateway.identify import Decision
from kongadmin.settings import KONG_SERVER

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, list[bytes]]

# All that tells an upstream service who calls; a client must not send any of it.
IDENTITY_HEADERS = (
    "X-Consumer-ID",
    "X-Consumer-Custom-ID",
    "X-Consumer-Username",
    "X-Credential-Identifier",
    "X-Anonymous-Consumer",
    "X-Consumer-Groups",
    "X-Authenticated-Groups",
)
STATUS_LINES = {
    status: f"{status} {HTTPStatus(status).phrase}"
    for status in (401, 403, 404, 429, 500)
}
COMMON = (("Server", KONG_SERVER), ("Cache-Control", "no-store"))
EMPTY = b"{}"
ALLOWED = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("Content-Length", str(len(EMPTY))),
    *COMMON,
)


def new_request_id() -> str:
    """Return 32 hexadecimal digits that no other request has."""
    return os.urandom(16).hex()


def allow(decision: Decision, request_id: str) -> Answer:
    """Return the answer that lets a request pass, with who it came from."""
    headers = [*ALLOWED, ("X-Kong-Request-Id", request_id)]
    if decision.identity:
        headers += decision.identity.headers
    return "200 OK", headers, [EMPTY]


def deny(decision: Decision, request_id: str, accept: str) -> Answer:
    """Return the refusal, worded in the type that `accept` prefers (Kong's "E1")."""
    content_type, body = word(decision.message, request_id, accept)
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        *COMMON,
        ("X-Kong-Request-Id", request_id),
    ]
    if decision.challenge:
        headers.append(("WWW-Authenticate", decision.challenge))
    return STATUS_LINES[decision.status], headers, [body]
