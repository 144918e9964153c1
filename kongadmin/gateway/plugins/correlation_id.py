"""correlation-id: a header by which a request can be followed through the logs.

Source of the rules: kong/plugins/correlation-id/handler.lua. WSGI does not number
connections; `tracker` has the number of the request in their place.
"""

import os
from collections.abc import Callable, Iterator
from itertools import count
from uuid import uuid4

from kongadmin.gateway.decision import Decision, printable
from kongadmin.gateway.plugins.base import Handler, Instance
from kongadmin.gateway.request import header_text, header_variable

requests: Iterator[int] = count(1)
worker: dict[int, str] = {}


def new_uuid(decision: Decision) -> str:
    return str(uuid4())


def counted_uuid(decision: Decision) -> str:
    """Return the same id for all requests of a process, then the request's number."""
    own = worker.setdefault(os.getpid(), str(uuid4()))
    return f"{own}#{next(requests)}"


def tracker(decision: Decision) -> str:
    """Return where and when a request came in."""
    sent = decision.request.headers
    address, port = sent.get("SERVER_NAME", ""), sent.get("SERVER_PORT", "")
    number = next(requests)
    return f"{address}-{port}-{os.getpid()}-{number}-1-{decision.now:.3f}"


GENERATORS: dict[str, Callable[[Decision], str]] = {
    "uuid": new_uuid,
    "uuid#counter": counted_uuid,
    "tracker": tracker,
}


class CorrelationID(Handler):
    """Gives each request an id, unless it has come with one."""

    is_repeatable = False

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        config = instance.config
        self.name = config.get("header_name") or "Kong-Request-ID"
        self.variable = header_variable(self.name)
        self.generate = GENERATORS[config.get("generator") or "uuid#counter"]
        self.echoes = config.get("echo_downstream", False)

    def access(self, decision: Decision) -> None:
        given = decision.request.headers.get(self.variable)
        text = printable(header_text(given)) if given else self.generate(decision)
        header = (self.name, text)
        if not given:
            decision.upstream += (header,)
        if self.echoes:
            decision.headers += (header,)
