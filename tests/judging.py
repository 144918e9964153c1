"""Requests judged by plugins in the test's own process: no server, no database."""

from collections.abc import Callable
from typing import Any

from kongadmin.gateway.decision import Decision, Identity
from kongadmin.gateway.plane import Plane, decide
from kongadmin.gateway.plugins import Instance
from kongadmin.gateway.request import Request, header_variable

NOW = 1_700_000_000.0
CARL = Identity("id-1", "carl", "c-7", "id-2", "key-auth", "id-2")
GUEST = Identity("id-3", "guest", None)


class Known:
    """A view in which `rows` are all that the database has.

    They are given by the function that reads them, then by what it is asked for.
    """

    def __init__(self, rows: dict[Callable, dict[Any, Any]] | None = None) -> None:
        self.rows = rows or {}

    def recall(self, read: Callable, plane: Plane, *values: Any) -> Any:
        return self.ask(read, plane.id, *values)

    def ask(self, read: Callable, scope_id: str, *values: Any) -> Any:
        [value] = values
        return self.rows.get(read, {}).get(value)

    def key(self, decision: Decision, key: str) -> Identity | None:
        return CARL if key == "k" else None

    def consumer(self, plane: Plane, ref: str) -> Identity | None:
        return GUEST if ref == "guest" else None


def plugin(name: str, /, **config: Any) -> Instance:
    """Return an instance of a plugin with what Kong fills in."""
    from kongadmin.plugins.models import Plugin

    given = {"name": name, "config": config}
    return Instance(name, Plugin.schema_for(given).fill(given)["config"])


def judged(
    *plugins: Instance,
    target: str = "/",
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    known: Known | None = None,
    now: float = NOW,
    counts: bool = True,
    **variables: Any,
) -> Decision:
    """Let plugins judge a request; `variables` are further ones of CGI."""
    given = {header_variable(name): value for name, value in (headers or {}).items()}
    query = target.partition("?")[2]
    request = Request(method, given | variables, query, lambda _: body, target=target)
    plane = Plane("id-9", plugins)
    decision = Decision(request, plane=plane, known=known or Known(), now=now)
    decision.counts = counts
    return decide(decision)


def outcome(*args: Any, **kwargs: Any) -> tuple[int, str]:
    """Return the status of a decision and what its client is told."""
    decision = judged(*args, **kwargs)
    return decision.status, decision.refusal.message if decision.refusal else ""
