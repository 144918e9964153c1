"""What the product answers while the database is away or others are in the way."""

import json
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError

import postgresql
from kongadmin import outages
from servers import Answer, Server, ask
from together import at_once, name, rows

needs_postgresql = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") != "postgresql",
    reason="about deadlocks and restarts of a server, which SQLite has not got",
)


def raised(kind: type, cause: Exception) -> Exception:
    error = kind("told by the driver")
    error.__cause__ = cause
    return error


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("told by SQLite")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "is_contended", "is_away"),
    [
        (raised(OperationalError, psycopg.errors.DeadlockDetected()), True, False),
        (raised(OperationalError, psycopg.errors.SerializationFailure()), True, False),
        (raised(IntegrityError, psycopg.errors.ForeignKeyViolation()), True, False),
        (raised(OperationalError, psycopg.errors.AdminShutdown()), False, True),
        (raised(OperationalError, psycopg.OperationalError("refused")), False, True),
        (raised(IntegrityError, psycopg.errors.CheckViolation()), False, False),
        (raised(DatabaseError, psycopg.errors.UndefinedTable()), False, False),
        (raised(OperationalError, sqlite_error(sqlite3.SQLITE_BUSY)), True, False),
        (raised(OperationalError, sqlite_error(sqlite3.SQLITE_FULL)), False, True),
        (raised(OperationalError, sqlite_error(sqlite3.SQLITE_ERROR)), False, False),
        (ValueError("of our own"), False, False),
        (None, False, False),
    ],
)
def test_a_failure_is_told_from_a_fault_of_ours(
    error: Exception | None, is_contended: bool, is_away: bool
) -> None:
    assert outages.is_contended(error) == is_contended
    assert outages.is_away(error) == is_away
    assert bool(outages.in_words(error)) == (is_contended or is_away)


# A database that goes and comes back


@pytest.fixture
def cluster() -> Iterator[postgresql.Cluster]:
    made = postgresql.Cluster()
    yield made
    made.stop()


@needs_postgresql
def test_a_database_that_goes_and_comes_back_needs_no_restart_of_ours(
    cluster: postgresql.Cluster,
) -> None:
    url = postgresql.create_database(cluster.url("x"), "kongadmin")
    with Server(DATABASE_URL=url) as server:
        cookies = {"Cookie": "; ".join(f"{k}={v}" for k, v in server.sign_in().items())}
        consumers, page = f"{server.admin}/consumers", f"{server.manager}/consumers"
        ask(consumers, "POST", json={"username": "before"})

        cluster.halt()
        cluster.launch()
        restarted = [ask(f"{consumers}/before").status for _ in range(20)]
        cluster.halt()
        away = [
            ask(f"{consumers}/before"),
            ask(consumers, "POST", json={"username": "meanwhile"}),
        ]
        shown, status = ask(page, headers=cookies), ask(f"{server.admin}/status")
        cluster.launch()
        back = seconds_until(lambda: ask(f"{consumers}/before").status == 200)

        assert {*restarted} <= {200, 503}
        assert restarted[-1] == 200
        for answer in away:
            assert answer.status == 503
            assert answer.json().keys() == {"message"}
            assert answer.headers["Retry-After"] == "1"
        assert shown.status == 503
        assert "Not available for now" in shown.text
        assert status.json()["database"] == {"reachable": False}
        assert back < 10
        assert ask(consumers, "POST", json={"username": "after"}).status == 201
        assert ask(f"{consumers}/meanwhile").status == 404
        assert {ask(page, headers=cookies).status for _ in range(20)} == {200}


def seconds_until(is_so, patience: float = 30) -> float:
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < patience
        time.sleep(0.1)
    return time.monotonic() - started


# Others in the way


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/consumers/{owner}/key-auth", {}),
        ("POST", "/acls", {"group": "g", "consumer": {"username": "{owner}"}}),
        ("PUT", "/jwts/{owner}", {"consumer": {"username": "{owner}"}}),
        ("POST", "/consumer_groups/full/consumers", {"consumer": "{owner}"}),
    ],
)
def test_linking_to_a_consumer_that_is_being_deleted_is_never_a_surprise(
    server: Server, method: str, path: str, body: dict
) -> None:
    """Whoever comes second meets what the first one left."""
    consumers = f"{server.admin}/consumers"
    ask(f"{server.admin}/consumer_groups/full", "PUT", json={})
    for _ in range(15):
        owner = name()
        ask(consumers, "POST", json={"username": owner})
        url = server.admin + path.replace("{owner}", owner)
        sent = json.loads(json.dumps(body).replace("{owner}", owner))

        deleted, linked = at_once(2, race(f"{consumers}/{owner}", method, url, sent))

        assert deleted.status == 204
        assert linked.status in (200, 201, 400, 404), linked.text
        assert linked.status != 400 or linked.json()["code"] in (4, 13)
        assert ask(f"{consumers}/{owner}").status == 404


def race(victim: str, method: str, url: str, body: dict) -> Callable[[int], Answer]:
    """Return what the one who deletes and the one who links do."""
    return lambda number: (
        ask(url, method, json=body) if number else ask(victim, "DELETE")
    )


@needs_postgresql
def test_who_is_stopped_in_a_deadlock_begins_again(server: Server) -> None:
    """Each holds what the other wants; PostgreSQL stops the one that has waited."""
    made, wanted = f"{server.admin}/consumers", name()
    first, second = (
        ask(made, "POST", json={"username": name()}).json()["id"] for _ in range(2)
    )
    answers: list[Answer] = []
    client = threading.Thread(
        target=lambda: answers.append(
            ask(f"{made}/{first}", "PATCH", json={"custom_id": wanted})
        )
    )
    change = "UPDATE consumers_consumer SET custom_id = %s WHERE id = %s"

    with psycopg.connect(server.database) as other:
        other.execute("SET LOCAL deadlock_timeout = '60s'")
        other.execute(change, [wanted, second])
        client.start()  # takes the first row, and waits for the name
        wait_for_lock(server)
        other.execute(change, [None, first])
    client.join(30)

    assert answers[0].status == 409, answers[0].text
    assert answers[0].json()["fields"] == {"custom_id": wanted}


def wait_for_lock(server: Server) -> None:
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    seconds_until(lambda: rows(server, waiting)[0][0] > 0)


def test_a_locked_sqlite_file_is_waited_for(server: Server) -> None:
    if server.database:
        pytest.skip("about the lock on the file that is SQLite's database")
    path = server.home / "kongadmin.db"
    other = sqlite3.connect(path, autocommit=True, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, other.execute, ["ROLLBACK"])

    release.start()
    answer = ask(f"{server.admin}/consumers", "POST", json={"username": name()})

    release.join()
    other.close()
    assert answer.status == 201


# Bodies that are too large


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_beyond_the_limit_is_refused(server: Server, is_chunked: bool) -> None:
    body = b'{"username": "' + b"x" * (9 * 1024 * 1024) + b'"}'

    status, text = send_raw(server, body, is_chunked)

    assert status == 413
    assert '{"message":"Request body too large"}' in text


def test_a_body_in_chunks_is_read(server: Server) -> None:
    username = name()

    status, _ = send_raw(server, f'{{"username": "{username}"}}'.encode(), True)

    assert status == 201
    assert ask(f"{server.admin}/consumers/{username}").status == 200


def send_raw(server: Server, body: bytes, is_chunked: bool) -> tuple[int, str]:
    """POST a consumer by hand; return the status and the whole answer."""
    port = int(server.admin.rpartition(":")[2])
    length = (
        "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    )
    if is_chunked:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    head = (
        "POST /consumers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\n{length}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head.encode())
        sender = threading.Thread(target=send_all, args=(connection, body))
        sender.start()
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        sender.join()
    return int(text.split()[1]), text


def send_all(connection: socket.socket, body: bytes) -> None:
    try:
        connection.sendall(body)
    except OSError:
        return  # it has heard enough
