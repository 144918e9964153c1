"""The authorizer as WSGI callables.

`proxy` is the proxy listener: it answers any request as Kong would up to the point of
proxying it. `dataplane` is the endpoint that reverse proxies ask. It believes headers
that they set, so it belongs behind a server that tells X-Forwarded-Uri from a client's
X_Forwarded_Uri: gunicorn drops the latter, granian takes one for the other.
"""

import logging
import time
from collections.abc import Callable, Iterable
from functools import lru_cache, partial

from kongadmin.gateway.answer import Answer, Headers, allow, deny, new_request_id
from kongadmin.gateway.flavours import FLAVOURS
from kongadmin.gateway.identify import (
    FAILED,
    FORBIDDEN,
    MISCONFIGURED,
    NOT_FOUND,
    UNKNOWN_PLANE,
    Decision,
    decide,
)
from kongadmin.gateway.last_used import LastUsed
from kongadmin.gateway.request import Request
from kongadmin.gateway.store import Store, Unavailable
from kongadmin.peers import is_trusted

DATAPLANE = "/dataplane/v1/"
LARGEST_BODY = 1_048_576

StartResponse = Callable[[str, Headers], object]

logger = logging.getLogger(__name__)
store = Store()
last_used = LastUsed()
is_trusted_peer = lru_cache(4096)(is_trusted)


def proxy(environ: dict, start_response: StartResponse) -> Iterable[bytes]:
    """Answer any request to the proxy listener, in the control plane `default`."""
    request = Request(
        environ["REQUEST_METHOD"],
        environ,
        environ["QUERY_STRING"],
        partial(read_body, environ),
    )
    request_id = new_request_id()
    decision = judge("default", request)
    if decision.status == 200:
        answer = allow(decision, request_id)
    else:
        answer = deny(decision, request_id, environ.get("HTTP_ACCEPT", ""))
    return send(answer, environ, start_response)


def dataplane(environ: dict, start_response: StartResponse) -> Iterable[bytes]:
    """Answer `/dataplane/v1/{control plane}/auth/{flavour}[/rest]`."""
    request_id, accept = new_request_id(), environ.get("HTTP_ACCEPT", "")
    path = environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"]
    plane_ref, _, way = path.partition(DATAPLANE)[2].partition("/auth/")
    name, slash, _ = way.partition("/")
    flavour = FLAVOURS.get(name)
    if not flavour or "/" in plane_ref or (slash and not flavour.repeats):
        answer = deny(NOT_FOUND, request_id, accept)
        return send(answer, environ, start_response)
    request = flavour.original(environ, partial(read_body, environ))
    if not is_trusted_peer(environ["REMOTE_ADDR"]):
        decision = FORBIDDEN
    elif request is None:
        logger.error("The %s in front did not say which request it is about.", name)
        decision = MISCONFIGURED
    else:
        decision = judge(plane_ref, request)
    answer = flavour.answer(decision, request_id, accept)
    return send(answer, environ, start_response)


def judge(plane_ref: str, request: Request) -> Decision:
    """Decide about a request to the control plane with that name or id."""
    now = time.time()
    try:
        known = store.current()
        plane = known.plane(plane_ref)
        if plane is None:
            return UNKNOWN_PLANE
        decision = decide(plane, request, known, now)
    except Unavailable:
        return FAILED
    if decision.identity and decision.identity.credential_id:
        last_used.note(decision.identity.credential_id, now)
    return decision


def read_body(environ: dict) -> bytes:
    """Return the body; nothing if it is longer than a body with a key would be."""
    body = environ["wsgi.input"].read(LARGEST_BODY + 1)
    return body if len(body) <= LARGEST_BODY else b""


def send(
    answer: Answer, environ: dict, start_response: StartResponse
) -> Iterable[bytes]:
    """Hand the answer to the server."""
    status, headers, body = answer
    if environ.get("SERVER_SOFTWARE") != "Granian":
        headers = [
            (name, value.encode().decode("latin-1"))
            for name, value in headers
            if name != "Server"
        ]
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else body
