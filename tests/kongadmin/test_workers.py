"""The worker behind the Admin API and the Manager, as awkward clients meet it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from kongadmin.settings import DATABASE_THREADS
from servers import Server, ask

ASK = b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n"
THREADS = 2 * DATABASE_THREADS  # of two workers


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[[], socket.socket]]:
    """Opens a connection to the Admin API; all are closed at the end."""
    listener = urlsplit(server.admin)
    opened = []

    def open_one() -> socket.socket:
        address = (listener.hostname, listener.port)
        opened.append(socket.create_connection(address, timeout=30))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


def answers_to(connection: socket.socket, count: int) -> bytes:
    """Return what came until `count` answers had begun and the last one ended."""
    got = b""
    while got.count(b"HTTP/1.1 ") < count or not got.endswith(b"}"):
        piece = connection.recv(65536)
        assert piece, f"the connection ended after {got[-500:]!r}"
        got += piece
    return got


def test_one_connection_asks_again_and_again(connect):
    connection = connect()

    for _ in range(3):
        connection.sendall(ASK)

        assert b" 200 OK" in answers_to(connection, 1)


def test_questions_sent_at_once_are_answered_one_after_other(connect):
    connection = connect()

    connection.sendall(ASK * 40)

    assert answers_to(connection, 40).count(b" 200 OK") == 40


def test_a_client_that_asks_without_end_is_answered_beside_others(server, connect):
    connection, count = connect(), 1500  # more than calls may be nested

    sending = threading.Thread(target=connection.sendall, args=[ASK * count])
    sending.start()

    assert ask(f"{server.admin}/status").status == 200
    assert answers_to(connection, count).count(b" 200 OK") == count
    sending.join()


def test_more_clients_than_threads_are_served_side_by_side(connect):
    connections = [connect() for _ in range(5 * THREADS)]

    for connection in connections:
        connection.sendall(ASK)

    assert all(b" 200 OK" in answers_to(one, 1) for one in connections)


def test_clients_that_say_nothing_hold_nobody_up(server, connect):
    for _ in range(3 * THREADS):
        connect()

    assert ask(f"{server.admin}/status").status == 200


def test_a_question_that_comes_in_pieces_is_answered(connect):
    connection = connect()

    for piece in (ASK[:9], ASK[9:30], ASK[30:]):
        connection.sendall(piece)
        time.sleep(0.02)

    assert b" 200 OK" in answers_to(connection, 1)


def test_who_wants_to_close_gets_the_whole_answer_and_the_end(connect):
    connection = connect()

    connection.sendall(ASK[:-2] + b"Connection: close\r\n\r\n")

    assert b"Connection: close" in answers_to(connection, 1)
    assert connection.recv(1) == b""


def test_a_refusal_is_read_by_who_goes_on_sending(connect):
    connection = connect()
    head = (
        b"POST /consumers HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000000\r\n"
    )

    connection.sendall(head + b"Content-Type: application/json\r\n\r\n" + b" " * 60_000)

    assert b"HTTP/1.1 413 " in connection.recv(65536)


def test_what_is_no_http_is_told_so(connect):
    connection = connect()

    connection.sendall(b"what is this\r\n\r\n")

    assert b"HTTP/1.1 400 Bad Request" in connection.recv(65536)
    assert has_ended(connection)


def test_clients_that_hang_up_in_the_middle_leave_no_harm(server, connect):
    for _ in range(3 * THREADS):
        connection = connect()
        connection.sendall(ASK[:20])
        connection.close()

    assert ask(f"{server.admin}/status").status == 200


def test_many_clients_at_once_get_their_own_answers(server):
    names = [f"workers-{n}" for n in range(40)]
    made = {}

    def make(name: str) -> None:
        url = f"{server.admin}/consumers"
        made[name] = ask(url, "POST", json={"username": name}).json()["username"]

    threads = [threading.Thread(target=make, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert made == {name: name for name in names}


def has_ended(connection: socket.socket) -> bool:
    while connection.recv(65536):
        pass
    return True
