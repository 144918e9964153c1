"""Imports run beside the requests, and say what became of them."""

from io import BytesIO

import pytest
from django.utils import timezone

from consumers.models import Consumer, KeyAuth, OAuth2Token
from declared import document, row
from factories import make_consumer, make_credential, make_key, make_oauth2_token
from kongadmin.declarative import board, formats, jobs
from kongadmin.declarative.document import Place, Problem, Unreadable
from kongadmin.declarative.formats import Format
from kongadmin.declarative.kinds import KINDS
from kongadmin.declarative.models import Import, Part, Status
from kongadmin.declarative.progress import Cancelled, Progress, estimated
from realms.models import ControlPlane

pytestmark = pytest.mark.django_db
KEY = "a key that nobody may find"


def read(file, options):
    """Read lines such as "bob 1234" as consumers with a key."""
    rows = []
    for number, line in enumerate(file.read().decode().splitlines(), 1):
        name, _, key = line.partition(" ")
        if name == "?":
            raise Unreadable(Problem("who is this", Place(number), line))
        rows.append(row("consumers", number, username=name))
        if key:
            rows.append(row("keyauth_credentials", number, consumer=name, key=key))
    return document(*rows)


@pytest.fixture(autouse=True)
def lines():
    """A format for tests."""
    format = Format("lines", "Lines", "txt", "text/plain", lambda *_: False, read)
    formats.register(format)
    yield
    del formats.FORMATS["lines"]


def brought(text: str, **values) -> Import:
    record = Import(
        scope_id=ControlPlane.called("default").pk,
        actor="ada",
        format="lines",
        **values,
    )
    record.save()
    record.keep_document([text.encode()])
    return record


def run(record: Import, status: Status, work) -> Import:
    jobs.begin(record, status)
    jobs.run(record, work)
    return Import.objects.get(pk=record.pk)


def planned(text: str, **values) -> Import:
    return run(brought(text, **values), Status.PLANNING, jobs.plan_document)


def applied(text: str, **values) -> Import:
    return run(planned(text, **values), Status.APPLYING, jobs.apply_plan)


def test_a_document_is_planned_then_applied(lines):
    record = planned(f"bob {KEY}\nalice")

    assert record.status == Status.PLANNED
    assert record.counts["consumers"] == {"create": 2}
    assert not Consumer.objects.exists()

    record = run(record, Status.APPLYING, jobs.apply_plan)

    assert record.status == Status.APPLIED
    assert record.written["consumers"] == {"create": 2}
    assert KeyAuth.objects.get().key == KEY


def test_how_long_a_document_is_shows_by_how_much_is_read():
    stream = BytesIO(b"x" * 1000)
    told: list[Progress] = []
    tell = estimated(told.append, stream)

    tell(Progress("declared", 0))
    stream.read(100)
    tell(Progress("stored", 7))
    tell(Progress("declared", 500))
    tell(Progress("declared", 500, 500))

    assert [progress.total for progress in told] == [None, None, 5000, 500]


def test_no_secret_of_a_document_is_kept_in_clear(lines):
    planned(f"bob {KEY}")

    kept = [bytes(part.data) for part in Part.objects.all()]

    assert {part.name for part in Part.objects.all()} == {"document", "plan"}
    assert not any(KEY.encode() in data for data in kept)


def test_what_cannot_be_read_is_said_with_its_place(lines):
    record = planned(f"bob\n? {KEY}")

    assert record.status == Status.FAILED
    assert record.problems == [Problem("who is this", Place(2), f"? {KEY}")]


def test_an_import_is_undone_as_a_whole(lines):
    record = applied(f"bob {KEY}\nalice")

    undo = Import(scope_id=record.scope_id, actor="ada", undoes=record, mode="undo")
    undo.save()
    undo = run(undo, Status.PLANNING, jobs.plan_reverse)
    undo = run(undo, Status.APPLYING, jobs.apply_plan)

    assert undo.status == Status.APPLIED
    assert Import.objects.get(pk=record.pk).status == Status.UNDONE
    assert not Consumer.objects.exists()


def test_what_was_changed_since_is_not_undone_unless_the_rest_is_taken(lines):
    record = applied(f"bob {KEY}\nalice")
    alice = Consumer.objects.get(username="alice")
    alice.custom_id = "hers"
    alice.save()

    undo = Import(scope_id=record.scope_id, actor="ada", undoes=record, mode="undo")
    undo.save()
    undo = run(undo, Status.PLANNING, jobs.plan_reverse)
    refused = run(undo, Status.APPLYING, jobs.apply_plan)

    assert refused.status == Status.FAILED
    assert "consumers 'alice' was changed since" in str(refused.problems[0])
    assert Consumer.objects.count() == 2

    undo = run(undo, Status.PLANNING, jobs.plan_reverse)
    undo.taken = list(KINDS)  # what is wrong among them is left out
    run(undo, Status.APPLYING, jobs.apply_plan)

    assert [consumer.username for consumer in Consumer.objects.all()] == ["alice"]


def test_what_somebody_hung_on_it_since_keeps_a_consumer(lines):
    record = applied(f"bob {KEY}\nalice")
    make_key(Consumer.objects.get(username="bob"), key="another of his")

    undo, _ = jobs.plan_undo(record, "ada")
    undo = run(undo, Status.PLANNING, jobs.plan_reverse)

    said = [str(problem) for problem in undo.plan.problems]
    assert said == ["consumers 'bob' still has Key Auth Credentials"]
    assert undo.counts["consumers"] == {"delete": 1, "conflict": 1}


def test_a_run_that_is_stopped_writes_nothing(lines):
    record = planned("bob")

    def work(record, tell):
        jobs.cancel(record)
        assert board.write(record, Progress("apply"))
        raise Cancelled

    record = run(record, Status.APPLYING, work)

    assert record.status == Status.CANCELLED
    assert not Consumer.objects.exists()


def test_a_run_that_has_died_is_shown_as_failed(lines, monkeypatch):
    record = planned("bob")
    jobs.begin(record, Status.APPLYING)
    board.write(record, Progress("write", 3, 7))
    record.refresh_from_db()

    assert record.is_running
    assert record.progress == Progress("write", 3, 7)

    monkeypatch.setattr(board, "SECONDS_TO_DEATH", 0)

    assert not record.is_running
    assert record.state == Status.FAILED
    assert "nothing of it was written" in record.reason


def test_the_tokens_of_a_deleted_client_come_back_with_it(lines):
    client = make_credential("oauth2", make_consumer(username="carol"))
    kept = make_oauth2_token(client, access_token="kept", refresh_token="again")
    ended = make_oauth2_token(client, access_token="ended", expires_at=timezone.now())
    before = OAuth2Token.objects.filter(pk=kept.pk).values().get()

    record = applied("bob", mode="sync")
    gone = not OAuth2Token.objects.exists()
    undo, _ = jobs.plan_undo(record, "ada")
    undo = run(undo, Status.PLANNING, jobs.plan_reverse)
    undo = run(undo, Status.APPLYING, jobs.apply_plan)

    assert (gone, undo.status) == (True, Status.APPLIED)
    assert OAuth2Token.objects.filter(pk=kept.pk).values().get() == before
    assert OAuth2Token.objects.by_ref("kept").get().credential_id == client.pk
    assert not OAuth2Token.objects.filter(pk=ended.pk).exists()
