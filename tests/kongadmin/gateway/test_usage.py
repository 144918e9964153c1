"""What came from whom and when: counted in memory, written off the way of requests."""

import threading
import time
from datetime import UTC, datetime

import pytest

from consumers.models import LastUsed
from consumers.models import Usage as Row
from factories import make_consumer, make_key, make_plugin
from kongadmin.gateway import usage, wsgi
from kongadmin.gateway.decision import Decision, Identity, Refusal
from kongadmin.gateway.plane import Plane

NOW = 1_700_000_000.25
PLANE = Plane("01890a5d-ac96-774b-bcce-b302099a8057")
DENIED, LIMITED = Refusal(401), Refusal(420, is_limit=True)


@pytest.fixture
def counter(transactional_db, monkeypatch):
    """A recorder whose clock stands still and whose thread does not run."""
    monkeypatch.setattr(usage.time, "time", lambda: NOW)
    recorder = usage.Usage()
    recorder.thread = threading.current_thread()
    return recorder


@pytest.fixture
def credential(counter):
    return make_key(make_consumer())


def count(counter, credential, refusal=None, now=NOW) -> None:
    decision = Decision(None, refusal, plane=PLANE, now=now)
    if credential:
        consumer_id, credential_id = credential.consumer_id, credential.pk
        decision.identity = Identity(str(consumer_id), "a", None, str(credential_id))
    counter.note(decision)


def totals(seconds: int = 86_400) -> list[tuple[int, int, int]]:
    rows = Row.objects.filter(seconds=seconds).order_by("start")
    return list(rows.values_list("allowed", "denied", "limited"))


def used_at(credential) -> float:
    return LastUsed.objects.get(pk=credential.pk).used_at.timestamp()


def test_requests_are_counted_by_minute_hour_and_day(counter, credential):
    for now in (NOW, NOW + 1, NOW + 60, NOW + 3600):
        count(counter, credential, now=now)
    count(counter, credential, DENIED)
    count(counter, credential, LIMITED)
    counter.flush()

    assert totals(60) == [(2, 1, 1), (1, 0, 0), (1, 0, 0)]
    assert totals(3600) == [(3, 1, 1), (1, 0, 0)]
    assert totals() == [(4, 1, 1)]
    assert {row.start % row.seconds for row in Row.objects.all()} == {0}


def test_a_limit_is_one_whatever_status_tells_of_it(counter, credential):
    count(counter, credential, Refusal(200))
    count(counter, credential, Refusal(200, is_limit=True))
    counter.flush()

    assert totals() == [(1, 0, 1)]


def test_each_writing_adds_to_what_is_there(counter, credential):
    for _ in range(3):
        count(counter, credential)
        counter.flush()

    assert totals() == [(3, 0, 0)]
    assert counter.pending == {}


def test_strangers_are_counted_together(counter):
    count(counter, None, DENIED)
    count(counter, None)
    counter.flush()

    [row] = Row.objects.filter(seconds=60)
    assert str(row.consumer_id) == str(row.credential_id) == usage.NOBODY
    assert (row.allowed, row.denied) == (1, 1)


def test_what_is_older_than_it_has_to_be_goes(counter, credential):
    count(counter, credential, now=NOW - 2 * usage.DAY)
    count(counter, credential)

    counter.flush()

    assert len(totals(60)) == 1
    assert len(totals(3600)) == 2


def test_a_last_use_is_that_of_an_accepted_request(counter, credential):
    count(counter, credential, now=NOW - 5)
    count(counter, credential, DENIED)

    counter.flush()

    assert used_at(credential) == NOW - 5


def test_time_only_moves_forward(counter, credential):
    moment = datetime.fromtimestamp(NOW + 9, UTC)
    LastUsed.objects.create(credential_id=credential.pk, used_at=moment)

    count(counter, credential)
    counter.flush()

    assert used_at(credential) == NOW + 9


def test_what_cannot_be_written_waits(counter, credential, monkeypatch, caplog):
    def away():
        raise OSError("no route")

    with monkeypatch.context() as broken:
        broken.setattr(usage, "open_database", away)
        count(counter, credential)
        counter.flush()
    assert "no route" in caplog.text

    count(counter, credential, now=NOW + 1)
    counter.flush()

    assert totals() == [(2, 0, 0)]
    assert used_at(credential) == NOW + 1


def test_threads_that_count_at_once_lose_nothing(counter, credential):
    def many():
        for _ in range(500):
            count(counter, credential)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        counter.flush()
    counter.flush()

    assert totals() == [(2000, 0, 0)]


def test_every_answer_of_the_proxy_listener_is_counted(gateway, monkeypatch):
    monkeypatch.setattr(wsgi, "usage", usage.Usage())
    make_plugin("key-auth")
    credential = make_key(make_consumer(), key="k")
    before = time.time()
    for presented in ("wrong", "k", "k"):
        gateway(headers={"apikey": presented})

    wsgi.usage.flush()

    assert sorted(totals()) == [(0, 1, 0), (2, 0, 0)]
    assert before <= used_at(credential) + 0.001


def test_a_batch_does_not_empty_what_is_known(gateway, settled, credential, counter):
    make_plugin("key-auth")
    gateway(headers={"apikey": "k"})
    view = settled()

    count(counter, credential)
    counter.flush()
    time.sleep(0.5)

    assert wsgi.store.current() is view
