"""When a credential was last accepted, written off the way of the request."""

import threading
import time
from datetime import UTC, datetime

import pytest

from consumers.models import LastUsed as Row
from factories import make_consumer, make_key, make_plugin
from kongadmin.gateway import last_used, wsgi

NOW = 1_700_000_000.25


@pytest.fixture
def uses(transactional_db, monkeypatch):
    """A recorder whose clock stands still and whose thread does not run."""
    monkeypatch.setattr(last_used.time, "time", lambda: NOW)
    recorder = last_used.LastUsed()
    recorder.thread = threading.current_thread()
    return recorder


def used_at(credential) -> float:
    return Row.objects.get(pk=credential.pk).used_at.timestamp()


@pytest.fixture
def credential(uses):
    return make_key(make_consumer())


def test_uses_are_written_in_one_batch(uses):
    made = [make_key(make_consumer()) for _ in range(50)]
    for n, credential in enumerate(made):
        uses.note(str(credential.pk), NOW - n)

    uses.flush()

    assert [used_at(credential) for credential in made] == [NOW - n for n in range(50)]
    assert uses.pending == {}


def test_a_credential_is_written_once_a_minute_and_its_last_use_waits(
    uses, credential, monkeypatch
):
    uses.note(str(credential.pk), NOW)
    uses.flush()

    uses.note(str(credential.pk), NOW + 5)
    uses.flush()
    assert used_at(credential) == NOW
    assert uses.pending == {str(credential.pk): NOW + 5}

    monkeypatch.setattr(last_used.time, "time", lambda: NOW + 61)
    uses.flush()
    assert used_at(credential) == NOW + 5


def test_everything_is_written_at_the_end(uses, credential):
    uses.note(str(credential.pk), NOW)
    uses.flush()
    uses.note(str(credential.pk), NOW + 5)

    uses.flush(everything=True)

    assert used_at(credential) == NOW + 5


def test_time_only_moves_forward(uses, credential):
    moment = datetime.fromtimestamp(NOW + 9, UTC)
    Row.objects.create(credential_id=credential.pk, used_at=moment)

    uses.note(str(credential.pk), NOW)
    uses.flush()

    assert used_at(credential) == NOW + 9


def test_what_cannot_be_written_waits(uses, credential, monkeypatch, caplog):
    def away():
        raise OSError("no route")

    with monkeypatch.context() as broken:
        broken.setattr(last_used, "open_database", away)
        uses.note(str(credential.pk), NOW)
        uses.flush()
    assert "no route" in caplog.text

    uses.note(str(credential.pk), NOW + 1)
    uses.flush()

    assert used_at(credential) == NOW + 1


def test_only_accepted_credentials_count(gateway, monkeypatch):
    monkeypatch.setattr(wsgi, "last_used", last_used.LastUsed())
    make_plugin("key-auth")
    credential = make_key(make_consumer(), key="k")
    before = time.time()
    for presented in ("wrong", "k"):
        gateway(headers={"apikey": presented})

    wsgi.last_used.flush(everything=True)

    assert Row.objects.count() == 1
    assert before <= used_at(credential) + 0.001


def test_a_batch_does_not_empty_what_is_known(gateway, settled):
    make_plugin("key-auth")
    credential = make_key(make_consumer(), key="k")
    gateway(headers={"apikey": "k"})
    view = settled()

    assert last_used.write({str(credential.pk): NOW})
    time.sleep(0.5)

    assert wsgi.store.current() is view
