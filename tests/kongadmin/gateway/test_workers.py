"""Freshness as clients meet it: two workers of the real server, kept-alive connections.

Changes are committed here; in the workers nobody tells the request that follows.
"""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings

import servers
from consumers.models import LastUsed
from factories import make_consumer, make_key, make_plugin

ROUNDS = 100


@pytest.fixture
def served(gateway) -> Iterator[tuple[subprocess.Popen, int]]:
    """The proxy listener, served by two workers of granian, and its port."""
    [port] = servers.free_ports(1)
    database = settings.DATABASES["default"]
    address = f"sqlite:///{database['NAME']}"
    if near := os.environ.get("TEST_POSTGRESQL"):
        address = f"{near.rpartition('/')[0]}/{database['NAME']}"
    command = [sys.executable, "-m", "kongadmin.gateway"]
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "KONGADMIN_DATABASE_URL": address,
        "KONGADMIN_PROXY_LISTEN": f"127.0.0.1:{port}",
        "KONGADMIN_WORKERS": "2",
    }
    with servers.running(command, url, cwd=servers.ROOT, env=environment) as process:
        yield process, port


def status(client: http.client.HTTPConnection, key: str, method: str = "GET") -> int:
    client.request(method, "/", headers={"apikey": key})
    answer = client.getresponse()
    answer.read()
    return answer.status


def test_a_change_is_effective_in_every_worker_with_the_next_request(served):
    _, port = served
    make_plugin("key-auth")
    carl = make_consumer(username="carl")
    clients = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(6)]

    for n in range(ROUNDS):
        credential = make_key(carl, key=f"key-{n}")
        assert {status(client, f"key-{n}") for client in clients} == {200}
        credential.delete()
        assert {status(client, f"key-{n}") for client in clients} == {401}


def test_last_uses_are_written_when_the_server_stops(served):
    process, port = served
    make_plugin("key-auth")
    used = make_key(make_consumer(), key="used")
    make_key(make_consumer(), key="unused")
    client = http.client.HTTPConnection("127.0.0.1", port)
    assert status(client, "used") == status(client, "used", "HEAD") == 200
    client.close()

    process.terminate()
    process.wait(60)

    assert [row.pk for row in LastUsed.objects.all()] == [used.pk]
