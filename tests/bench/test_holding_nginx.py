"""The rate of an nginx that holds decisions, as a share of nginx's that asks nobody.

Both send requests on to the same upstream service: the barest WSGI callable, or, so
that nothing hides what it costs, an nginx that answers by itself. `BENCH=full` takes
the figures that count; otherwise it only shows that this still runs.
"""

import shutil
import statistics
from pathlib import Path

import pytest

import servers
from bench.test_authorizer import (
    CONNECTIONS,
    FULL,
    ROUNDS,
    WRK_SCRIPT,
    load_with_python,
    load_with_wrk,
    serving,
)
from proxies import fronts
from servers import Server, ask

KEYS = 1_000 if FULL else 20
ALONE = """
server {{
    listen 127.0.0.1:{alone};
    location / {{
        proxy_set_header Host $http_host;
        proxy_set_header Connection "";
        proxy_http_version 1.1;
        proxy_pass http://api;
    }}
}}
server {{
    listen 127.0.0.1:{upstream};
    keepalive_requests 1000000;
    location / {{ return 200 "hello"; }}
}}
"""


def make_keys(admin: str) -> list[str]:
    """Make the control plane `held` with a consumer that has KEYS keys; return them."""
    ask(f"{admin}/workspaces", "POST", json={"name": "held"})
    ask(f"{admin}/held/plugins", "POST", json={"name": "key-auth"})
    ask(f"{admin}/held/consumers", "POST", json={"username": "bench"})
    url = f"{admin}/held/consumers/bench/key-auth"
    return [ask(url, "POST").json()["key"] for _ in range(KEYS)]


def configure(folder: Path, admin: str, upstream: int) -> tuple[list, int, int]:
    """Return a command that runs both in front of `upstream`, and their ports.

    Without an upstream service nginx is its own.
    """
    alone, held, trivial = servers.free_ports(3)
    at = fronts.Addresses(
        f"127.0.0.1:{held}",
        admin.removeprefix("http://"),
        f"127.0.0.1:{upstream or trivial}",
    )
    command = fronts.holding_nginx(folder, at)
    file = folder / "nginx.conf"
    text = file.read_text().replace("worker_processes 1", "worker_processes 2")
    text = text.rstrip().removesuffix("}")
    file.write_text(f"{text}{ALONE.format(alone=alone, upstream=trivial)}}}\n")
    return command, alone, held


def measure(admin: str, upstream: int, tmp_path: Path) -> dict[int, list[float]]:
    """Return by number of connections the median rates, alone and with decisions."""
    load = load_with_wrk if shutil.which("wrk") else load_with_python
    rates: dict[tuple[int, int], list[float]] = {}
    with fronts.own_folder() as folder:
        command, *ports = configure(folder, admin, upstream)
        with fronts.running(command, folder, f"127.0.0.1:{ports[0]}"):
            for _ in range(1 + ROUNDS):  # The first round only warms up.
                for connections in CONNECTIONS:
                    for port in ports:
                        rate = load(port, connections, tmp_path)
                        rates.setdefault((connections, port), []).append(rate)
    return {
        connections: [statistics.median(rates[connections, port][1:]) for port in ports]
        for connections in CONNECTIONS
    }


def test_an_nginx_that_holds_decisions_keeps_most_of_its_rate(tmp_path, capsys):
    if reason := fronts.missing("nginx"):
        pytest.skip(reason)
    (tmp_path / "keys.lua").write_text(WRK_SCRIPT)

    with Server() as server, serving("bench.hello:application", tmp_path) as hello:
        (tmp_path / "keys.txt").write_text("\n".join(make_keys(server.admin)))
        found = {
            "a bare callable": measure(server.admin, hello, tmp_path),
            "nginx itself": measure(server.admin, 0, tmp_path),
        }

    with capsys.disabled():
        print(f"\n{KEYS} keys, requests a second:")
        for upstream, rates in found.items():
            for connections, (alone, held) in rates.items():
                print(
                    f"  {upstream}, {connections:3} connections: nginx alone "
                    f"{alone:8.0f}, with held decisions {held:8.0f}, "
                    f"ratio {held / alone:.2f}"
                )
