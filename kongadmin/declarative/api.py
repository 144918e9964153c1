"""POST /declarative/plan and /declarative/apply: a whole document at once, any format.

The body is the document itself, or a form's file; it is read from disk, where it is
encrypted, never whole from memory. What is answered has no secret in it.
"""

import shutil
from io import BytesIO
from typing import Any, BinaryIO, ClassVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import LimitedStream
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from kongadmin.access.permissions import WRITE, may
from kongadmin.declarative.applying import Refused, apply
from kongadmin.declarative.document import Document, Problem, Unreadable
from kongadmin.declarative.formats import FORMATS, Format, Options, recognise
from kongadmin.declarative.kinds import KINDS
from kongadmin.declarative.listing import managed_of
from kongadmin.declarative.pieces import DocumentHandler, Spool
from kongadmin.declarative.plan import Plan, Step, make
from kongadmin.declarative.verbs import VERBS, Mode
from kongadmin.dialects.admin_api import paging
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.errors import Refusal, invalid_options
from kongadmin.dialects.admin_api.operations import (
    INTEGER,
    OBJECT,
    TEXT,
    Operation,
    array,
    record,
)
from kongadmin.dialects.admin_api.registry import register
from kongadmin.dialects.admin_api.views import AdminView
from kongadmin.managed import Managed

BEGINNING = 1 << 16
AT_ONCE = 1 << 18
MOST_PROBLEMS = 100
MODES = (Mode.SYNC, Mode.APPLY)
TABLE_TYPES = ("text/csv", "text/tab-separated-values")
TYPES = ("application/yaml", "text/csv")
NOWHERE = (None, None)
CHANGES = ("create", "update", "delete", "conflict")
COUNTS = record(**dict.fromkeys(VERBS, INTEGER))
PLAN = record(
    mode=TEXT,
    format=TEXT,
    summary=COUNTS,
    counts=OBJECT,
    notes=array(TEXT),
    data=array(OBJECT),
    next={"type": ["integer", "null"]},
)
REPORT = record(
    mode=TEXT, format=TEXT, summary=COUNTS, counts=OBJECT, notes=array(TEXT)
)
QUERY = ("mode", "select_tag", "format", "column")


class Declarative(AdminView):
    """For those who may write all that the document is about."""

    documented_under = "declarative"

    def may(self, verb: str) -> bool:
        return any(may(self.request.user, WRITE, kind, self.scope) for kind in KINDS)

    def planned(self, request) -> tuple[Plan, Document]:
        """Return the plan of the document in the request, and the document."""
        mode = one_of(request, "mode", MODES, Mode.APPLY)  # what deletes is asked for
        document = self.document(request)
        try:
            plan = make(self.scope, document, mode)
        except Unreadable as error:
            raise refused(error.problems) from None
        self.check(plan)
        if plan.problems:
            raise refused(plan.problems)
        return plan, document

    def document(self, request) -> Document:
        stream, filename = sent(request)
        format = format_of(request, stream, filename)
        options = Options(filename=filename, columns=dict(columns_in(request)))
        try:
            document = format.read(stream, options)
        except Unreadable as error:
            raise refused(error.problems) from None
        return document.within(values_of(request, "select_tag"))

    def check(self, plan: Plan) -> None:
        """Refuse a plan about what the caller may not write."""
        for kind in plan.counts:
            if not may(self.request.user, WRITE, kind, self.scope):
                raise self.forbidden()


class Planned(Declarative):
    """What a document would change; nothing is written."""

    operations: ClassVar = {
        "post": Operation(
            "Say what a document would change",
            {200: PLAN},
            OBJECT,
            query=(*QUERY, "size", "after", "kind", "verb"),
            text_types=TYPES,
        ),
    }

    def post(self, request) -> Answer:
        kind = one_of(request, "kind", (*KINDS, None), None)
        verb = one_of(request, "verb", (*VERBS, None), None)
        size = paging.read_size(request.arguments.get("size"))
        after = read_after(request)
        plan, document = self.planned(request)
        verbs = (verb,) if verb else CHANGES
        steps = page_of(plan, kind, verbs, after, size + 1)
        managed = managed_of(steps[:size])
        data = [told(step, managed.get(step.number)) for step in steps[:size]]
        more = data[-1]["number"] if len(steps) > size else None
        return Answer({**summary(plan, document), "data": data, "next": more})


class Applied(Declarative):
    """Make it so: all that the document says in one transaction, or nothing."""

    operations: ClassVar = {
        "post": Operation(
            "Do what a document says",
            {200: REPORT},
            OBJECT,
            query=QUERY,
            text_types=TYPES,
        ),
    }

    def post(self, request) -> Answer:
        plan, document = self.planned(request)
        try:
            apply(plan)
        except Refused as error:
            raise refused(error.problems) from None
        return Answer(summary(plan, document))


# What comes in


def sent(request) -> tuple[BinaryIO, str]:
    """Return the document in a request as a file, from its start, and its name."""
    if not hasattr(request, "document"):
        request.document = received(request)
    stream, name = request.document
    stream.seek(0)
    return stream, name


def received(request) -> tuple[BinaryIO, str]:
    """Take a body from the wire to disk; refuse one that is too large."""
    most = settings.MAX_DOCUMENT_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > most:
        raise RequestDataTooBig
    if "HTTP_TRANSFER_ENCODING" in request.META:
        request._stream = LimitedStream(request.META["wsgi.input"], most + 1)
    if request.META.get("CONTENT_TYPE", "").startswith("multipart/form-data"):
        return from_form(request)
    body = Spool(most)
    try:
        shutil.copyfileobj(request, body, AT_ONCE)
    except OSError as error:
        raise UnreadablePostError(*error.args) from error
    return body.reading(), ""


def from_form(request) -> tuple[BinaryIO, str]:
    """Return the file of a form, or the text of its field `config`."""
    handler = DocumentHandler(request, settings.MAX_DOCUMENT_SIZE)
    try:
        parser = MultiPartParser(request.META, request, [handler])
        fields, files = parser.parse()
    except MultiPartParserError as error:
        raise Refusal.plain(400, "Cannot parse multipart body") from error
    if handler.is_too_large:
        raise RequestDataTooBig
    for file in files.values():
        return file, file.name
    return BytesIO(fields.get("config", "").encode()), ""


def format_of(request, stream: BinaryIO, filename: str) -> Format:
    """Return the format asked for, or the one that the text and its type look like."""
    names = [name for name, format in FORMATS.items() if format.read]
    if name := one_of(request, "format", (*names, None), None):
        return FORMATS[name]
    if request.META.get("CONTENT_TYPE", "").startswith(TABLE_TYPES):
        return FORMATS["csv"]
    beginning = stream.read(BEGINNING).decode("utf-8", "replace")
    stream.seek(0)
    if not beginning.strip():
        raise Refusal.plain(400, "expected a declarative configuration")
    found = recognise(beginning, filename)
    # A reader of decK's files says best what something unknown lacks.
    return found if found and found.read else FORMATS["deck"]


def values_of(request, name: str) -> list[str]:
    """Return every value of a query argument, those of `a,b` one by one."""
    given = [text for key, text in request.pairs if key == name]
    return [each for text in given if text is not True for each in text.split(",")]


def columns_in(request):
    """Yield the columns of a table that ?column=HEADING=FIELD names."""
    for key, text in request.pairs:
        if key == "column":
            heading, equals, field = str(text).rpartition("=")
            if not equals:
                raise invalid_options(column="must be HEADING=FIELD")
            yield heading, field


def one_of(request, name: str, choices: tuple, default: Any) -> Any:
    given = request.arguments.get(name, default)
    if given not in choices:
        known = ", ".join(str(choice) for choice in choices if choice is not None)
        raise invalid_options(**{name: f"expected one of: {known}"})
    return given


def read_after(request) -> int:
    """Return the number of the step behind which a page begins."""
    text = request.arguments.get("after", "0")
    if text is True or not (text.isascii() and text.isdigit() and len(text) < 16):
        raise invalid_options(after="must be the number of a step")
    return int(text)


# What goes out


def page_of(plan: Plan, kind: str | None, verbs, after: int, size: int) -> list[Step]:
    """Return steps of these verbs in their order, secrets masked."""
    found = [
        step
        for verb in verbs
        for step in plan.steps(kind=kind, verb=verb, after=after, size=size)
    ]
    return sorted(found, key=lambda step: step.number)[:size]


def summary(plan: Plan, document: Document) -> dict[str, Any]:
    return {
        "mode": plan.mode,
        "format": document.format,
        "summary": plan.totals,
        "counts": plan.counts,
        "notes": plan.notes,
    }


def told(step: Step, managed: Managed | None) -> dict[str, Any]:
    """Return a step; `managed` says what will put it right again at once."""
    step = step.masked()
    line, column = (step.place or NOWHERE)[:2]
    return {
        "number": step.number,
        "verb": step.verb,
        "kind": step.kind,
        "id": str(step.id),
        "name": step.name,
        "owner": step.owner,
        "changed": step.changed,
        "managed": managed and managed.label,
        "before": step.before,
        "after": step.after,
        "line": line,
        "column": column,
    }


def refused(problems) -> Refusal:
    """Return Kong's refusal of a declarative document, with all that is wrong in it."""
    problems = [*problems]
    first = str(problems[0]) if problems else ""
    more = f" and {len(problems) - 1} more" * (len(problems) > 1)
    return Refusal.coded(
        14,
        f"declarative config is invalid: {first}{more}",
        fields={"problems": [described(each) for each in problems[:MOST_PROBLEMS]]},
    )


def described(problem: Problem) -> dict[str, Any]:
    line, column = (problem.place or NOWHERE)[:2]
    return {
        "line": line,
        "column": column,
        "message": problem.text,
        "text": problem.line,
        "hint": problem.hint,
    }


def register_declarative() -> None:
    register("declarative/plan", Planned)
    register("declarative/apply", Applied)
