"""The admin listener in one process whose clock can be moved, as a program.

    python clocked.py PORT

`POST /clock {"now": "<ISO instant>"}` stops the clock there, null lets it go on.
`GET /tokens` returns the bearer tokens that the contract's scenarios name.
"""

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.db import connections
from django.utils import timezone

from kongadmin.settings import DATABASE_THREADS

# Who has which role, and whether in one control plane only. Contract konnect §3.3.
PEOPLE = {
    "org_admin": ("super-admin", False),
    "org_reader": ("org-reader", False),
    "cp_admin_team": ("cp-admin", False),
    "cp_viewer": ("viewer", True),
    "cp_consumer_admin": ("editor", True),
    "no_role": ("", False),
}
REAL = time.time
stopped: dict[str, float] = {}


def seconds() -> float:
    return stopped.get("at") or REAL()


def replace_clocks() -> None:
    """Let the product's two clocks be one that can be stopped, before it is imported.

    Waiting is measured by another (time.monotonic), which goes on.
    """
    time.time = seconds
    timezone.now = lambda: datetime.fromtimestamp(seconds(), UTC)


def make_tokens() -> dict[str, str]:
    """Make a token for each of PEOPLE, used by the clock that goes on.

    One that was first used while the clock stood in the past would be too long unused
    afterwards.
    """
    from factories import make_control_plane, make_token, make_user
    from kongadmin.access.models import APIToken

    plane = make_control_plane(name="somewhere")
    tokens = {
        name: make_token(make_user(name, role, plane if is_bound else None))
        for name, (role, is_bound) in PEOPLE.items()
    }
    APIToken.objects.update(last_used_at=timezone.now())
    return tokens


class Handler(WSGIRequestHandler):
    def get_environ(self) -> dict:
        return {**super().get_environ(), "RAW_URI": self.path}

    def address_string(self) -> str:
        return self.client_address[0]  # and no name server is asked

    def log_message(self, *args: object) -> None:
        """Say nothing about every request."""


class PooledServer(ThreadingMixIn, WSGIServer):
    """A few threads that stay, for each keeps its connection to the database."""

    request_queue_size = 64
    pool = ThreadPoolExecutor(DATABASE_THREADS)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.pool.submit(self.process_request_thread, request, client_address)


def application(inner: Callable, tokens: dict[str, str]) -> Callable:
    """Return `inner` with the two addresses of this program."""

    def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in ("/clock", "/tokens"):
            return inner(environ, start_response)
        if environ["REQUEST_METHOD"] == "POST":
            length = int(environ["CONTENT_LENGTH"])
            move(json.loads(environ["wsgi.input"].read(length))["now"])
        body = json.dumps(tokens).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return answer


def move(instant: str | None) -> None:
    stopped.clear()
    if instant:
        stopped["at"] = datetime.fromisoformat(instant).timestamp()


def main(port: int) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    replace_clocks()
    django.setup()
    from django.core.management import call_command

    call_command("prepare")
    tokens = make_tokens()
    connections.close_all()  # what this thread keeps, requests would wait for
    from kongadmin.gateway import wsgi
    from kongadmin.listeners import admin

    # Nobody else writes here. Hearing late of what this process wrote would make it
    # forget what scenarios expect it to remember.
    wsgi.store.watcher = threading.main_thread()
    app = application(admin, tokens)
    make_server("127.0.0.1", port, app, PooledServer, Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
