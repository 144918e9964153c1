"""How proxies ask: which headers carry the original request, and what they expect.

Each flavour reads exactly one set of headers. A proxy hands on what its client sent, so
reading any other set would let the client choose the request that is judged.
"""

from collections.abc import Callable
from dataclasses import dataclass

from kongadmin.gateway.answer import (
    IDENTITY_HEADERS,
    STATUS_LINES,
    Answer,
    allow,
    deny,
)
from kongadmin.gateway.identify import UNKNOWN_PLANE, Decision
from kongadmin.gateway.request import Request


@dataclass(frozen=True, slots=True)
class Flavour:
    """What one kind of proxy sends and expects.

    `method` and `uri` are header names in CGI's spelling. Without them the proxy
    repeats the original request itself, path and body included.
    """

    method: str = ""
    uri: str = ""
    only_401_and_403: bool = False

    @property
    def repeats(self) -> bool:
        return not self.uri

    def original(self, environ: dict, read: Callable[[], bytes]) -> Request | None:
        """Return the request to judge; None if the proxy did not say what it was."""
        if self.repeats:
            method, query = environ["REQUEST_METHOD"], environ["QUERY_STRING"]
            return Request(method, environ, query, read)
        method, uri = environ.get(self.method), environ.get(self.uri)
        if not method or not uri:
            return None
        return Request(method, environ, uri.partition("?")[2])

    def answer(self, decision: Decision, request_id: str, accept: str) -> Answer:
        """Return what tells the proxy to pass the request on, or what to answer."""
        if decision.status == 200:
            status, headers, body = allow(decision, request_id)
            headers += [
                ("X-Auth-Decision", "allow"),
                ("x-envoy-auth-headers-to-remove", to_remove(decision)),
            ]
            return status, headers, body
        status, headers, body = deny(decision, request_id, accept)
        if decision is UNKNOWN_PLANE or (
            self.only_401_and_403 and decision.status in range(402, 500)
        ):
            status = STATUS_LINES[403]
        headers += [
            ("X-Auth-Decision", "deny"),
            ("X-Auth-Status", str(decision.status)),
        ]
        return status, headers, body


FLAVOURS = {
    "nginx": Flavour("HTTP_X_ORIGINAL_METHOD", "HTTP_X_ORIGINAL_URI", True),
    "envoy": Flavour(),
    "traefik": Flavour("HTTP_X_FORWARDED_METHOD", "HTTP_X_FORWARDED_URI"),
    "caddy": Flavour("HTTP_X_FORWARDED_METHOD", "HTTP_X_FORWARDED_URI"),
}


def to_remove(decision: Decision) -> str:
    """Return which headers of the client must not reach the upstream service."""
    given = {name for name, _ in decision.identity.headers} if decision.identity else ()
    names = [name for name in IDENTITY_HEADERS if name not in given]
    return ",".join([*names, decision.hidden] if decision.hidden else names)
