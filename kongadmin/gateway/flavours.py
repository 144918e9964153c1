"""How proxies ask: which headers carry the original request, and what they expect.

Each flavour reads exactly one set of headers. A proxy hands on what its client sent, so
reading any other set would let the client choose the request that is judged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from kongadmin.gateway.answer import (
    IDENTITY_HEADERS,
    Answer,
    allow,
    deny,
    status_line,
)
from kongadmin.gateway.decision import UNKNOWN_PLANE, Decision
from kongadmin.gateway.request import Request

# nginx takes all headers of an answer in 4 KiB.
LONGEST_BODY_AS_HEADER = 2048


@dataclass(frozen=True, slots=True)
class Flavour:
    """What one kind of proxy sends and expects.

    `method`, `uri`, `client_ip`, `protocol` and `host` are header names in CGI's
    spelling.
    Without the first two the proxy repeats the original request itself, path and body
    included; its own parameters are headers then, else the query of our own address.
    `may_hold` says whether it repeats decisions by itself if it is told how long.
    """

    method: str = ""
    uri: str = ""
    client_ip: str = ""
    protocol: str = ""
    host: str = "HTTP_HOST"
    only_401_and_403: bool = False
    may_hold: bool = False

    @property
    def repeats(self) -> bool:
        return not self.uri

    def takes(self, target: str) -> bool:
        """Say whether this may follow our own address."""
        return target[:1] in (("", "/", "?") if self.repeats else ("", "?"))

    def original(
        self, environ: dict, read: Callable[[Mapping], bytes], target: str
    ) -> Request | None:
        """Return the request to judge; None if the proxy did not say what it was.

        `target` is what follows our own address: the original path and query of those
        that repeat them.
        """
        if self.repeats:
            return Request(
                environ["REQUEST_METHOD"],
                environ,
                environ["QUERY_STRING"],
                read,
                target=target or "/",
                service=environ.get("HTTP_X_AUTH_SERVICE"),
                route=environ.get("HTTP_X_AUTH_ROUTE"),
            )
        method, uri = environ.get(self.method), environ.get(self.uri)
        if not method or not uri:
            return None
        own = own_parameters(environ["QUERY_STRING"])
        return Request(
            method,
            environ,
            uri.partition("?")[2],
            target=uri,
            host=environ.get(self.host) or environ.get("HTTP_HOST"),
            client_ip=self.client_of(environ),
            protocol=environ.get(self.protocol) or "HTTP/1.1",
            service=own.get("service"),
            route=own.get("route"),
        )

    def client_of(self, environ: dict) -> str | None:
        """Return the client's address; None if X-Forwarded-For is this proxy's way.

        Where it is not, X-Forwarded-For is what a client wrote.
        """
        if not self.client_ip:
            return None
        return environ.get(self.client_ip) or environ["REMOTE_ADDR"]

    def answer(self, decision: Decision, accept: str) -> Answer:
        """Return what tells the proxy to pass the request on, or what to answer."""
        if decision.refusal is None:
            status, headers, body = allow(decision)
            headers += [
                ("X-Auth-Decision", "allow"),
                ("x-envoy-auth-headers-to-remove", to_remove(decision)),
            ]
            if self.may_hold:
                headers += time_to_hold(decision)
            return status, headers, body
        status, headers, body = deny(decision, accept)
        if decision.refusal is UNKNOWN_PLANE or self.misreads(decision.status):
            status = status_line(403)
        headers += [
            ("X-Auth-Decision", "deny"),
            ("X-Auth-Status", str(decision.status)),
        ]
        if self.only_401_and_403:
            headers += body_as_header(body)
        return status, headers, body

    def misreads(self, status: int) -> bool:
        """Say whether a refusal of that status would not arrive as one.

        A plugin may end a request with any status; 2xx would let it pass.
        """
        return status < 300 or (self.only_401_and_403 and status in range(402, 500))


# What proxies are told to send that have no names of their own for it.
TOLD = (
    "HTTP_X_ORIGINAL_METHOD",
    "HTTP_X_ORIGINAL_URI",
    "HTTP_X_REAL_IP",
    "HTTP_X_ORIGINAL_PROTOCOL",
)
FORWARDED = ("HTTP_X_FORWARDED_METHOD", "HTTP_X_FORWARDED_URI")
FLAVOURS = {
    "nginx": Flavour(
        *TOLD, "HTTP_X_ORIGINAL_HOST", only_401_and_403=True, may_hold=True
    ),
    "haproxy": Flavour(*TOLD),
    "apache": Flavour(*TOLD),
    "envoy": Flavour(),
    "traefik": Flavour(*FORWARDED, host="HTTP_X_FORWARDED_HOST"),
    "caddy": Flavour(*FORWARDED, host="HTTP_X_FORWARDED_HOST"),
}


@lru_cache(256)
def own_parameters(query: str) -> dict[str, str]:
    """Return what the query of our own address says: `service`, `route`, `cache`."""
    return dict(parse_qsl(query))


def time_to_hold(decision: Decision) -> list[tuple[str, str]]:
    """Return for how many seconds nginx may repeat a decision, if it asks by `cache`.

    Also by which headers of the client the decision has to be told from others.
    """
    query = decision.request.headers["QUERY_STRING"]
    wanted = own_parameters(query).get("cache", "") if query else ""
    if not wanted.isdecimal():
        return []
    plane = decision.plane
    if not plane.is_repeatable:
        return [("X-Accel-Expires", "0")]
    seconds = int(wanted[:9])
    if decision.until is not None:
        seconds = max(0, min(seconds, int(decision.until - decision.now)))
    headers = [("X-Accel-Expires", str(seconds))]
    if plane.credential_headers:
        headers.append(("Vary", ", ".join(plane.credential_headers)))
    return headers


def to_remove(decision: Decision) -> str:
    """Return which headers of the client must not reach the upstream service."""
    given = {name for name, _ in decision.upstream_headers}
    names = [name for name in IDENTITY_HEADERS if name not in given]
    return ",".join([*names, *decision.hidden])


def body_as_header(body: list[bytes]) -> list[tuple[str, str]]:
    """Return the body as a header, for a proxy that drops bodies; none if it is long.

    In every type that a refusal has, a line break is as good as a space.
    """
    text = b"".join(body).decode()
    if len(text) > LONGEST_BODY_AS_HEADER:
        return []
    return [("X-Auth-Body", " ".join(text.split("\n")))]
