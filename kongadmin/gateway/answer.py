"""From a decision to an HTTP answer, as Kong words it."""

from functools import cache
from http import HTTPStatus
from random import getrandbits

from kongadmin.error_bodies import word
from kongadmin.gateway.decision import Decision
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
COMMON = (("Server", KONG_SERVER), ("Cache-Control", "no-store"))
EMPTY = b"{}"
ALLOWED = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("Content-Length", str(len(EMPTY))),
    *COMMON,
)


@cache
def status_line(status: int) -> str:
    """Return a status as WSGI wants it; operators may choose any number."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unknown"


def new_request_id() -> str:
    """Return 32 hexadecimal digits that no other request has."""
    return getrandbits(128).to_bytes(16).hex()  # an id is no secret


def allow(decision: Decision) -> Answer:
    """Return the answer that lets a request pass, with who it came from."""
    told, upstream = decision.headers, decision.upstream_headers
    if told and decision.upstream:
        # What both are told (an id of the request) stands here once.
        upstream = [header for header in upstream if header not in told]
    request_id = ("X-Kong-Request-Id", decision.request_id)
    return "200 OK", [*ALLOWED, request_id, *told, *upstream], [EMPTY]


def deny(decision: Decision, accept: str) -> Answer:
    """Return the refusal, worded in the type that `accept` prefers (Kong's "E1")."""
    refusal = decision.refusal
    content_type, body = refusal.content_type, refusal.body
    if body is None:
        content_type, body = word(refusal.message, decision.request_id, accept)
    headers = [
        ("Content-Length", str(len(body))),
        *COMMON,
        ("X-Kong-Request-Id", decision.request_id),
        *decision.headers,
        *refusal.headers,
    ]
    if content_type:
        headers.append(("Content-Type", content_type))
    return status_line(refusal.status), headers, [body]
