"""The authorizer in the test's own process, asked as a WSGI server would.

Imports of the product wait until the run's settings are chosen.
"""

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest


@dataclass(frozen=True)
class Answer:
    """What the authorizer gave to the server."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    target: str = "/",
    method: str = "GET",
    headers: dict | None = None,
    body: bytes = b"",
    application: Callable | None = None,
    peer: str = "127.0.0.1",
) -> Answer:
    """Ask a WSGI callable as a client would; without one, the path's own."""
    from kongadmin.gateway import wsgi

    path, query = urlsplit(target).path, urlsplit(target).query
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": peer,
        "SERVER_SOFTWARE": "Granian",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
    }
    for name, value in (headers or {}).items():
        variable = name.upper().replace("-", "_")
        prefix = "" if variable == "CONTENT_TYPE" else "HTTP_"
        environ[prefix + variable] = value
    answered = {}

    def start_response(status: str, headers: list) -> None:
        names = [name.lower() for name, _ in headers]
        assert len(names) == len(set(names))
        answered.update(status=int(status[:3]), headers=dict(headers))

    own = wsgi.dataplane if path.startswith("/dataplane/") else wsgi.proxy
    body = (application or own)(environ, start_response)
    return Answer(body=b"".join(body), **answered)


@pytest.fixture(scope="session")
def disconnected_at_last(django_db_setup) -> Iterator[None]:
    """Leave no connection behind that keeps the test database from being dropped."""
    from kongadmin.gateway import wsgi

    yield
    wsgi.store.close()


@pytest.fixture
def settled() -> Callable:
    """Wait until the watcher has heard of everything so far; return the view left."""
    from kongadmin.gateway import wsgi

    def settle():
        view = None
        while view is not wsgi.store.view:
            view = wsgi.store.view
            time.sleep(0.5)
        return view

    return settle


@pytest.fixture
def gateway(transactional_db, disconnected_at_last) -> Iterator[Callable[..., Answer]]:
    """`ask`, with an empty control plane `default` and nothing remembered."""
    from kongadmin import revision
    from kongadmin.gateway import wsgi
    from kongadmin.plugins.models import Plugin
    from realms.models import DEFAULT, ControlPlane

    if not ControlPlane.objects.filter(name=DEFAULT).exists():
        ControlPlane.objects.create(name=DEFAULT)
    Plugin.objects.all().delete()
    revision.bump()
    yield ask
    wsgi.usage.pending.clear()


@pytest.fixture
def own_counters(tmp_path, monkeypatch) -> Iterator[None]:
    """Rate counters that nobody else has counted in."""
    from kongadmin.gateway import counters
    from kongadmin.gateway.counters.local import LocalCounters

    made = LocalCounters(tmp_path, map_bytes=1_000_000)
    monkeypatch.setattr(counters, "shared", lambda: made)
    monkeypatch.setattr(counters, "local", lambda: made)
    yield
    made.close()
