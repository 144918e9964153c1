"""The product as it is started: what it survives, and how it ends."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from servers import ROOT, Server, answers, ask, is_alive, send


@pytest.fixture
def own() -> Iterator[Server]:
    """A server that a test may do anything to."""
    with Server() as running:
        yield running


def port_of(url: str) -> int:
    return urlsplit(url).port


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not after {seconds} seconds"
        time.sleep(0.05)


def masters(server: Server) -> dict[str, int]:
    """Return the processes that serve itself has started, by what they are."""
    children = {
        pid: line
        for pid, (parent, line) in server.processes().items()
        if parent == server.process.pid
    }
    return {
        "granian" if "kongadmin.gateway" in line else "gunicorn": pid
        for pid, line in children.items()
    }


def all_answer(server: Server) -> bool:
    return all(map(answers, (server.proxy, server.admin, server.manager)))


def test_it_says_how_to_point_kubectl_at_it(server: Server) -> None:
    file = server.home / "kubeconfig.yaml"

    wait_for(lambda: f"export KUBECONFIG={file}" in server.log)

    assert f"server: {server.admin.replace('127.0.0.1', 'localhost')}" in (
        file.read_text()
    )


def test_three_addresses_answer(server: Server) -> None:
    assert ask(server.proxy).status in (401, 404)
    assert ask(server.admin).json()["tagline"] == "Welcome to kong"
    assert ask(server.manager).status in (200, 302)
    assert all(
        url in server.log.replace("localhost", "127.0.0.1")
        for url in (server.proxy, server.admin, server.manager)
    )


def test_two_content_types_are_refused_in_kongs_words(server: Server) -> None:
    listener = urlsplit(server.admin)
    connection = http.client.HTTPConnection(listener.hostname, listener.port, 30)

    connection.putrequest("POST", "/consumers")
    for _ in range(2):
        connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "2")
    connection.endheaders(b"{}")
    answer = connection.getresponse()

    assert answer.status == 400
    assert answer.read() == b"Multiple Content-Type headers not allowed"


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_every_process(own: Server, by) -> None:
    own.stop(by)

    assert not any(map(answers, (own.proxy, own.admin, own.manager)))
    assert "Traceback" not in own.log


def test_control_c_which_every_process_gets_ends_it_cleanly(own: Server) -> None:
    family = [own.process.pid, *own.processes()]

    os.killpg(own.process.pid, signal.SIGINT)

    assert own.process.wait(15) == 0
    assert not [pid for pid in family if is_alive(pid)]
    assert "Traceback" not in own.log


def test_a_first_start_makes_all_it_needs() -> None:
    with Server(is_new=True, WORKERS="1") as server:
        assert all_answer(server)
        [plugin] = ask(f"{server.admin}/plugins").json()["data"]
        server.sign_in()

    assert plugin["name"] == "key-auth"


def test_a_second_start_finds_everything_as_it_was(own: Server) -> None:
    assert (
        ask(f"{own.admin}/consumers", "POST", form={"username": "anna"}).status == 201
    )
    own.stop()

    own.start()

    assert ask(f"{own.admin}/consumers/anna").status == 200
    assert "its password was set at first start" in own.log


@pytest.mark.parametrize("name", ["PROXY_LISTEN", "ADMIN_LISTEN", "ADMIN_GUI_LISTEN"])
def test_a_port_in_use_is_one_sentence(server: Server, name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        other = Server(**{name: address})
        try:
            done = other.manage("serve", check=False)
        finally:
            other.remove()

    assert done.returncode == 1
    assert re.fullmatch(
        rf"kongadmin: {address} cannot be bound \(.*\); "
        rf"set KONGADMIN_{name} to another address\.\n",
        done.stderr,
    )


def test_a_reload_replaces_the_workers_and_nobody_waits(own: Server) -> None:
    before = {*own.processes()} - {*masters(own).values()}
    statuses, is_over = [], threading.Event()

    def keep_asking() -> None:
        while not is_over.is_set():
            statuses.append(ask(own.proxy).status)
            statuses.append(ask(f"{own.admin}/consumers").status)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    own.process.send_signal(signal.SIGHUP)
    wait_for(lambda: not before & {*own.processes()})
    wait_for(lambda: all_answer(own))
    is_over.set()
    asking.join(30)

    assert len(statuses) > 10
    assert {*statuses} <= {200, 401, 404}


def test_a_worker_that_dies_is_replaced(own: Server) -> None:
    for _ in range(4):
        pid = own.kill_worker()
        wait_for(lambda pid=pid: not is_alive(pid))
        wait_for(lambda: all_answer(own))

    assert own.process.poll() is None


@pytest.mark.parametrize("name", ["granian", "gunicorn"])
def test_a_whole_server_that_dies_is_replaced_each_time(own: Server, name: str) -> None:
    for _ in range(2):  # the second time it has hardly begun
        old = masters(own)[name]
        send(old, signal.SIGKILL)
        wait_for(lambda old=old: masters(own).get(name, old) != old)

    wait_for(lambda: all_answer(own))
    assert own.process.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends orphans")
def test_nobody_goes_on_serving_for_a_parent_that_was_killed(own: Server) -> None:
    granian = masters(own)["granian"]
    workers = [pid for pid, (parent, _) in own.processes().items() if parent == granian]

    send(granian, signal.SIGKILL)
    wait_for(lambda: not any(map(is_alive, workers)))
    wait_for(lambda: all_answer(own))
    family = [*own.processes()]
    send(own.process.pid, signal.SIGKILL)

    assert workers
    wait_for(lambda: not any(map(is_alive, family)))
    own.kill()  # it has nothing left to stop


FORGETFUL = """
import os, signal, time
from kongadmin.parents import end_after
parent = os.getpid()
if os.fork():
    time.sleep(60)
signal.signal(signal.SIGTERM, lambda *_: signal.signal(signal.SIGTERM, signal.SIG_DFL))
end_after(parent)
print(os.getpid(), flush=True)
time.sleep(60)
"""


def test_a_worker_that_misses_the_signal_of_its_end_gets_another() -> None:
    command = [sys.executable, "-c", FORGETFUL]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        worker = int(parent.stdout.readline())

        parent.kill()

    wait_for(lambda: not is_alive(worker))


@pytest.mark.parametrize("name", ["granian", "gunicorn"])
def test_it_can_be_ended_while_a_server_starts_again(own: Server, name: str) -> None:
    old = masters(own)[name]
    send(old, signal.SIGKILL)
    wait_for(lambda: masters(own).get(name, old) != old)

    own.stop()
