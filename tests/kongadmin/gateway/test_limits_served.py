"""Limits as clients meet them: the real server, its workers, and a Redis that may go.

The proxy listener and that of the Admin API are different programs with two workers
each; both count.
"""

import threading
import time
from collections.abc import Iterator

import pytest

import redis_server
from servers import Answer, Server, ask

CLIENTS = 4


@pytest.fixture(scope="module")
def redis() -> Iterator[redis_server.RedisServer]:
    if redis_server.MISSING:
        pytest.skip(redis_server.MISSING)
    with redis_server.running() as running:
        yield running


@pytest.fixture(scope="module")
def limited(redis) -> Iterator[Server]:
    with Server(REDIS_URL=redis.url) as running:
        yield running


@pytest.fixture
def limit(limited: Server, redis) -> Iterator:
    """Puts one plugin in place of all others; Redis is there again afterwards."""

    def put(name: str, **config) -> None:
        plugins = f"{limited.admin}/plugins"
        for plugin in ask(plugins).json()["data"]:
            ask(f"{plugins}/{plugin['id']}", "DELETE")
        made = ask(plugins, "POST", json={"name": name, "config": config})
        assert made.status == 201, made.text

    yield put
    if redis.process is None:
        redis.start()


def through_proxy(server: Server) -> Answer:
    return ask(f"{server.proxy}/x")


def through_nginx(server: Server) -> Answer:
    """Ask the Admin API's listener as an nginx would, for a client of this machine."""
    return ask(
        f"{server.admin}/dataplane/v1/default/auth/nginx",
        headers={
            "X-Original-Method": "GET",
            "X-Original-URI": "/x",
            "X-Real-IP": "127.0.0.1",
        },
    )


def passed(server: Server, number: int) -> int:
    """Send so many requests each through CLIENTS clients; return how many passed."""
    found: list[int] = []

    def send(way) -> None:
        found.extend(way(server).status for _ in range(number))

    ways = [through_proxy, through_nginx] * (CLIENTS // 2)
    threads = [threading.Thread(target=send, args=(way,)) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == CLIENTS * number
    assert set(found) <= {200, 403, 429}
    return found.count(200)


def wait_for(happens, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


RLA = {"limit": [30], "window_size": [86_400 * 365], "identifier": "ip"}


def test_all_workers_of_both_listeners_count_in_redis(limited, limit) -> None:
    limit("rate-limiting-advanced", **RLA)

    assert passed(limited, 20) == 30


def test_without_redis_they_count_on_this_machine(limited, limit, redis) -> None:
    limit("rate-limiting-advanced", **RLA)
    redis.stop()

    assert passed(limited, 20) == 30


@pytest.mark.parametrize(("tolerant", "expected"), [(True, 200), (False, 500)])
def test_rate_limiting_does_what_it_is_told_while_redis_is_away(
    limited, limit, redis, tolerant, expected
) -> None:
    limit("rate-limiting", hour=1000, limit_by="ip", fault_tolerant=tolerant)
    wait_for(lambda: "RateLimit-Limit" in through_proxy(limited).headers)

    redis.stop()
    away = [through_proxy(limited) for _ in range(20)]
    redis.start()

    assert {answer.status for answer in away} == {expected}
    assert not any("RateLimit-Limit" in answer.headers for answer in away)
    wait_for(lambda: "RateLimit-Limit" in through_proxy(limited).headers)


def test_a_worker_that_is_killed_takes_no_count_with_it(limited, limit, redis) -> None:
    limit("rate-limiting-advanced", **RLA)
    redis.stop()
    before = sum(through_nginx(limited).status == 200 for _ in range(10))

    limited.kill_worker()
    wait_for(lambda: through_nginx_or_none(limited) is not None)
    more = passed_at_last(limited)

    # One that was asked for while the worker died may have been counted unanswered.
    assert before == 10
    assert more in (18, 19, 20)


def through_nginx_or_none(server: Server) -> Answer | None:
    try:
        return through_nginx(server)
    except OSError:
        return None


def passed_at_last(server: Server) -> int:
    """Ask until it is enough; return how many more passed."""
    count = 0
    while through_nginx(server).status == 200:
        count += 1
    return count
