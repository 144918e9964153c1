"""How long an answer takes, and how little that grows with a thousand times the rows.

`BENCH=full` compares 1,000 consumers with 1,000,000 on PostgreSQL; otherwise 100 with
400 show that this still runs. Each figure is the median of requests one after the
other on a kept-alive connection; no figure is asserted.
"""

import http.client
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

import pytest

import servers

FULL = os.environ.get("BENCH") == "full"
SIZES = (1_000, 1_000_000) if FULL else (100, 400)
ROUNDS = 200 if FULL else 5
DEEP = 20 if FULL else 2

SAMPLE = """
import django; django.setup()
from consumers.models import Consumer, KeyAuth, folded
from django.db import connection
import json, random, statistics, time
rows = Consumer.objects.order_by("pk")
ids = list(rows.values_list("pk", flat=True)[:2000])
picked = [rows.get(pk=pk) for pk in random.sample(ids, 30)]
keys = [KeyAuth.objects.filter(consumer=c).first().key for c in picked]
scope = picked[0].scope_id

def median(sql, *values):
    times = []
    with connection.cursor() as cursor:
        for value in values * 7:
            started = time.perf_counter()
            cursor.execute(sql, value)
            cursor.fetchall()
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000

adapt = Consumer._meta.get_field("scope").get_db_prep_value
scope = adapt(scope, connection, False)
table = "SELECT * FROM consumers_consumer WHERE scope_id = %s"
bare = {
    "list, first page": median(
        f"{table} ORDER BY username_lower, id LIMIT 31", [scope]),
    "list, deep page": median(
        f"{table} AND (username_lower, id) > (%s, %s) "
        "ORDER BY username_lower, id LIMIT 31",
        *[[scope, c.username, adapt(c.pk, connection, False)] for c in picked]),
    "search, part of a name": median(
        f"{table} AND search LIKE %s ORDER BY username_lower, id LIMIT 31",
        *[[scope, f"%{folded(c.username[-9:])}%"] for c in picked]),
    "GET /consumers/{username}": median(
        f"{table} AND username = %s", *[[scope, c.username] for c in picked]),
}
names = [c.username for c in picked]
print(json.dumps({"names": names, "keys": keys, "bare": bare}))
"""


class Client:
    """One kept-alive connection."""

    def __init__(self, url: str, **headers: str) -> None:
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, 60)
        self.headers = headers

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> int:
        headers = {**self.headers, **headers}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body or None, headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


def median(act: Callable[[int], int], status: int, rounds: int = ROUNDS) -> float:
    """Return the median milliseconds of `act`, which answers an HTTP status."""
    times = []
    for number in range(rounds + 3):
        started = time.perf_counter()
        assert act(number) == status
        times.append(time.perf_counter() - started)
    return statistics.median(times[3:]) * 1000


@contextmanager
def reference(server: servers.Server) -> Iterator[str]:
    """Serve the callable and the empty view beside the product; yield the address."""
    [port] = servers.free_ports(1)
    path = os.pathsep.join([str(servers.ROOT / "tests"), str(servers.ROOT)])
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "bench.reference", str(port)]
    settings = {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "kongadmin.settings"}
    environment = {**server.env, **settings}
    with servers.running(command, url, cwd=servers.ROOT, env=environment):
        yield url


def measure(size: int) -> dict[str, tuple[float, float | None]]:
    """Return figure → (milliseconds, milliseconds of the bare SQL if it has one)."""
    with servers.Server(WORKERS="2") as server:
        started = time.monotonic()
        server.manage("demo", "--consumers", str(size))
        made = size / (time.monotonic() - started)
        sample = server.run(SAMPLE)
        names, keys, bare = sample["names"], sample["keys"], sample["bare"]
        cookies = server.sign_in()
        jar = "; ".join(f"{name}={value}" for name, value in cookies.items())
        manager = Client(server.manager, Cookie=jar)
        admin, proxy = Client(server.admin), Client(server.proxy)
        figures = {
            "list, first page": lambda n: manager.ask("GET", "/consumers"),
            "list, deep page": lambda n: manager.ask("GET", deep_page(names, n)),
            "search, part of a name": lambda n: manager.ask(
                "GET", f"/consumers?{urlencode({'q': names[n % 30][-9:]})}"
            ),
            "GET /consumers/{username}": lambda n: admin.ask(
                "GET", f"/consumers/{names[n % 30]}"
            ),
        }
        times = {name: median(act, 200) for name, act in figures.items()}
        times["find by a pasted key"] = median(
            lambda n: manager.ask(*paste(cookies, keys[n % 30])), 303
        )
        times["POST /consumers"] = median(
            lambda n: admin.ask("POST", "/consumers", f"username=b-{size}-{n}"), 201
        )
        times["authorizer, key known"] = median(
            lambda n: proxy.ask("GET", "/", apikey=keys[n % 30]), 200
        )
        times["authorizer, key unknown"] = median(
            lambda n: proxy.ask("GET", "/", apikey=f"none-{size}-{n}"), 401
        )
        with reference(server) as url:
            other = Client(url)
            times["bare callable"] = median(lambda n: other.ask("GET", "/hello"), 200)
            times["empty Django view"] = median(
                lambda n: other.ask("GET", "/empty"), 200
            )
    print(f"\n{size:,} consumers with keys made at {made:,.0f} a second")
    return {name: (value, bare.get(name)) for name, value in times.items()}


def deep_page(names: list[str], number: int) -> str:
    """Return the address of a page that begins behind a consumer in the middle."""
    from uuid import UUID

    from kongadmin.keyset import Cursor
    from kongadmin.manager.paging import encode

    cursor = encode(Cursor(sorted(names)[number % 30], UUID(int=0)))
    return f"/consumers?{urlencode({'after': cursor})}"


def paste(cookies: dict[str, str], key: str) -> tuple[str, str, str]:
    """Return the request that looks a key up as the Manager's form does."""
    form = {"q": key, "csrfmiddlewaretoken": cookies["kongadmin_csrf"]}
    return "POST", "/search", urlencode(form)


@pytest.mark.skipif(
    FULL and os.environ.get("TEST_DATABASE") != "postgresql",
    reason="the figures of a million rows are of PostgreSQL, as the README says",
)
def test_answers_take_as_long_with_a_thousand_times_the_rows() -> None:
    small, large = (measure(size) for size in SIZES)

    hello, empty = small["bare callable"][0], small["empty Django view"][0]
    print(
        f"\n| | {SIZES[0]:,} | {SIZES[1]:,} | growth | of bare callable "
        "| of empty Django view | bare SQL | SQL growth |\n" + "|---" * 8 + "|"
    )
    for name, (before, bare_before) in small.items():
        after, bare_after = large[name]
        sql = (
            f"{bare_after:.2f} ms | {bare_after / bare_before:.2f}"
            if bare_after
            else "|"
        )
        print(
            f"| {name} | {before:.2f} ms | {after:.2f} ms | {after / before:.2f} "
            f"| {after / hello:.1f} | {after / empty:.1f} | {sql} |"
        )
        assert after > 0
