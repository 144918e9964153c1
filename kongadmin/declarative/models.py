"""Imports: a document, its plan, and what became of both."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import batched
from typing import BinaryIO

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from kongadmin.declarative import board
from kongadmin.declarative.document import Place, Problem
from kongadmin.declarative.pieces import cut, opened, reading, sealed
from kongadmin.declarative.plan import Plan
from kongadmin.declarative.progress import Progress
from kongadmin.declarative.verbs import Mode

PIECES_AT_ONCE = 8
DAYS_KEPT = 30
DIED = "The server stopped while this ran; nothing of it was written."


class Status(models.TextChoices):
    NEW = "new", "Uploaded"
    PLANNING = "planning", "Being planned"
    PLANNED = "planned", "Planned"
    APPLYING = "applying", "Being applied"
    APPLIED = "applied", "Applied"
    UNDONE = "undone", "Undone"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


RUNNING = (Status.PLANNING, Status.APPLYING)


class ImportQuerySet(models.QuerySet):
    def in_scope(self, scope) -> "ImportQuerySet":
        return self.filter(scope_id=scope.pk)

    def tidy(self) -> None:
        """Forget the documents and plans of imports that are a month old."""
        before = timezone.now() - timedelta(days=DAYS_KEPT)
        Part.objects.filter(whole__created_at__lt=before).delete()


class Import(models.Model):
    """A document that somebody brought, on its way into a scope.

    Its text and its plan are kept encrypted for a month: as long, it can be undone.
    An undo is an import as well, that `undoes` another.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scope = models.ForeignKey(
        "realms.Scope", on_delete=models.DB_CASCADE, related_name="+", db_index=False
    )
    actor = models.TextField(help_text="Who brought it.")
    applied_by = models.TextField(
        blank=True, help_text="Who applied it: to them the change log puts it down."
    )
    format = models.TextField(blank=True)
    filename = models.TextField(blank=True)
    options = models.JSONField(default=dict, blank=True)
    mode = models.TextField(default=Mode.APPLY)
    status = models.TextField(choices=Status, default=Status.NEW)
    error = models.TextField(blank=True)
    counts = models.JSONField(default=dict, blank=True)
    written = models.JSONField(default=dict, blank=True)
    # Kinds: what was chosen of them is carried out; null stands for the whole plan.
    taken = models.JSONField(null=True, blank=True)
    undoes = models.ForeignKey(
        "self", null=True, on_delete=models.DB_SET_NULL, related_name="undos"
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    phase = models.TextField(blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    beat_at = models.DateTimeField(null=True)
    is_cancelled = models.BooleanField(default=False)

    objects = ImportQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["scope", "id"], name="import_by_id")]

    def __str__(self) -> str:
        return self.filename or f"import of {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING and not self.is_dead

    @property
    def is_dead(self) -> bool:
        """Say whether it is said to run though nobody has heard of it for long."""
        return self.status in RUNNING and not board.is_alive(self)

    @property
    def state(self) -> str:
        """The status as it truly is: what died while it ran has failed."""
        return Status.FAILED if self.is_dead else self.status

    @property
    def reason(self) -> str:
        """Why it failed, in a sentence."""
        return DIED if self.is_dead else self.error

    @property
    def progress(self) -> Progress:
        return board.read(self)

    @property
    def can_be_undone(self) -> bool:
        return self.status == Status.APPLIED and self.parts.filter(name="plan").exists()

    @property
    def document(self) -> BinaryIO:
        """The text that was brought; a piece of it at a time is in memory."""
        parts = self.parts.filter(name="document")
        data = parts.values_list("data", flat=True)
        return reading(lambda at: opened(bytes(data.get(number=at))), parts.count())

    @property
    def environment(self) -> dict[str, str]:
        """What the placeholders of the document stand for."""
        return json.loads(b"".join(self.pieces("environment")) or b"{}")

    def keep_environment(self, values: dict[str, str]) -> None:
        self.keep("environment", [json.dumps(values).encode()])

    def keep_document(self, pieces: Iterable[bytes]) -> None:
        self.keep("document", pieces)

    @property
    def plan(self) -> Plan | None:
        """The plan; after an application with what of it was carried out."""
        pieces = self.pieces("plan")
        first = next(pieces, None)
        return first and Plan.load(self.scope, _chain(first, pieces))

    def keep_plan(self, plan: Plan) -> None:
        self.counts = plan.counts
        self.keep("plan", plan.save())

    @property
    def problems(self) -> list[Problem]:
        """Why the document cannot be read; what a plan finds is the plan's."""
        text = b"".join(self.pieces("problems")) or b"[]"
        return [
            Problem(said, place and Place(*place), line, hint)
            for said, place, line, hint in json.loads(text)
        ]

    def keep_problems(self, problems: Iterable[Problem]) -> None:
        """Keep problems; their lines may hold secrets."""
        said = [(p.text, p.place, p.line, p.hint) for p in problems]
        self.keep("problems", [json.dumps(said).encode()])

    def keep(self, name: str, pieces: Iterable[bytes]) -> None:
        """Store bytes in place of those of that name, encrypted."""
        self.parts.filter(name=name).delete()
        made = (
            Part(whole=self, name=name, number=number, data=sealed(piece))
            for number, piece in enumerate(cut(pieces))
        )
        for some in batched(made, PIECES_AT_ONCE, strict=False):
            Part.objects.bulk_create(some)

    def pieces(self, name: str) -> Iterator[bytes]:
        found = self.parts.filter(name=name).order_by("number")
        for part in found.iterator(PIECES_AT_ONCE):
            yield opened(bytes(part.data))


def _chain(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


class Part(models.Model):
    """A piece of what belongs to an import: compressed, then encrypted."""

    whole = models.ForeignKey(Import, models.DB_CASCADE, related_name="parts")
    name = models.TextField()
    number = models.IntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["whole", "name", "number"], name="import_part"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number} of {self.whole_id}"
