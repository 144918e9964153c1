"""The authorizer's own code, asked what would become of a request.

It reads through Django's connection, so that it sees what a page or a client sees, and
nothing is counted or remembered.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from kongadmin.gateway.database import Database
from kongadmin.gateway.decision import Decision
from kongadmin.gateway.request import Request
from kongadmin.gateway.store import View
from kongadmin.gateway.wsgi import judge
from realms.models import ControlPlane


class Borrowed:
    """Django's connection, with the methods that the authorizer's own one has."""

    id = staticmethod(Database.id)

    def rows(self, statement: str, *values: Any) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    find = rows

    def seconds(self, value: datetime | None) -> float | None:
        """Return a stored time as seconds since 1970."""
        if value is None:
            return None
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()

    def document(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value


def ask(read: Callable[..., Any], *values: Any) -> Any:
    return read(Borrowed(), *values)


def look_on() -> View:
    """Return a view that remembers for one decision only."""
    return View(None, ask)


def explain(plane: ControlPlane, request: Request) -> Decision:
    """Return what would be decided about a request, with its story."""
    return judge(str(plane.pk), request, story=[], known=look_on())


def check(plane: ControlPlane, request: Request) -> Decision:
    """Decide about a request that counts, and tell its story."""
    return judge(str(plane.pk), request, story=[])
