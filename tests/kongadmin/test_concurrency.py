"""Many at once, and a power cut in between: nothing is lost, doubled or torn."""

import http.client
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from servers import Answer, Server, ask, send
from together import at_once, name, rows


def test_of_fifty_who_want_a_name_one_gets_it(server: Server) -> None:
    wanted = f"wanted-{name()}"

    answers = at_once(
        50,
        lambda _: ask(f"{server.admin}/consumers", "POST", json={"username": wanted}),
    )

    assert Counter(answer.status for answer in answers) == {201: 1, 409: 49}
    statement = f"SELECT count(*) FROM consumers_consumer WHERE username = '{wanted}'"
    assert rows(server, statement) == [(1,)]


def test_of_twenty_who_want_an_expired_key_one_gets_it(server: Server) -> None:
    username, key = f"owner-{name()}", f"key-{name()}"
    url = f"{server.admin}/consumers/{username}/key-auth"
    ask(f"{server.admin}/consumers", "POST", json={"username": username})
    past = int(time.time()) - 100
    ask(url, "POST", json={"key": key, "ttl": 1, "created_at": past})

    answers = at_once(20, lambda _: ask(url, "POST", json={"key": key}))

    assert Counter(answer.status for answer in answers) == {201: 1, 409: 19}


def test_of_two_who_have_seen_the_same_one_writes(server: Server) -> None:
    for _ in range(10):
        made = ask(f"{server.admin}/consumers", "POST", json={"username": name()})
        url = f"{server.admin}/consumers/{made.json()['id']}"
        seen = {"If-Match": made.headers["ETag"]}

        answers = at_once(
            2,
            lambda n, url=url, seen=seen: ask(
                url, "PATCH", json={"custom_id": f"{name()}-{n}"}, headers=seen
            ),
        )

        assert Counter(answer.status for answer in answers) == {200: 1, 412: 1}


def test_deleting_and_creating_at_once_is_never_a_surprise(server: Server) -> None:
    wanted = f"fought-over-{name()}"
    url = f"{server.admin}/consumers"

    def fight(number: int) -> Answer:
        if number % 2:
            return ask(f"{url}/{wanted}", "DELETE")
        return ask(url, "POST", json={"username": wanted})

    statuses = Counter(a.status for _ in range(5) for a in at_once(12, fight))

    assert {*statuses} <= {201, 204, 409}


@pytest.fixture
def own() -> Iterator[Server]:
    with Server() as running:
        yield running


def test_what_was_acknowledged_outlives_a_kill_of_all_workers(own: Server) -> None:
    acknowledged: list[str] = []
    is_over = threading.Event()

    def keep_writing() -> None:
        while not is_over.is_set():
            username = name()
            body = {"username": username, "tags": ["a", "b"]}
            try:
                answer = ask(f"{own.admin}/consumers", "POST", json=body, timeout=5)
            except (OSError, http.client.HTTPException):
                continue
            if answer.status == 201:
                acknowledged.append(username)

    writers = [threading.Thread(target=keep_writing) for _ in range(6)]
    for writer in writers:
        writer.start()
    for _ in range(3):
        seen = len(acknowledged)
        deadline = time.monotonic() + 30
        while len(acknowledged) < seen + 30:
            assert time.monotonic() < deadline, own.log[-3000:]
            time.sleep(0.02)
        kill_workers(own)
    own.wait()
    is_over.set()
    for writer in writers:
        writer.join(30)

    stored = {row[0] for row in rows(own, "SELECT username FROM consumers_consumer")}
    created = rows(
        own, "SELECT entity_name FROM kongadmin_change WHERE verb = 'create'"
    )
    logged = Counter(row[0] for row in created if row[0] in stored)
    tags = rows(own, "SELECT entity_id FROM kongadmin_tag")
    assert {*acknowledged} - stored == set()
    assert logged == dict.fromkeys(stored, 1)
    assert {*Counter(tags).values()} == {2}
    assert len({*tags}) == len(stored)


def kill_workers(server: Server) -> None:
    """End every process that serves requests, and none that looks after them."""
    for pid, (parent, _) in server.processes().items():
        if parent != server.process.pid:
            send(pid, signal.SIGKILL)


def test_a_change_counts_with_the_next_request_in_every_worker(server: Server) -> None:
    username = f"caller-{name()}"
    ask(f"{server.admin}/consumers", "POST", json={"username": username})
    keys = f"{server.admin}/consumers/{username}/key-auth"
    callers = [Caller(server.proxy) for _ in range(4)]
    wrong = []

    for number in range(200):
        key = f"key-{name()}"
        before = {caller.status(key) for caller in callers}
        made = ask(keys, "POST", json={"key": key})
        after = {caller.status(key) for caller in callers}
        deleted = ask(f"{keys}/{made.json()['id']}", "DELETE")
        gone = {caller.status(key) for caller in callers}
        seen = (before, made.status, after, deleted.status, gone)
        if seen != ({401}, 201, {200}, 204, {401}):
            wrong.append((number, *seen))

    for caller in callers:
        caller.connection.close()
    assert wrong == []


class Caller:
    """A client of the authorizer that keeps its connection, and so its worker."""

    def __init__(self, url: str) -> None:
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"))

    def status(self, key: str) -> int:
        self.connection.request("GET", "/", headers={"apikey": key})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


def test_another_text_of_a_key_counts_with_the_next_request(server: Server) -> None:
    username, old, new = f"caller-{name()}", f"a-{name()}"[:10], f"b-{name()}"[:10]
    ask(f"{server.admin}/consumers", "POST", json={"username": username})
    ask(f"{server.admin}/consumers/{username}/key-auth", "POST", json={"key": old})
    caller = Caller(server.proxy)
    assert (caller.status(old), caller.status(new)) == (200, 401)

    ask(f"{server.admin}/key-auths/{old}", "PATCH", json={"key": new})

    assert (caller.status(old), caller.status(new)) == (401, 200)
    caller.connection.close()
