"""The authorizer as WSGI callables.

`proxy` is the proxy listener: it answers any request as Kong would up to the point of
proxying it. `dataplane` is the endpoint that reverse proxies ask. It believes headers
that they set, so it belongs behind a server that tells X-Forwarded-Uri from a client's
X_Forwarded_Uri: gunicorn drops the latter, granian takes one for the other.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import quote, unquote

from kongadmin.gateway.answer import Answer, Headers, allow, deny, new_request_id
from kongadmin.gateway.decision import (
    AWAY,
    FORBIDDEN,
    MISCONFIGURED,
    NOT_FOUND,
    UNKNOWN_PLANE,
    Decision,
    Refusal,
)
from kongadmin.gateway.flavours import FLAVOURS
from kongadmin.gateway.plane import decide
from kongadmin.gateway.request import LARGEST_BODY, Request
from kongadmin.gateway.store import Store, View
from kongadmin.gateway.unavailable import Unavailable
from kongadmin.gateway.usage import Usage
from kongadmin.peers import is_trusted

DATAPLANE = "/dataplane/v1/"
WORD = re.compile(r"\w*")

StartResponse = Callable[[str, Headers], object]

logger = logging.getLogger(__name__)
store = Store()
usage = Usage()
is_trusted_peer = lru_cache(4096)(is_trusted)


def proxy(environ: dict, start_response: StartResponse) -> Iterable[bytes]:
    """Answer any request to the proxy listener, in the control plane `default`."""
    method, query = environ["REQUEST_METHOD"], environ["QUERY_STRING"]
    request = Request(method, environ, query, read_body)
    decision = judge("default", request)
    if decision.refusal is None:
        answer = allow(decision)
    else:
        answer = deny(decision, environ.get("HTTP_ACCEPT", ""))
    return send(answer, environ, start_response)


def dataplane(environ: dict, start_response: StartResponse) -> Iterable[bytes]:
    """Answer `/dataplane/v1/{control plane}/auth/{flavour}[/rest]`."""
    accept = environ.get("HTTP_ACCEPT", "")
    raw = environ.get("RAW_URI") or quote(environ["PATH_INFO"], encoding="latin-1")
    plane_ref, _, way = raw.partition(DATAPLANE)[2].partition("/auth/")
    name = WORD.match(way)[0]
    target = way.removeprefix(name)
    flavour = FLAVOURS.get(name)
    if not flavour or "/" in plane_ref or not flavour.takes(target):
        answer = deny(refused(NOT_FOUND), accept)
        return send(answer, environ, start_response)
    request = flavour.original(environ, read_body, target)
    if not is_trusted_peer(environ["REMOTE_ADDR"]):
        decision = refused(FORBIDDEN)
    elif request is None:
        logger.error("The %s in front did not say which request it is about.", name)
        decision = refused(MISCONFIGURED)
    else:
        decision = judge(unquote(plane_ref), request)
    return send(flavour.answer(decision, accept), environ, start_response)


def refused(refusal: Refusal) -> Decision:
    """Return the decision about a request that no control plane has judged."""
    return Decision(None, refusal, request_id=new_request_id())


def judge(
    plane_ref: str,
    request: Request,
    story: list | None = None,
    known: View | None = None,
) -> Decision:
    """Decide about a request to the control plane with that name or id.

    What happens is told to `story`. With a view of one's own as `known` the request
    does not count and leaves no trace.
    """
    now = time.time()
    decision = Decision(request, now=now, request_id=new_request_id())
    decision.story, decision.counts = story, known is None
    try:
        decision.known = known = known or store.current()
        decision.plane = known.plane(plane_ref)
        if decision.plane is None:
            decision.refusal = UNKNOWN_PLANE
            return decision
        decide(decision)
    except Unavailable:
        decision.refusal = AWAY
    if decision.counts and decision.plane:
        usage.note(decision)
    return decision


def read_body(environ: dict) -> bytes:
    """Return the body, or so much of it that it can be seen to be too long.

    A server that does not end what is read with the body waits for more of it.
    """
    most, length = LARGEST_BODY + 1, environ.get("CONTENT_LENGTH") or ""
    if not environ.get("wsgi.input_terminated"):
        most = min(most, int(length[:9])) if length.isdecimal() else 0
    return environ["wsgi.input"].read(most)


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
