"""The proxy listener with a real database behind it."""

import io
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from factories import make_consumer, make_control_plane, make_key, make_plugin
from kongadmin.crypto import Keyring
from kongadmin.gateway import reading, wsgi
from kongadmin.plugins.models import Plugin


def key(text: str) -> dict[str, str]:
    return {"apikey": text}


def test_who_calls_is_told_in_the_answer(gateway):
    make_plugin("key-auth")
    carl = make_consumer(username="carl", custom_id="c-7")
    credential = make_key(carl, key="k")

    answer = gateway("/any/path?x=1", "PATCH", headers=key("k"))

    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers == {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": "2",
        "Server": settings.KONG_SERVER,
        "Cache-Control": "no-store",
        "X-Kong-Request-Id": answer.headers["X-Kong-Request-Id"],
        "X-Consumer-ID": str(carl.pk),
        "X-Consumer-Custom-ID": "c-7",
        "X-Consumer-Username": "carl",
        "X-Credential-Identifier": str(credential.pk),
    }


def test_a_refusal_is_kongs(gateway):
    make_plugin("key-auth", realm="acme")

    answer = gateway(headers=key("wrong"))
    head = gateway(method="HEAD", headers=key("wrong"))

    assert answer.status == head.status == 401
    request_id = answer.headers["X-Kong-Request-Id"]
    assert json.loads(answer.body) == {
        "message": "Unauthorized",
        "request_id": request_id,
    }
    assert answer.headers["WWW-Authenticate"] == 'Key realm="acme"'
    assert head.body == b""
    assert head.headers.keys() == answer.headers.keys()
    assert head.headers["Content-Length"] == str(len(answer.body))


def test_without_a_plugin_everybody_passes(gateway):
    assert gateway().status == 200
    assert "X-Consumer-ID" not in gateway(headers=key("k")).headers


def test_every_change_counts_with_the_next_request(gateway):
    plugin = make_plugin("key-auth")
    carl = make_consumer(username="carl")
    assert gateway(headers=key("k")).status == 401

    credential = make_key(carl, key="k")
    assert gateway(headers=key("k")).status == 200

    carl.username = "charles"
    carl.save()
    assert gateway(headers=key("k")).headers["X-Consumer-Username"] == "charles"

    credential.key = "new"
    credential.save()
    assert gateway(headers=key("k")).status == 401
    assert gateway(headers=key("new")).status == 200

    plugin.config = {**plugin.config, "key_names": ["other"]}
    plugin.save()
    assert gateway(headers=key("new")).status == 401
    assert gateway(headers={"other": "new"}).status == 200

    carl.delete()
    assert gateway(headers={"other": "new"}).status == 401

    plugin.enabled = False
    plugin.save()
    assert gateway().status == 200


def test_a_change_that_is_taken_back_changes_nothing(gateway):
    make_plugin("key-auth")
    credential = make_key(make_consumer(), key="k")
    assert gateway(headers=key("k")).status == 200

    with transaction.atomic():
        credential.delete()
        assert gateway(headers=key("k")).status == 200
        transaction.set_rollback(True)

    assert gateway(headers=key("k")).status == 200


def test_a_change_written_elsewhere_is_heard_of(gateway, monkeypatch):
    make_plugin("key-auth")
    credential = make_key(make_consumer(), key="k")
    assert gateway(headers=key("k")).status == 200
    renewed = threading.Event()
    renew = wsgi.store.renew
    monkeypatch.setattr(wsgi.store, "renew", lambda: (renew(), renewed.set())[0])
    monkeypatch.setattr("kongadmin.revision.Revision.bump", lambda *_: None)

    credential.delete()

    assert renewed.wait(5)
    assert gateway(headers=key("k")).status == 401


def test_what_is_known_needs_no_database(gateway, settled, monkeypatch):
    make_plugin("key-auth")
    make_key(make_consumer(), key="k")
    gateway()
    settled()
    for presented in ("k", "wrong"):
        gateway(headers=key(presented))
    watched = wsgi.store.watcher
    monkeypatch.setattr(wsgi.store, "database", pytest.fail)

    assert gateway(headers=key("k")).status == 200
    assert gateway(headers=key("wrong")).status == 401
    assert wsgi.store.watcher is watched


def test_the_key_is_remembered_by_its_digest_only(gateway, settled):
    make_plugin("key-auth")
    make_key(make_consumer(), key="very-secret")
    settled()
    gateway(headers=key("very-secret"))
    gateway(headers=key("very-wrong"))

    known = repr(wsgi.store.view.identities.young)

    assert "Identity" in known
    assert "very" not in known


def test_a_key_ends_by_itself_though_it_is_remembered(gateway, monkeypatch):
    make_plugin("key-auth")
    credential = make_key(make_consumer(), key="k", ttl=60)
    assert gateway(headers=key("k")).status == 200

    end = credential.expires_at.timestamp()
    monkeypatch.setattr(wsgi.time, "time", lambda: end)

    assert gateway(headers=key("k")).status == 401


def test_plugins_that_are_off_or_not_for_everybody_are_invisible(gateway):
    carl = make_consumer(username="carl")
    make_plugin("key-auth", enabled=False)

    assert gateway().status == 200
    assert not Plugin.objects.filter(consumer=carl).exists()


def test_the_anonymous_consumer_is_found_by_id_and_by_username(gateway):
    guest = make_consumer(username="guest", custom_id="not-by-this")
    plugin = make_plugin("key-auth", anonymous="guest")

    for name in ("guest", str(guest.pk)):
        plugin.config = {**plugin.config, "anonymous": name}
        plugin.save()
        answer = gateway()
        assert answer.status == 200
        assert answer.headers["X-Anonymous-Consumer"] == "true"
        assert answer.headers["X-Consumer-ID"] == str(guest.pk)
        assert "X-Credential-Identifier" not in answer.headers

    for name in ("not-by-this", "0f4cd0a6-0000-7000-8000-000000000000"):
        plugin.config = {**plugin.config, "anonymous": name}
        plugin.save()
        assert gateway().status == 500


def test_control_planes_do_not_share_keys(gateway):
    make_plugin("key-auth")
    make_key(make_consumer(make_control_plane()), key="k")

    assert gateway(headers=key("k")).status == 401


def test_a_key_stored_under_an_older_secret_is_found(gateway, monkeypatch):
    make_plugin("key-auth")
    make_key(make_consumer(username="carl"), key="k")
    rotated = Keyring(
        ["another secret of thirty-two characters", *settings.SECRET_KEYS]
    )
    monkeypatch.setattr(reading, "keyring", rotated)

    assert gateway(headers=key("k")).headers["X-Consumer-Username"] == "carl"
    assert gateway(headers=key("no")).status == 401


def test_a_key_in_the_body_is_read_up_to_a_limit(gateway):
    make_plugin("key-auth", key_in_body=True)
    make_key(make_consumer(), key="k")
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    long = b"apikey=k&x=" + b"x" * wsgi.LARGEST_BODY
    assert gateway("/", "POST", form, b"apikey=k").status == 200
    assert gateway("/", "POST", form, long).status == 401


def test_of_a_connection_that_stays_open_no_more_than_the_body_is_read():
    sent = io.BytesIO(b"apikey=kGET / HTTP/1.1")

    assert wsgi.read_body({"wsgi.input": sent, "CONTENT_LENGTH": "8"}) == b"apikey=k"
    assert wsgi.read_body({"wsgi.input": sent, "CONTENT_LENGTH": ""}) == b""
    assert wsgi.read_body({"wsgi.input": sent}) == b""


def test_names_beyond_ascii_arrive_as_utf_8(gateway):
    make_plugin("key-auth")
    make_key(make_consumer(username="Jürgen 日本"), key="schlüssel")
    given = key("schlüssel".encode().decode("latin-1"))

    def gunicorn(environ, start_response):
        return wsgi.proxy({**environ, "SERVER_SOFTWARE": "gunicorn"}, start_response)

    answer = gateway(headers=given)
    other = gateway(headers=given, application=gunicorn)

    assert answer.headers["X-Consumer-Username"] == "Jürgen 日本"
    raw = other.headers["X-Consumer-Username"].encode("latin-1")
    assert raw == "Jürgen 日本".encode()


def test_it_may_be_asked_by_many_threads_at_once(gateway):
    make_plugin("key-auth")
    carl = make_consumer()
    for n in range(20):
        make_key(carl, key=f"k{n}")
    statuses = []

    def run():
        statuses.extend(gateway(headers=key(f"k{n}")).status for n in range(20))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 80


@pytest.mark.skipif(
    "TEST_POSTGRESQL" not in os.environ,
    reason="about a server that stops answering; SQLite is a file, not a server",
)
def test_what_is_known_outlives_the_database(gateway, settled):
    make_plugin("key-auth")
    make_key(make_consumer(username="carl"), key="k")
    make_key(make_consumer(username="anna"), key="unasked")
    settled()
    assert gateway(headers=key("k")).status == 200

    with database_away():
        away = gateway(headers=key("unasked"))
        known = gateway(headers=key("k"))

    assert (away.status, known.status) == (503, 200)
    assert json.loads(away.body)["message"] == "An unexpected error occurred"
    end = time.monotonic() + 5
    while gateway(headers=key("unasked")).status != 200 and time.monotonic() < end:
        time.sleep(0.05)
    assert gateway(headers=key("unasked")).headers["X-Consumer-Username"] == "anna"
    make_key(make_consumer(username="late"), key="late")
    assert gateway(headers=key("late")).status == 200


@contextmanager
def database_away() -> Iterator[None]:
    """Cut every connection to the database but Django's own, and let none be made."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        [[own]] = cursor.execute("SELECT pg_backend_pid()").fetchall()
    base = os.environ["TEST_POSTGRESQL"].rpartition("/")[0]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as beside:
        beside.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        beside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = %s AND pid <> %s",
            [name, own],
        )
        try:
            yield
        finally:
            beside.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
            connection.close()
            connection.close_pool()  # it holds connections that were cut as well
