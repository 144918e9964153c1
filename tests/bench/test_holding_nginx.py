"""The rate of an nginx that holds decisions, as a share of nginx's that asks nobody.

All send requests on to the same upstream service: the barest WSGI callable, or, so that
nothing hides what it costs, an nginx that answers by itself. `BENCH=full` takes the
figures that count; otherwise it only shows that this still runs.
"""

import shutil
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

import servers
from bench.test_authorizer import (
    CONNECTIONS,
    FULL,
    ROUNDS,
    SECONDS,
    WRK_SCRIPT,
    load_with_python,
    load_with_wrk,
    serving,
)
from proxies import fronts
from servers import Server, ask

KEYS = 1_000 if FULL else 20
ALONE = """
upstream api { server 127.0.0.1:9000; keepalive 16; }
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_set_header Host $http_host;
        proxy_set_header Connection "";
        proxy_http_version 1.1;
        proxy_pass http://api;
    }
}
"""
UPSTREAM = """
server {
    listen 127.0.0.1:8080;
    keepalive_requests 1000000;
    location / { return 200 "hello"; }
}
"""


def alone(folder: Path, at: fronts.Addresses) -> list:
    """An nginx that asks nobody."""
    return fronts.run_nginx(folder, at.put_into(ALONE))


def trivial(folder: Path, at: fronts.Addresses) -> list:
    """An nginx that is its own upstream service."""
    return fronts.run_nginx(folder, at.put_into(UPSTREAM))


MEASURED = {"alone": alone} | {
    name: front for name, front in fronts.HOLDING.items() if not fronts.missing(name)
}


class Figures(NamedTuple):
    """Requests a second, and the seconds of processors that nginx spent on one."""

    rate: float
    spent: float


@dataclass(frozen=True)
class Running:
    """An nginx: where it listens, and its first process."""

    port: int
    pid: int

    def seconds(self) -> float:
        """Return how long its workers have run on a processor."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        times = (Path(f"/proc/{pid}/schedstat").read_text() for pid in children.split())
        return sum(int(each.split()[0]) for each in times) / 1e9


def make_keys(admin: str) -> list[str]:
    """Make the control plane `held` with a consumer that has KEYS keys; return them."""
    ask(f"{admin}/workspaces", "POST", json={"name": "held"})
    ask(f"{admin}/held/plugins", "POST", json={"name": "key-auth"})
    ask(f"{admin}/held/consumers", "POST", json={"username": "bench"})
    url = f"{admin}/held/consumers/bench/key-auth"
    return [ask(url, "POST").json()["key"] for _ in range(KEYS)]


@contextmanager
def running(front: Callable, authorizer: str, upstream: int) -> Iterator[Running]:
    """Run an nginx of two workers."""
    [port] = servers.free_ports(1)
    address = f"127.0.0.1:{port}"
    with fronts.own_folder() as folder:
        at = fronts.Addresses(address, authorizer, f"127.0.0.1:{upstream}")
        command = front(folder, at)
        file = folder / "nginx.conf"
        text = file.read_text()
        file.write_text(text.replace("worker_processes 1", "worker_processes 2"))
        with fronts.running(command, folder, address):
            yield Running(port, int((folder / "pid").read_text()))


def measure(admin: str, upstream: int, tmp_path: Path) -> dict[tuple, list[Figures]]:
    """Return by kind of nginx and number of connections what each round found."""
    load = load_with_wrk if shutil.which("wrk") else load_with_python
    authorizer = admin.removeprefix("http://")
    found: dict[tuple, list[Figures]] = {}
    with ExitStack() as stack:
        started = {
            name: stack.enter_context(running(front, authorizer, upstream))
            for name, front in MEASURED.items()
        }
        for _ in range(1 + ROUNDS):  # The first round only warms up.
            for connections, name in product(CONNECTIONS, started):
                nginx = started[name]
                before = nginx.seconds()
                rate = load(nginx.port, connections, tmp_path)
                spent = (nginx.seconds() - before) / (rate * SECONDS)
                found.setdefault((connections, name), []).append(Figures(rate, spent))
    return {which: figures[1:] for which, figures in found.items()}


def show(upstream: str, found: dict[tuple, list[Figures]]) -> None:
    """Print the medians, and of the rates the ratio to nginx alone."""
    medians = {
        which: Figures(*map(statistics.median, zip(*figures, strict=True)))
        for which, figures in found.items()
    }
    for (connections, name), (rate, spent) in medians.items():
        print(
            f"  {upstream}, {connections:3} connections, {name:17} {rate:8.0f} "
            f"({rate / medians[connections, 'alone'].rate:.2f}), "
            f"{spent * 1e6:5.1f} us of nginx's processors for each"
        )


def test_an_nginx_that_holds_decisions_keeps_most_of_its_rate(tmp_path, capsys):
    if reason := fronts.missing("nginx"):
        pytest.skip(reason)
    (tmp_path / "keys.lua").write_text(WRK_SCRIPT)

    with ExitStack() as stack:
        server = stack.enter_context(Server())
        nowhere = server.admin.removeprefix("http://")
        upstreams = {
            "a bare callable": stack.enter_context(
                serving("bench.hello:application", tmp_path)
            ),
            "nginx itself": stack.enter_context(running(trivial, nowhere, 0)).port,
        }
        (tmp_path / "keys.txt").write_text("\n".join(make_keys(server.admin)))
        found = {
            name: measure(server.admin, port, tmp_path)
            for name, port in upstreams.items()
        }

    with capsys.disabled():
        print(f"\n{KEYS} keys, requests a second:")
        for upstream, figures in found.items():
            show(upstream, figures)
