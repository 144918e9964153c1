"""Requests to a control plane with plugins that limit rates, at any time of day."""

from datetime import UTC, datetime

from kongadmin.gateway.decision import Decision, Identity
from kongadmin.gateway.plane import Plane, decide
from kongadmin.gateway.plugins import Instance
from kongadmin.gateway.request import Request, header_variable


def at(text: str) -> float:
    """Return a time of 1 March 2025, or any other that is written in full."""
    day = "" if "T" in text else "2025-03-01T"
    return datetime.fromisoformat(f"{day}{text}").replace(tzinfo=UTC).timestamp()


def send(
    *instances: Instance,
    now: str | float = "10:00:00",
    ip: str = "203.0.113.9",
    identity: Identity | None = None,
    headers: dict | None = None,
    target: str = "/anything",
    service: str | None = None,
    route: str | None = None,
    overrides: dict | None = None,
    plane: str = "id-9",
    counts: bool = True,
    story: list | None = None,
) -> Decision:
    """Send a request of somebody already recognised; return what was decided."""
    given = {header_variable(name): value for name, value in (headers or {}).items()}
    decision = Decision(
        Request(
            "GET",
            given,
            "",
            target=target,
            client_ip=ip,
            service=service,
            route=route,
        ),
        plane=Plane(plane, instances, overrides=overrides),
        now=at(now) if isinstance(now, str) else now,
    )
    decision.identity, decision.counts, decision.story = identity, counts, story
    return decide(decision)


def shown(decision: Decision) -> dict[str, str]:
    """Return the headers that the client gets, each once."""
    names = [name for name, _ in decision.headers]
    assert len(names) == len(set(names))
    return dict(decision.headers)
