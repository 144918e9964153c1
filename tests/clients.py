"""A listener in this process, asked in the bytes that a client would send."""

import http.client
import io
import json as json_format
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partialmethod
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import set_script_prefix, set_urlconf

from servers import Answer

FORM = "application/x-www-form-urlencoded"


class Client:
    """Sends requests to a WSGI callable; paths go out exactly as they are given.

    `headers` are sent with every request; those of one request are added to them.
    """

    def __init__(self, application: Callable, headers: dict | None = None) -> None:
        self.application = application
        self.headers = {"Host": "localhost:8001", **(headers or {})}

    def ask(
        self,
        method: str,
        target: str,
        *,
        json: Any = None,
        form: dict | str | None = None,
        body: bytes | None = None,
        headers: dict | None = None,
    ) -> Answer:
        headers = {**self.headers, **(headers or {})}
        if json is not None:
            body = json_format.dumps(json).encode()
            headers.setdefault("Content-Type", "application/json")
        if form is not None:
            text = form if isinstance(form, str) else urllib.parse.urlencode(form, True)
            body = text.encode()
            headers.setdefault("Content-Type", FORM)
        with kept_connection():
            return self.call(environ(method, target, body, headers))

    def call(self, environ: dict) -> Answer:
        started: list = []
        chunks = self.application(environ, lambda *given: started.extend(given))
        content = b"".join(chunks)
        close(chunks)
        headers = http.client.HTTPMessage()
        for name, value in started[1]:
            headers[name] = value
        return Answer(int(started[0].split()[0]), headers, content)

    get = partialmethod(ask, "GET")
    head = partialmethod(ask, "HEAD")
    options = partialmethod(ask, "OPTIONS")
    post = partialmethod(ask, "POST")
    put = partialmethod(ask, "PUT")
    patch = partialmethod(ask, "PATCH")
    delete = partialmethod(ask, "DELETE")


@contextmanager
def kept_connection() -> Iterator[None]:
    """Leave the test its transaction, and the routes that were in force before."""
    signals = request_started, request_finished
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)
        set_urlconf(None)
        set_script_prefix("/")


def close(chunks: Iterable[bytes]) -> None:
    if hasattr(chunks, "close"):
        chunks.close()


def environ(method: str, target: str, body: bytes | None, headers: dict) -> dict:
    """Return what gunicorn would pass on for the request."""
    path, _, query = target.encode().decode("latin-1").partition("?")
    given = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": urllib.parse.unquote(path, "latin-1"),
        "RAW_URI": target.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8001",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": io.StringIO(),
    }
    if body is not None:
        given["CONTENT_LENGTH"] = str(len(body))
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        given[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return given


def core_entities(plane, path: str = "") -> str:
    """Return where Konnect has the core entities of a control plane."""
    return f"/v2/control-planes/{plane.pk}/core-entities/{path}"
