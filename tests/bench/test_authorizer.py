"""The authorizer's rate as a share of that of the barest possible callable.

`BENCH=full` takes the figures that count; otherwise it only shows that this still runs.
No figure is asserted: a machine's mood is not a fault of the product.
"""

import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.conf import settings

import servers
from consumers.demo import make_consumers
from consumers.models import Consumer, KeyAuth
from factories import default_control_plane, make_plugin
from kongadmin.plugins.models import Plugin
from programs import needs

FULL = os.environ.get("BENCH") == "full"
KEYS = 10_000 if FULL else 1_000
SECONDS = 5 if FULL else 1
ROUNDS = 5 if FULL else 1
CONNECTIONS = (16, 64) if FULL else (16,)
LISTENERS = {
    "hello": "bench.hello:application",
    "bare look-up": "bench.bare_authorizer:application",
    "authorizer": "kongadmin.gateway.wsgi:proxy",
}
# Rounds that do not count: until each of two workers has looked up every key.
WARM_UP = 1 + 2 * KEYS // (2_000 * SECONDS)
UNSEEN = 1_000_000 if FULL else 20_000
# What is evaluated beside key-auth.
CHAINS = {
    "alone": {},
    "sliding limit": {
        "rate-limiting-advanced": {"limit": [10**9], "window_size": [60]}
    },
}
WRK_SCRIPT = """
local keys = {}
for key in io.lines(os.getenv("KEYS")) do keys[#keys + 1] = key end
local i = math.random(#keys)
request = function()
  i = i % #keys + 1
  return wrk.format("GET", "/", { apikey = keys[i] })
end
"""


def make_keys() -> list[tuple[KeyAuth, Consumer]]:
    """Write KEYS consumers with a key each, and a key-auth plugin; return them."""
    plane = default_control_plane()
    if not Plugin.objects.in_scope(plane).filter(name="key-auth").exists():
        make_plugin("key-auth")
    consumers = [Consumer(scope=plane, username=f"bench-{n}") for n in range(KEYS)]
    for consumer in consumers:
        consumer.prepare()
    Consumer.objects.bulk_create(consumers, batch_size=500)
    keys = [
        KeyAuth(scope=plane, consumer=consumer, key=f"key-of-{consumer.pk}")
        for consumer in consumers
    ]
    KeyAuth.objects.bulk_create(keys, batch_size=500)
    return list(zip(keys, consumers, strict=True))


@contextmanager
def serving(target: str, keys: Path) -> Iterator[int]:
    """Serve a WSGI callable with two workers of granian; yield the port."""
    [port] = servers.free_ports(1)
    database = settings.DATABASES["default"]
    address = f"sqlite:///{database['NAME']}"
    if database["ENGINE"].endswith("postgresql"):
        near = os.environ["TEST_POSTGRESQL"].rpartition("/")[0]
        address = f"{near}/{database['NAME']}"
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2"]
    command += ["--blocking-threads", "1", "--no-ws", "--log-level", "error"]
    command += ["--workers-kill-timeout", "3"]
    process = subprocess.Popen(
        [*command, "--port", str(port), target],
        cwd=servers.ROOT,
        env={
            **os.environ,
            "KONGADMIN_DATABASE_URL": address,
            "BARE_KEYS": str(keys),
            "PYTHONPATH": f"{servers.ROOT}:{servers.ROOT / 'tests'}",
        },
    )
    try:
        while not servers.answers(f"http://127.0.0.1:{port}"):
            assert process.poll() is None
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def load_with_wrk(port: int, connections: int, folder: Path) -> float:
    """Return how many requests a second wrk gets answered."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s"]
    done = subprocess.run(
        [*command, folder / "keys.lua", f"http://127.0.0.1:{port}/"],
        env={**os.environ, "KEYS": str(folder / "keys.txt")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Non-2xx" not in done.stdout, done.stdout
    return float(re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)[1])


def load_with_python(port: int, connections: int, folder: Path) -> float:
    """Do the same without wrk; slow itself, it can only show that things work."""
    keys = (folder / "keys.txt").read_text().split()
    counts = [0] * 4
    end = time.monotonic() + SECONDS

    def run(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.monotonic() < end:
            key = keys[counts[number] % len(keys)]
            connection.request("GET", "/", headers={"apikey": key})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            counts[number] += 1

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(counts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("chain", CHAINS)
def test_the_authorizer_keeps_most_of_the_rate_of_a_bare_callable(
    chain, tmp_path, capsys
):
    made = make_keys()
    for name, config in CHAINS[chain].items():
        make_plugin(name, **config)
    rows = [(key.key, str(c.pk), c.username, str(key.pk)) for key, c in made]
    (tmp_path / "keys.json").write_text(json.dumps(rows))
    (tmp_path / "keys.txt").write_text("\n".join(row[0] for row in rows))
    (tmp_path / "keys.lua").write_text(WRK_SCRIPT)

    measure(f"{chain}, {KEYS:,} keys", tmp_path, capsys)


@pytest.mark.django_db(transaction=True)
@needs("wrk")
def test_a_key_seen_for_the_first_time_costs_a_look_up(tmp_path, capsys):
    """Every request shows a key that no worker remembers."""
    make_plugin("key-auth")
    for _ in make_consumers(default_control_plane(), UNSEEN):
        pass
    rows = KeyAuth.objects.order_by("?").values_list("key", flat=True)
    keys = list(rows[: 10_000 * SECONDS * (1 + ROUNDS) * len(CONNECTIONS)])
    (tmp_path / "keys.lua").write_text(WRK_SCRIPT)
    (tmp_path / "keys.json").write_text("[]")

    def unseen(listener: str) -> None:
        mine = keys[: 10_000 * SECONDS]
        if listener == "authorizer":
            del keys[: 10_000 * SECONDS]
        (tmp_path / "keys.txt").write_text("\n".join(mine))

    listeners = {name: LISTENERS[name] for name in ("hello", "authorizer")}
    measure(f"unseen among {UNSEEN:,}", tmp_path, capsys, listeners, unseen, 1)


def measure(
    title: str,
    folder: Path,
    capsys,
    listeners: dict[str, str] = LISTENERS,
    before: Callable[[str], None] = lambda listener: None,
    warm_up: int = WARM_UP,
) -> None:
    """Print what each listener answers a second, as a share of what hello does."""
    load = load_with_wrk if shutil.which("wrk") else load_with_python
    rates: dict[tuple[str, int], list[float]] = {}
    with ExitStack() as stack:
        ports = {
            name: stack.enter_context(serving(target, folder / "keys.json"))
            for name, target in listeners.items()
        }
        for _ in range(warm_up + ROUNDS):
            for connections in CONNECTIONS:
                for name, port in ports.items():
                    before(name)
                    rate = load(port, connections, folder)
                    rates.setdefault((name, connections), []).append(rate)

    with capsys.disabled():
        print(f"\n{title}, requests a second:")
        for connections in CONNECTIONS:
            medians = {
                name: statistics.median(rates[name, connections][warm_up:])
                for name in ports
            }
            shown = ", ".join(
                f"{name} {rate:.0f} ({rate / medians['hello']:.2f})"
                for name, rate in medians.items()
            )
            print(f"  {connections:3} connections: {shown}")
