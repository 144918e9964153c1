"""From a decision to an HTTP answer, as Kong words it."""

import html
import json
import os
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus

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
    kind = preferred_type(accept)
    body = BODIES[kind](decision.message, request_id).encode()
    headers = [
        ("Content-Type", f"{kind}; charset=utf-8"),
        ("Content-Length", str(len(body))),
        *COMMON,
        ("X-Kong-Request-Id", request_id),
    ]
    if decision.challenge:
        headers.append(("WWW-Authenticate", decision.challenge))
    return STATUS_LINES[decision.status], headers, [body]


@lru_cache(512)
def preferred_type(accept: str) -> str:
    """Return the type to answer in: that of the highest q, the first of equals.

    Types that are unknown here are answered in JSON.
    """
    best, kind = 0.0, "application/json"
    for choice in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in choice.split(";"))
        quality = quality_of(parameters)
        if media_type and quality > best:
            best, kind = quality, TYPES.get(media_type, "application/json")
    return kind


def quality_of(parameters: list[str]) -> float:
    """Return the q among the parameters of a media range; 1 if absent or no number."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0


def json_body(message: str, request_id: str) -> str:
    return (
        f'{{\n  "message":{json.dumps(message, ensure_ascii=False)},\n'
        f'  "request_id":"{request_id}"\n}}'
    )


def html_body(message: str, request_id: str) -> str:
    return (
        '<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n'
        "    <title>Error</title>\n  </head>\n  <body>\n    <h1>Error</h1>\n"
        f"    <p>{html.escape(message)}.</p>\n"
        f"    <p>request_id: {request_id}</p>\n  </body>\n</html>\n"
    )


def plain_body(message: str, request_id: str) -> str:
    return f"{message}\nrequest_id: {request_id}\n"


def xml_body(message: str, request_id: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n'
        f"  <message>{html.escape(message)}</message>\n"
        f"  <requestid>{request_id}</requestid>\n</error>\n"
    )


TYPES = {
    "text/html": "text/html",
    "text/plain": "text/plain",
    "text/*": "text/plain",
    "application/xml": "application/xml",
}
BODIES: dict[str, Callable[[str, str], str]] = {
    "application/json": json_body,
    "text/html": html_body,
    "text/plain": plain_body,
    "application/xml": xml_body,
}
