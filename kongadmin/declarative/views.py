"""The pages that import: bring a document, look at its plan, apply it, undo it."""

from collections.abc import Callable
from functools import wraps
from threading import Thread
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django_htmx.http import HttpResponseClientRefresh, reswap, retarget

from kongadmin.access.permissions import READ, WRITE, may, needs
from kongadmin.crypto import UnknownSecretKey
from kongadmin.declarative import jobs
from kongadmin.declarative.choice import Choice, update
from kongadmin.declarative.document import Problem
from kongadmin.declarative.exporting import may_import, readable_kinds
from kongadmin.declarative.formats import FORMATS, Columns
from kongadmin.declarative.forms import BEGINNING, ColumnsForm, ImportForm
from kongadmin.declarative.kinds import KINDS
from kongadmin.declarative.listing import Listing, groups, plan_of, summary
from kongadmin.declarative.models import Import, Status
from kongadmin.declarative.pieces import DocumentHandler
from kongadmin.declarative.telling import Run, title_of
from kongadmin.declarative.verbs import Mode
from kongadmin.declarative.words import WORDS
from kongadmin.manager.paging import Page, Sort
from kongadmin.manager.render import CONFLICT, REFUSED, render_page, see_other

GONE = 410
NEWEST_FIRST = {"newest": Sort("pk")}
# So long a page waits for a run, so that a short one is done when it is shown.
PATIENCE_SECONDS = 0.8
DONE = (Status.APPLIED, Status.UNDONE)
READY = (Status.PLANNED, Status.FAILED, Status.CANCELLED)
SHOWN_PROBLEMS = 100


def told_if_locked(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Say of an import that no secret key reads any more that this is so."""

    @wraps(view)
    def telling(request: HttpRequest, id: UUID) -> HttpResponse:
        try:
            return view(request, id)
        except UnknownSecretKey:
            record = find(request, id)
            context = {"record": record, "title": title_of(record), "can_import": True}
            context["reason"] = jobs.LOCKED
            template = "declarative/locked.html"
            return render_page(request, template, "content", context, GONE)

    return telling


@csrf_exempt  # it is `begin` that checks, once it is settled where a file goes
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@needs(READ, *KINDS)
def start(request: HttpRequest) -> HttpResponse:
    """Take a document, and plan it. Who may only read goes on to the export."""
    if not may_import(request.user, request.scope):
        if request.method == "POST":
            raise PermissionDenied
        return see_other(request, reverse("declarative:export"))
    handler = DocumentHandler(request, settings.MAX_DOCUMENT_SIZE)
    request.upload_handlers = [handler]
    try:
        return begin(request, handler)
    except RequestDataTooBig:
        most = filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        refusal = f"This is more than {most} to be pasted: bring it as a file."
        return ask(request, ImportForm({"mode": Mode.APPLY}, refusal=refusal))


@csrf_protect
def begin(request: HttpRequest, handler: DocumentHandler) -> HttpResponse:
    """Show the form, or take what it brings."""
    if request.method != "POST":
        return ask(request, ImportForm())
    files, refusal = request.FILES, ""  # read here: then the handler knows
    if handler.is_too_large:
        most = filesizeformat(settings.MAX_DOCUMENT_SIZE)
        refusal = f"The file is larger than {most} (KONGADMIN_MAX_DOCUMENT_SIZE)."
    form = ImportForm(request.POST, files, refusal=refusal)
    if not form.is_valid():
        return ask(request, form)
    record = form.keep(request.scope, request.user.get_username())
    if (columns := form.columns) and "" in columns.meant.values():
        return see_other(request, reverse("declarative:columns", args=[record.pk]))
    wait_for(jobs.plan(record))
    return see_other(request, page_of(record))


def ask(request: HttpRequest, form: ImportForm) -> HttpResponse:
    recent = Import.objects.in_scope(request.scope).order_by("-pk")[:5]
    context = {"form": form, "recent": recent, "can_import": True}
    status = REFUSED if form.is_bound else 200
    return render_page(request, "declarative/start.html", "form", context, status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, *KINDS)
@told_if_locked
def edit_columns(request: HttpRequest, id: UUID) -> HttpResponse:
    """Say what the columns of a table mean, then plan it."""
    record = find(request, id)
    columns = columns_of(record)
    if columns is None or record.state not in (*READY, Status.NEW):
        return see_other(request, page_of(record))
    form = ColumnsForm(columns, request.POST or None)
    if form.is_valid():
        record.options = {**record.options, "columns": form.meant}
        return planned(request, record)
    context = {"form": form, "record": record, "can_import": True}
    return render_page(request, "declarative/columns.html", "form", context)


@require_safe
@needs(WRITE, *KINDS)
def list_imports(request: HttpRequest) -> HttpResponse:
    """What was imported and undone, newest first."""
    rows = Import.objects.in_scope(request.scope)
    page = Page(rows, request.GET, NEWEST_FIRST, "-newest")
    context = {"page": page, "can_import": True}
    return render_page(request, "declarative/history.html", "results", context)


@require_safe
@needs(WRITE, *KINDS)
@told_if_locked
def show_import(request: HttpRequest, id: UUID) -> HttpResponse:
    """An import as it stands: how far it is, its plan, or what became of it."""
    record = find(request, id)
    if record.state == Status.NEW:
        return see_other(request, reverse("declarative:columns", args=[record.pk]))
    if record.is_running:
        run = Run(record, request.GET)
        context = {"record": record, "run": run, "can_import": True}
        return render_page(request, "declarative/running.html", "progress", context)
    if is_polling(request):
        return HttpResponseClientRefresh()
    is_looked_back_at = "steps" in request.GET and record.state in DONE
    if record.counts and (record.state in READY or is_looked_back_at):
        return show_plan(request, record)
    return render_page(
        request, "declarative/report.html", "content", about(request, record)
    )


def is_polling(request: HttpRequest) -> bool:
    """Say whether it is the progress of a run that is asked for."""
    return bool(request.htmx) and request.htmx.target == "progress"


def show_plan(
    request: HttpRequest, record: Import, status: int = 200, error: str = ""
) -> HttpResponse:
    """Show what a plan would do, a page of it, and what of it is chosen."""
    context = plan_context(request, record, Choice.of(record)) | {"error": error}
    return render_page(request, "declarative/plan.html", "plan", context, status)


def plan_context(request: HttpRequest, record: Import, choice: Choice) -> dict:
    plan = plan_of(record)
    if plan is None:
        raise Http404("Its plan has been forgotten: imports are kept for a month.")
    readable, writable = kinds_of(request)
    is_done = record.state in DONE
    counts, wrong = record.counts, told(plan.problems, readable)
    if is_done:
        counts, wrong, writable = record.written, [], []
    given = request.POST if request.method == "POST" else request.GET
    listing = Listing(plan, given, readable, is_done)
    unwritable = [KINDS[kind].words for kind in counts if kind not in writable]
    return about(request, record) | {
        "plan": plan,
        "is_done": is_done,
        "listing": listing,
        "groups": list(groups(listing, choice, writable)),
        "summary": summary(counts, choice, readable, writable),
        "unwritable": [] if is_done else unwritable,
        "taken": choice.count(counts, writable),
        "total": writes_in(counts),
        "wrong": wrong[:SHOWN_PROBLEMS],
        "more": max(0, len(wrong) - SHOWN_PROBLEMS),
        "verbs": WORDS.items(),
        "kinds": [(kind, KINDS[kind].words) for kind in counts],
    }


def about(request: HttpRequest, record: Import) -> dict:
    """Return what every page about one import shows."""
    undo = record.undos.order_by("-pk").first()
    problems = record.problems if record.state == Status.FAILED else []
    return {
        "record": record,
        "title": title_of(record),
        "can_import": True,
        "is_own": record.actor == request.user.get_username(),
        "problems": told(problems, kinds_of(request)[0]),
        "written": [
            (KINDS[kind].words, record.written[kind])
            for kind in KINDS
            if kind in record.written
        ],
        "undo": undo,
        "has_columns": columns_of(record) is not None,
    }


def told(problems: list[Problem], readable: list[str]) -> list[Problem]:
    """Return each problem once; none of what somebody may not read, which it names."""
    return [
        problem
        for problem in dict.fromkeys(problems)
        if (kind := problem.text.partition(" ")[0]) in readable or kind not in KINDS
    ]


def writes_in(counts: dict[str, dict[str, int]]) -> int:
    verbs = ("create", "update", "delete")
    return sum(each.get(verb, 0) for each in counts.values() for verb in verbs)


@require_POST
@needs(WRITE, *KINDS)
@told_if_locked
def edit_choice(request: HttpRequest, id: UUID) -> HttpResponse:
    """Keep what is ticked, and go where the button leads."""
    record = find(request, id)
    choice, is_group = followed(request, record)
    if request.htmx:
        context = plan_context(request, record, choice)
        template = "declarative/plan.html"
        if not is_group:
            return render_page(request, template, "taken", context)
        answer = render_page(request, template, "plan", context)
        return reswap(retarget(answer, "#plan"), "outerHTML")
    kept = "steps&" if record.state in DONE else ""
    return see_other(request, f"{page_of(record)}?{kept}{wanted_in(request)}#steps")


def wanted_in(request: HttpRequest) -> str:
    """Return where a button leads, else the filter in the form, as arguments."""
    go = request.POST.get("go")
    given = request.POST if go is None else QueryDict(go.strip())
    names = ("kind", "verb", "q") if go is None else Listing.arguments
    return urlencode({name: given[name] for name in names if given.get(name)})


def followed(request: HttpRequest, record: Import) -> tuple[Choice, bool]:
    """Return the choice after what is ticked on the page, which is kept."""
    with transaction.atomic():
        locked(record)
        choice = Choice.of(record)
        shown, ticked = request.POST.getlist("shown"), request.POST.getlist("take")
        is_group = update(choice, shown, set(ticked))
        choice.keep(record)
    return choice, is_group


def locked(record: Import) -> Import:
    return Import.objects.select_for_update().get(pk=record.pk)


@require_POST
@needs(WRITE, *KINDS)
@told_if_locked
def edit_apply(request: HttpRequest, id: UUID) -> HttpResponse:
    """Carry out what was chosen of a plan, beside this request."""
    record = find(request, id)
    choice, _ = followed(request, record)
    _, writable = kinds_of(request)
    if record.state not in READY or not record.counts:
        return see_other(request, page_of(record))
    is_wrong = any(counts.get("conflict") for counts in record.counts.values())
    if is_wrong and "leave_out" not in request.POST:
        error = "Tick that what is wrong shall be left out, or mend the document."
        return show_plan(request, record, REFUSED, error)
    count = choice.count(record.counts, writable)
    if not count:
        return show_plan(request, record, REFUSED, jobs.NOTHING.text)
    is_all = count == writes_in(record.counts) and not is_wrong
    taken = None if is_all else writable
    with transaction.atomic():
        if locked(record).status != record.status:
            return see_other(request, page_of(record))
        thread = jobs.apply(record, request.user.get_username(), taken)
    wait_for(thread)
    return see_other(request, page_of(record))


@require_POST
@needs(WRITE, *KINDS)
@told_if_locked
def edit_plan(request: HttpRequest, id: UUID) -> HttpResponse:
    """Plan once more: what is stored may have changed since."""
    record = find(request, id)
    if record.state not in READY:
        return see_other(request, page_of(record))
    return planned(request, record)


def planned(request: HttpRequest, record: Import) -> HttpResponse:
    work = jobs.plan_reverse if record.undoes_id else jobs.plan_document
    with transaction.atomic():
        Choice().keep(record)
        thread = jobs.start(record, Status.PLANNING, work)
    wait_for(thread)
    return see_other(request, page_of(record))


@require_POST
@needs(WRITE, *KINDS)
def edit_cancel(request: HttpRequest, id: UUID) -> HttpResponse:
    """Ask a run to stop; nothing of it is written then."""
    record = find(request, id)
    if record.is_running:
        jobs.cancel(record)
        return see_other(request, page_of(record), "It is being stopped.")
    return see_other(request, page_of(record))


@require_POST
@needs(WRITE, *KINDS)
@told_if_locked
def edit_undo(request: HttpRequest, id: UUID) -> HttpResponse:
    """Plan to undo an import: a page says what would happen, and what is in the way."""
    record = find(request, id)
    if not record.can_be_undone:
        return render_page(
            request,
            "declarative/report.html",
            "content",
            about(request, record),
            CONFLICT,
        )
    undo, thread = jobs.plan_undo(record, request.user.get_username())
    wait_for(thread)
    return see_other(request, page_of(undo))


def find(request: HttpRequest, id: UUID) -> Import:
    rows = Import.objects.in_scope(request.scope).select_related("scope", "undoes")
    return get_object_or_404(rows, pk=id)


def page_of(record: Import) -> str:
    return reverse("declarative:show", args=[record.pk])


def wait_for(thread: Thread) -> None:
    """Give a short run the time to end."""
    if thread.is_alive():
        thread.join(PATIENCE_SECONDS)


def kinds_of(request: HttpRequest) -> tuple[list[str], list[str]]:
    """Return the kinds that somebody may read, and those that they may write."""
    user, scope = request.user, request.scope
    writable = [kind for kind in KINDS if may(user, WRITE, kind, scope)]
    return readable_kinds(user, scope), writable


def columns_of(record: Import) -> Columns | None:
    """Return the columns of an import's document; None if it is no table."""
    format = FORMATS.get(record.format)
    if format is None or format.columns is None:
        return None
    first = next(record.pieces("document"), b"")
    columns = format.columns(first[:BEGINNING].decode(errors="replace"))
    chosen = record.options.get("columns", {})
    return Columns({**columns.meant, **chosen}, columns.known)
