"""A Redis of the tests' own: the real program, without anything on disk."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import servers
from programs import missing

PROGRAM = shutil.which("redis-server")
MISSING = missing("redis-server")


class RedisServer:
    """A Redis on a port that stays the same when it is stopped and started again."""

    def __init__(self, *options: str) -> None:
        [self.port] = servers.free_ports(1)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.options = options
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        assert self.try_to_start(), f"Redis does not start on port {self.port}"

    def try_to_start(self) -> bool:
        """Start it; say whether it answers, which it cannot on a port that is taken."""
        command = [PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", "/tmp"]  # noqa: S108
        self.process = subprocess.Popen(
            [*command, "--loglevel", "warning", *self.options]
        )
        while self.says("PING") != "+PONG":
            if self.process.poll() is not None:
                return False
            time.sleep(0.01)
        return True

    def says(self, command: str) -> str:
        """Return the first line of the answer to a command; "" without one."""
        return self.says_all(command).partition("\r\n")[0]

    def says_all(self, command: str) -> str:
        """Return the whole of a short answer."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(4096).decode()
        except OSError:
            return ""

    def stop(self) -> None:
        """End it at once, as a power cut would."""
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextmanager
def running(*options: str) -> Iterator[RedisServer]:
    """Run a Redis until `with` ends, on ports that nobody else has."""
    server = RedisServer(*options)
    try:
        while not server.try_to_start():
            server = RedisServer(*options)
        yield server
    finally:
        server.stop()
