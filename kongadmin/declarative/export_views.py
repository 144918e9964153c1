"""The pages that export: of everything, of what was chosen, of one entity."""

from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST

from consumers.models import Consumer
from groups.models import ConsumerGroup
from kongadmin import changes
from kongadmin.access.permissions import READ, needs
from kongadmin.declarative.exporting import (
    Export,
    Secrets,
    may_import,
    may_reveal,
    readable_kinds,
)
from kongadmin.declarative.formats import FORMATS
from kongadmin.declarative.forms import ExportForm
from kongadmin.declarative.kinds import KINDS
from kongadmin.entities import UUID_TEXT
from kongadmin.manager.render import REFUSED
from kongadmin.plugins.models import Plugin

MOST_CHOSEN = 1000
NAMED = 12


@require_http_methods(["GET", "HEAD", "POST"])
@needs(READ, *KINDS)
def export(request: HttpRequest) -> HttpResponse:
    """Ask what and how; posted, send the file. Secrets in clear are written down."""
    reveals = may_reveal(request.user, request.scope)
    if request.method != "POST":
        return ask(request, ExportForm(may_reveal=reveals), ids_in(request.GET))
    form, ids = ExportForm(request.POST, may_reveal=reveals), ids_in(request.POST)
    if not form.is_valid():
        return ask(request, form, ids, REFUSED)
    given = form.cleaned_data
    wanted = Export(
        scope=request.scope,
        format=FORMATS[given["format"]],
        secrets=Secrets(given["secrets"]),
        kinds=readable_kinds(request.user, request.scope),
        tags=tuple(given["tags"] or ()),
        ids=tuple(ids),
        with_id=given["with_id"],
    )
    if wanted.secrets.reveals:
        changes.record_bulk(request.scope, "reveal", "consumers", in_words(wanted))
    return sent(wanted)


@require_POST
@needs(READ, *KINDS)
def choose(request: HttpRequest) -> HttpResponse:
    """Ask how to export what was ticked on a list."""
    form = ExportForm(may_reveal=may_reveal(request.user, request.scope))
    return ask(request, form, ids_in(request.POST), is_choice=True)


def ask(
    request: HttpRequest,
    form: ExportForm,
    ids: list[UUID],
    status: int = 200,
    is_choice: bool = False,
) -> HttpResponse:
    found = list(named(request, ids)) if ids else []
    context = {
        "form": form,
        "can_import": may_import(request.user, request.scope),
        "ids": [entity.pk for entity in found],
        "chosen": found[:NAMED],
        "more": len(found) - NAMED,
        # Nothing that was asked for is there: not even the form makes sense.
        "is_empty": (bool(ids) or is_choice) and not found,
    }
    return render(request, "declarative/export.html", context, status=status)


def ids_in(given) -> list[UUID]:
    texts = given.getlist("ids")[:MOST_CHOSEN]
    return [UUID(text) for text in texts if UUID_TEXT.fullmatch(text)]


def named(request: HttpRequest, ids: list[UUID]) -> Iterable:
    """Yield the consumers, groups and plugins of these ids; three queries at most."""
    readable = readable_kinds(request.user, request.scope)
    for model in (Consumer, ConsumerGroup, Plugin):
        if model.schema.name in readable:
            yield from model.objects.in_scope(request.scope).filter(pk__in=ids)


def sent(wanted: Export) -> HttpResponse:
    return StreamingHttpResponse(
        wanted.pieces(),
        content_type=wanted.content_type,
        headers={
            "Content-Disposition": content_disposition_header(True, wanted.filename)
        },
    )


def in_words(wanted: Export) -> str:
    """Say what was revealed, for the change log."""
    what = f"{len(wanted.ids)} entities" if wanted.ids else "everything"
    tagged = f" tagged {', '.join(wanted.tags)}" if wanted.tags else ""
    return f"the secrets of {what}{tagged}, exported as {wanted.format.label}"
