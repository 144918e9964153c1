"""Imports run beside the requests: planned, applied and undone in a thread.

A browser may leave and come back. A heartbeat tells that a run is alive; whether it
wrote is settled in the transaction in which it did.
"""

import logging
from collections.abc import Callable, Collection
from threading import Event, Thread
from typing import BinaryIO

from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from kongadmin import changes
from kongadmin.crypto import UnknownSecretKey
from kongadmin.declarative import applying, board, undoing
from kongadmin.declarative.applying import Refused
from kongadmin.declarative.choice import Choice
from kongadmin.declarative.document import Document, Problem, Unreadable
from kongadmin.declarative.formats import FORMATS, Options
from kongadmin.declarative.models import Import, Status
from kongadmin.declarative.plan import Plan, make
from kongadmin.declarative.progress import Cancelled, Progress, estimated

log = logging.getLogger(__name__)
BEAT_SECONDS = 1.0
DIALECT = "manager"
LOCKED = (
    "It was encrypted with a secret key that KONGADMIN_SECRET_KEYS has no longer, so "
    "neither its document nor its plan can be read."
)
NOTHING = Problem("Nothing is left to apply: tick something.")
type Work = Callable[[Import, Callable[[Progress], None]], None]


def plan(record: Import) -> Thread:
    """Read the import's document and plan it, in the background."""
    return start(record, Status.PLANNING, plan_document)


def apply(record: Import, actor: str, taken: Collection[str] | None = None) -> Thread:
    """Carry out the plan for `actor`, or what was chosen of it, of kinds `taken`."""
    record.applied_by = actor
    record.taken = None if taken is None else list(taken)
    return start(record, Status.APPLYING, apply_plan)


def plan_undo(record: Import, actor: str) -> tuple[Import, Thread]:
    """Plan to undo an import: an import of its own, to be looked at and applied."""
    undo = Import(
        scope_id=record.scope_id,
        actor=actor,
        format=record.format,
        filename=record.filename,
        mode="undo",
        undoes=record,
    )
    undo.save()
    return undo, start(undo, Status.PLANNING, plan_reverse)


def cancel(record: Import) -> None:
    """Ask a running import to stop; nothing of it is written then."""
    board.stop(record)


def start(record: Import, status: Status, work: Work) -> Thread:
    """Run work on an import in a thread of its own."""
    begin(record, status)
    thread = Thread(target=run_in_thread, args=(record.pk, work), daemon=True)
    transaction.on_commit(thread.start)
    return thread


def begin(record: Import, status: Status) -> None:
    board.clear(record)
    record.status, record.error, record.is_cancelled = status, "", False
    record.phase, record.done, record.total = "", 0, None
    record.started_at = record.beat_at = timezone.now()
    record.save()


def run_in_thread(pk, work: Work) -> None:
    close_old_connections()
    try:
        run(Import.objects.select_related("scope").get(pk=pk), work)
    finally:
        connection.close()


def run(record: Import, work: Work) -> None:
    """Do the work; whatever happens, the import says so afterwards."""
    outcome, error = None, ""
    try:
        with (
            changes.acting(record.applied_by or record.actor, DIALECT),
            Heart(record) as heart,
        ):
            work(record, heart.tell)
            return
    except Cancelled:
        outcome = Status.CANCELLED
    except Unreadable as unreadable:
        outcome, error = Status.FAILED, "The document cannot be read."
        record.keep_problems(unreadable.problems)
    except Refused as refused:
        outcome, error = Status.FAILED, "Nothing was written."
        record.keep_problems(refused.problems)
    except UnknownSecretKey:
        outcome, error = Status.FAILED, LOCKED
    except Exception:
        outcome, error = Status.FAILED, "Something went wrong; nothing was written."
        log.exception("import %s", record.pk)
    finally:
        board.clear(record)
    finish(record, outcome, error)


def finish(record: Import, status: Status, error: str = "") -> None:
    record.status, record.error = status, error
    record.finished_at = timezone.now()
    record.save(
        update_fields=("status", "error", "finished_at", "counts", "written", "taken")
    )


def plan_document(record: Import, tell: Callable[[Progress], None]) -> None:
    Import.objects.tidy()
    stream = record.document
    tell = estimated(tell, stream)
    keep_planned(record, make(record.scope, read(record, stream), record.mode, tell))


def read(record: Import, stream: BinaryIO) -> Document:
    """Return the import's document, narrowed by the select tags of its options."""
    given = dict(record.options)
    tags = given.pop("select_tags", ())
    options = Options(filename=record.filename, environment=record.environment, **given)
    document = FORMATS[record.format].read(stream, options)
    tags = (*document.head.select_tags, *tags)
    document.head.select_tags = tuple(dict.fromkeys(tags))
    return document


def plan_reverse(record: Import, tell: Callable[[Progress], None]) -> None:
    done = record.undoes.plan
    if done is None:
        raise Refused([undoing.FORGOTTEN])
    keep_planned(record, undoing.make(record.scope, done, tell))


def keep_planned(record: Import, plan: Plan) -> None:
    with transaction.atomic():
        record.keep_plan(plan)
        finish(record, Status.PLANNED)


def chosen(record: Import, plan: Plan) -> list[int] | None:
    """Return the numbers of the steps to carry out, None for all of the plan."""
    if record.taken is None:
        return None
    if numbers := Choice.of(record).taken(plan, record.taken):
        return numbers
    raise Refused([NOTHING])


def apply_plan(record: Import, tell: Callable[[Progress], None]) -> None:
    plan = record.plan
    with transaction.atomic():
        report = applying.apply(plan, chosen(record, plan), tell)
        record.keep_plan(plan)
        record.written = report.counts
        finish(record, Status.APPLIED)
        if record.undoes:
            finish(record.undoes, Status.UNDONE)


class Heart:
    """Tells of a run every second, from a thread of its own, and hears who stops it."""

    def __init__(self, record: Import) -> None:
        self.record, self.progress = record, Progress("")
        self.is_stopped, self.has_ended = False, Event()
        self.thread = Thread(target=self.beat, daemon=True)

    def __enter__(self) -> "Heart":
        self.thread.start()
        return self

    def __exit__(self, *error) -> None:
        self.has_ended.set()
        self.thread.join()

    def tell(self, progress: Progress) -> None:
        self.progress = progress
        if self.is_stopped:
            raise Cancelled

    def beat(self) -> None:
        try:
            while not self.has_ended.wait(BEAT_SECONDS):
                self.is_stopped = board.write(self.record, self.progress)
        except Exception:
            log.exception("heartbeat of import %s", self.record.pk)
        finally:
            connection.close()
