"""The real server under load while something fails: who is known goes on."""

import http.client
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

import postgresql
from servers import Server, ask, is_alive

CLIENTS = 8


@dataclass(frozen=True)
class Seen:
    """One request under load; `status` is 0 where there was no answer."""

    key: str
    began: float
    status: int


class Load:
    """Clients with kept-alive connections that show keys, in turn, until told to stop.

    A client that gets no answer waits a moment and connects anew.
    """

    def __init__(self, server: Server, *keys: str) -> None:
        self.address = urlsplit(server.proxy).netloc
        self.keys = keys
        self.seen: list[Seen] = []
        self.began: set[int] = set()  # the threads that have shown every key
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(CLIENTS)]

    def run(self) -> None:
        client = http.client.HTTPConnection(self.address, timeout=10)
        while not self.stopping.is_set():
            for key in self.keys:
                began = time.monotonic()
                try:
                    client.request("GET", "/", headers={"apikey": key})
                    answer = client.getresponse()
                    answer.read()
                    status = answer.status
                except (OSError, http.client.HTTPException):
                    client.close()
                    status = 0
                    time.sleep(0.02)
                self.seen.append(Seen(key, began, status))
            self.began.add(threading.get_ident())
        client.close()

    def statuses(self, key: str, since: float = 0) -> Counter:
        """Count what became of the requests with a key that began after a moment."""
        seen = [one for one in self.seen if one.key == key and one.began >= since]
        return Counter(one.status for one in seen)

    def wait(self, count: int) -> float:
        """Wait for so many more requests, by all; return the moment before them."""
        began, target = time.monotonic(), len(self.seen) + count
        while len(self.seen) < target or len(self.began) < CLIENTS:
            assert time.monotonic() < began + 30
            time.sleep(0.01)
        return began


@contextmanager
def load(server: Server, *keys: str) -> Iterator[Load]:
    clients = Load(server, *keys)
    for thread in clients.threads:
        thread.start()
    try:
        yield clients
    finally:
        clients.stopping.set()
        for thread in clients.threads:
            thread.join(30)


def make_keys(server: Server, *keys: str) -> str:
    """Make a consumer with these keys; return the address of its keys."""
    username = f"owner-{os.urandom(4).hex()}"
    ask(f"{server.admin}/consumers", "POST", json={"username": username})
    url = f"{server.admin}/consumers/{username}/key-auth"
    for key in keys:
        assert ask(url, "POST", json={"key": key}).status == 201
    return url


@pytest.fixture(scope="module")
def four() -> Iterator[Server]:
    with Server(WORKERS="4") as running:
        yield running


def test_no_worker_takes_a_key_once_its_deletion_is_answered(four: Server) -> None:
    url = make_keys(four, "kept")
    for n in range(10):
        key = f"revoked-{n}"
        assert ask(url, "POST", json={"key": key}).status == 201
        with load(four, key, "kept") as clients:
            clients.wait(200)
            assert ask(f"{url}/{key}", "DELETE").status == 204
            revoked = time.monotonic()
            clients.wait(200)

        assert clients.statuses(key)[200] > 0
        assert set(clients.statuses(key, revoked)) == {401}
        assert set(clients.statuses("kept")) == {200}


def test_a_killed_worker_takes_no_more_with_it_than_was_under_way(four: Server) -> None:
    make_keys(four, "steady")
    workers = authorizers(four)
    with load(four, "steady") as clients:
        clients.wait(200)
        os.kill(workers[0], signal.SIGKILL)
        clients.wait(2000)
        deadline = time.monotonic() + 20
        while len(authorizers(four)) < 4 and time.monotonic() < deadline:
            time.sleep(0.1)

    lost = clients.statuses("steady")
    assert set(lost) <= {200, 0}
    assert lost[0] <= CLIENTS
    assert not is_alive(workers[0])
    assert len(authorizers(four)) == 4


def authorizers(server: Server) -> list[int]:
    """Return the processes that serve the proxy listener, their parent left out."""
    found = server.processes()
    serving = {pid for pid, (_, line) in found.items() if "kongadmin.gateway" in line}
    return [pid for pid in serving if found[pid][0] in serving]


@pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") != "postgresql",
    reason="about a server that stops answering; SQLite is a file, not a server",
)
def test_known_keys_outlive_the_database_and_strangers_are_told_to_wait() -> None:
    cluster = postgresql.Cluster()
    try:
        url = postgresql.create_database(cluster.url("x"), "kongadmin")
        with Server(DATABASE_URL=url) as server:
            make_keys(server, "known", "unasked")
            with load(server, "known", "wrong") as clients:
                clients.wait(300)
                cluster.halt()
                time.sleep(1)
                away = time.monotonic()
                stranger = ask(server.proxy, headers={"apikey": "unasked"})
                clients.wait(300)
                meanwhile = clients.statuses("known", away)
                cluster.launch()
                seconds_until_known(server, "unasked")

            assert set(meanwhile) == {200}
            assert stranger.status == 503
            assert set(clients.statuses("known")) == {200}
            assert set(clients.statuses("wrong")) <= {401, 503}
    finally:
        cluster.stop()


def seconds_until_known(server: Server, key: str) -> None:
    """Wait until the authorizer, not restarted, takes the key."""
    deadline = time.monotonic() + 20
    while ask(server.proxy, headers={"apikey": key}).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
