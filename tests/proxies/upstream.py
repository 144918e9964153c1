"""A service behind a proxy: it answers with what it was asked."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket


class Echo(BaseHTTPRequestHandler):
    """Answers 200 to anything; `X-Upstream` says that the answer is its own."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        body = json.dumps(
            {
                "method": self.command,
                "target": self.path,
                "headers": headers,
                "body": self.read_body().decode(),
            }
        ).encode()
        self.send_response(200)
        self.send_header("X-Upstream", self.command)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


class Upstream(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: socket, client_address: object) -> None:
        """Print nothing of proxies that end while a connection is kept alive."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving() -> Iterator[int]:
    """Serve it in a thread; yield the port."""
    server = Upstream(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
