"""A throw-away PostgreSQL cluster of the test run's own, never one already there."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

OLDEST = 15
USER = "postgres"
INITDB = ["--auth=trust", "--locale=C.UTF-8", "--encoding=UTF8", "--no-sync"]
# The server outlives every process that a test kills, so what it has acknowledged is
# safe without waiting for the disk. Figures are taken with `durable`.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "log_min_messages": "fatal",
}


def find_programs() -> Path | None:
    """Return the folder with `initdb` and `postgres`, the newest version first."""
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    folders.sort(key=version, reverse=True)
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    usable = (f for f in folders if version(f) >= OLDEST and (f / "initdb").exists())
    return next(usable, None)


def version(folder: Path) -> int:
    """Return the major version of the server in `folder`, 0 without one."""
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True
        )
    except OSError:
        return 0
    return int(re.search(r"\d+", answer.stdout)[0])


def missing() -> str | None:
    """Return why no cluster can be made here, or None."""
    if find_programs() is None:
        return f"PostgreSQL server {OLDEST} or newer is not installed"
    return None


class Cluster:
    """A running server in a folder of its own, reached over a free TCP port."""

    def __init__(self, durable: bool = False) -> None:
        self.settings = SETTINGS | ({} if durable else QUICK)
        self.folder = Path(tempfile.mkdtemp(prefix="kongadmin-postgresql-"))
        self.programs = find_programs()
        self.as_user = unprivileged()
        if self.as_user:
            shutil.chown(self.folder, **self.as_user)
        self.start()

    def start(self) -> None:
        self.data, self.port = self.folder / "data", free_port()
        self.run("initdb", "-D", self.data, "-U", USER, *INITDB)
        self.launch()

    def launch(self) -> None:
        """Start the server, for the first time or after `halt`."""
        settings = {"unix_socket_directories": self.folder, **self.settings}
        options = [f"--{name}={value}" for name, value in settings.items()]
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [
                self.programs / "postgres",
                "-D",
                self.data,
                "-p",
                str(self.port),
                *options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            start_new_session=True,
            **self.identity(),
        )
        self.wait()

    def run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self.programs / program, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            **self.identity(),
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")

    def identity(self) -> dict:
        """Return who runs the server: never root, which PostgreSQL refuses."""
        return {**self.as_user, "extra_groups": []} if self.as_user else {}

    def wait(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                return psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if self.process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.05)
                    continue
                log = (self.folder / "log").read_text()
                raise RuntimeError(f"PostgreSQL did not start:\n{log}") from None

    def url(self, database: str) -> str:
        return f"postgres://{USER}@127.0.0.1:{self.port}/{database}"

    def halt(self, by: signal.Signals = signal.SIGINT) -> None:
        """End the server and every connection; by SIGINT nothing is lost."""
        self.process.send_signal(by)
        self.process.wait(30)

    def stop(self) -> None:
        """End the server without ceremony and remove everything it kept."""
        self.halt(by=signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


def unprivileged() -> dict | None:
    """Return the user and group to run the server as when root runs the tests."""
    if os.geteuid():
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def create_database(near: str, name: str, template: str | None = None) -> str:
    """Create a database in the cluster of the address `near`; return its address.

    With a `template` it begins as a copy of that database.
    """
    base = near.rpartition("/")[0]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{template or "template1"}"'
        )
    return f"{base}/{name}"


def drop_database(url: str) -> None:
    base, _, name = url.rpartition("/")
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
