"""Counting in windows: one rule, on one machine and in Redis."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import redis_server
import servers
from kongadmin.gateway.counters import Away, Counters, Taken, Window, digest
from kongadmin.gateway.counters.local import LocalCounters
from kongadmin.gateway.counters.remote import RedisCounters

NOW = 1_700_000_025.0  # 45 seconds into a minute
CARL, DORA = digest("carl"), digest("dora")
PROCESSES, STEPS = 4, 500


@pytest.fixture(scope="module")
def redis() -> Iterator[redis_server.RedisServer]:
    if redis_server.MISSING:
        pytest.skip(redis_server.MISSING)
    with redis_server.running() as server:
        yield server


@pytest.fixture(params=["local", "redis"])
def opened(request, tmp_path: Path) -> Iterator[Callable[[], Counters]]:
    """Opens the same counters once more, as another process would."""
    if request.param == "local":
        made = LocalCounters(tmp_path)
        yield lambda: made
        made.close()
        return
    server = request.getfixturevalue("redis")
    server.says("FLUSHALL")
    yield lambda: RedisCounters(server.url)


@pytest.fixture
def counters(opened: Callable[[], Counters]) -> Counters:
    return opened()


def minute(most: float, now: float = NOW, slides: bool = False) -> Window:
    start = now // 60 * 60
    if not slides:
        return Window(60, start, most)
    return Window(60, start, most, start - 60)


def hour(most: float, now: float = NOW) -> Window:
    return Window(3600, now // 3600 * 3600, most)


def times(
    counters: Counters, number: int, windows: list[Window], name: bytes = CARL, **how
) -> list[bool]:
    """Take so often; return which of them passed."""
    return [counters.take(name, windows, NOW, **how).allowed for _ in range(number)]


def test_requests_pass_up_to_the_limit(counters: Counters) -> None:
    assert times(counters, 4, [minute(2)]) == [True, True, True, False]


def test_everybody_is_counted_alone(counters: Counters) -> None:
    assert times(counters, 2, [minute(0)]) == [True, False]
    assert times(counters, 2, [minute(0)], DORA) == [True, False]


def test_a_new_window_begins_at_nought(counters: Counters) -> None:
    times(counters, 2, [minute(0)])

    later = counters.take(CARL, [minute(0, NOW + 60)], NOW + 60)

    assert later == Taken(True, [(1, 0)])


def test_a_refused_request_counts_nowhere(counters: Counters) -> None:
    times(counters, 3, [minute(1), hour(9)])

    assert counters.take(CARL, [minute(1), hour(9)], NOW) == Taken(
        False, [(2, 0), (2, 0)]
    )


def test_a_refused_request_counts_everywhere_with_a_penalty(counters: Counters) -> None:
    times(counters, 3, [minute(1), hour(9)], penalty=True)

    assert counters.take(CARL, [minute(1), hour(9)], NOW, penalty=True) == Taken(
        False, [(4, 0), (4, 0)]
    )


def test_a_look_changes_nothing(counters: Counters) -> None:
    looks = [counters.take(CARL, [minute(0)], NOW, counting=False) for _ in range(3)]

    assert looks == [Taken(True, [(1, 0)])] * 3
    assert times(counters, 2, [minute(0)]) == [True, False]
    look = counters.take(CARL, [minute(0)], NOW, penalty=True, counting=False)
    assert look == Taken(False, [(2, 0)])


def test_the_window_before_counts_by_its_weight(counters: Counters) -> None:
    times(counters, 40, [minute(100)])
    now = NOW + 45  # in the middle of the next minute

    window = minute(20, now, slides=True)

    assert window.weight(now) == 0.5
    assert counters.take(CARL, [window], now) == Taken(True, [(1, 40)])
    assert counters.take(CARL, [window], now) == Taken(False, [(1, 40)])


def test_what_is_two_windows_back_is_forgotten(counters: Counters) -> None:
    times(counters, 5, [minute(100)])

    later = counters.take(CARL, [minute(0, NOW + 120, slides=True)], NOW + 120)

    assert later == Taken(True, [(1, 0)])


def test_windows_may_be_shorter_than_a_second(counters: Counters) -> None:
    window = Window(0.1, 16_000_000_001 * 0.1, 0, 16_000_000_000 * 0.1)

    assert counters.take(CARL, [window], 1_600_000_000.15).allowed
    assert not counters.take(CARL, [window], 1_600_000_000.15).allowed


def count_steps(open_: Callable[[], Counters], most: int, passed) -> None:
    counters = open_()
    allowed = times(counters, STEPS, [minute(most), hour(10**6)])
    with passed.get_lock():
        passed.value += sum(allowed)


def in_processes(open_: Callable[[], Counters], most: int) -> int:
    """Let PROCESSES take STEPS times each; return how many requests passed."""
    fork = multiprocessing.get_context("fork")
    passed = fork.Value("i", 0)
    processes = [
        fork.Process(target=count_steps, args=(open_, most, passed))
        for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    return passed.value


def test_processes_count_to_an_exact_total(opened: Callable[[], Counters]) -> None:
    opened().take(DORA, [minute(1)], NOW)  # open here before there are others

    assert in_processes(opened, 10**6) == PROCESSES * STEPS
    total = opened().take(CARL, [minute(10**6), hour(10**6)], NOW)
    assert total.counts == [(PROCESSES * STEPS + 1, 0)] * 2


def test_processes_together_pass_no_more_than_the_limit(
    opened: Callable[[], Counters],
) -> None:
    assert in_processes(opened, 299) == 300


def test_threads_count_to_an_exact_total(counters: Counters) -> None:
    threads = [
        threading.Thread(target=times, args=(counters, 100, [minute(10**6)]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counters.take(CARL, [minute(10**6)], NOW).counts == [(401, 0)]


COUNT_FOR_EVER = """
import sys
from pathlib import Path
from kongadmin.gateway.counters import Window, digest
from kongadmin.gateway.counters.local import LocalCounters
counters = LocalCounters(Path(sys.argv[1]))
while True:
    taken = counters.take(digest("carl"), [Window(60, 0, 10**9)], 0)
    print(taken.counts[0][0], flush=True)
"""


def test_a_process_killed_while_it_counts_stops_nobody(tmp_path: Path) -> None:
    counters = LocalCounters(tmp_path)
    told = 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", COUNT_FOR_EVER, tmp_path],
            cwd=servers.ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "kongadmin.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )
        seen = [int(process.stdout.readline()) for _ in range(50)]
        process.send_signal(signal.SIGKILL)
        told = int(([*process.stdout.readlines()] or [seen[-1]])[-1] or told)
        process.wait()

        taken = counters.take(CARL, [Window(60, 0, 10**9)], 0)

        # It may have had no more time to tell of the last one.
        assert taken.counts[0][0] - told in (1, 2)
    counters.close()


def test_counters_that_are_over_make_room(tmp_path: Path) -> None:
    counters = LocalCounters(tmp_path, map_bytes=256 * 1024)

    filled = fill(counters)

    assert filled > 1000
    assert counters.take(digest("0"), [minute(1)], NOW).counts == [(2, 0)]
    for n in range(3 * filled):
        later = NOW + 180 * (1 + n // filled)
        assert counters.take(digest(f"new-{n}"), [minute(1, later)], later).allowed
    counters.close()


def fill(counters: Counters) -> int:
    """Count one after the other until there is no more room; return how many."""
    n = 0
    while True:
        try:
            counters.take(digest(str(n)), [minute(1)], NOW)
        except Away:
            return n
        n += 1


def test_counters_of_another_layout_or_start_are_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "0-before").mkdir()
    (tmp_path / "0-before" / "data.mdb").write_text("nothing that could be read")
    counters = LocalCounters(tmp_path)

    assert times(counters, 1, [minute(1)]) == [True]

    [folder] = tmp_path.iterdir()
    assert folder.name != "0-before"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    counters.close()


def test_a_folder_that_cannot_be_used_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Away):
        LocalCounters(tmp_path / "file").take(CARL, [minute(1)], NOW)


def test_one_decision_is_one_question_to_redis(redis) -> None:
    counters = RedisCounters(redis.url)
    times(counters, 1, [minute(10), hour(10)])
    asked = commands(counters)

    times(counters, 10, [minute(10), hour(10)])

    assert commands(counters) - asked == 10 + 1  # and the question itself


def commands(counters: RedisCounters) -> int:
    """Return how many commands Redis has had from its clients."""
    stats = counters.script.registered_client.info("commandstats")
    names = ("cmdstat_evalsha", "cmdstat_eval", "cmdstat_info", "cmdstat_script|load")
    return sum(stats.get(name, {}).get("calls", 0) for name in names)


def test_redis_forgets_by_itself(redis) -> None:
    redis.says("FLUSHALL")
    counters = RedisCounters(redis.url)
    times(counters, 2, [minute(10)])

    client = counters.script.registered_client
    [key] = client.keys("*")

    # Until the end of the window that follows.
    assert 70_000 < client.pttl(key) <= 75_000


def test_redis_cluster_counts_too(tmp_path: Path) -> None:
    if redis_server.MISSING:
        pytest.skip(redis_server.MISSING)
    options = ("--cluster-enabled", "yes", "--dir", str(tmp_path))
    with redis_server.running(*options) as server:
        server.says("CLUSTER ADDSLOTSRANGE 0 16383")
        while "cluster_state:ok" not in server.says_all("CLUSTER INFO"):
            time.sleep(0.02)
        counters = RedisCounters(server.url)

        assert times(counters, 3, [minute(1), hour(5)]) == [True, True, False]
        assert times(counters, 3, [minute(1), hour(5)], DORA) == [True, True, False]


def test_a_silent_redis_costs_one_request_its_patience(redis, monkeypatch) -> None:
    counters = RedisCounters(redis.url)
    times(counters, 1, [minute(10**6)])
    redis.process.send_signal(signal.SIGSTOP)
    try:
        started = time.monotonic()
        for _ in range(100):
            with pytest.raises(Away):
                counters.take(CARL, [minute(10**6)], NOW)
        took = time.monotonic() - started
    finally:
        redis.process.send_signal(signal.SIGCONT)

    assert took < 0.9
    monkeypatch.setattr(counters, "next_try", 0)
    assert counters.take(CARL, [minute(10**6)], NOW).allowed


def test_redis_may_stop_and_start_under_load(redis, monkeypatch) -> None:
    monkeypatch.setattr("kongadmin.gateway.counters.remote.REST_SECONDS", 0.01)
    counters = RedisCounters(redis.url)
    outcomes: list[str] = []
    ended = threading.Event()

    def load() -> None:
        while not ended.is_set():
            try:
                counters.take(CARL, [minute(10**6)], NOW)
                outcomes.append("counted")
            except Away:
                outcomes.append("away")

    def wait_for(outcome: str) -> None:
        outcomes.clear()
        while outcome not in outcomes:
            assert all(thread.is_alive() for thread in threads)
            time.sleep(0.005)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        wait_for("counted")
        redis.stop()
        wait_for("away")
        redis.start()
        wait_for("counted")
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_an_outage_is_logged_without_the_password(caplog) -> None:
    [port] = servers.free_ports(1)
    counters = RedisCounters(f"redis://user:hunter2@127.0.0.1:{port}")

    for _ in range(3):
        with pytest.raises(Away):
            counters.take(CARL, [minute(1)], NOW)

    assert len(caplog.records) == 1
    assert "hunter2" not in caplog.text
