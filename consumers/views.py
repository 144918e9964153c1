"""The pages about consumers."""

from functools import partial

from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from consumers.code import list_of_consumers, moving, on_consumer
from consumers.forms import MoveForm, consumer_form
from consumers.holdings import with_credentials, with_usage
from consumers.models import Consumer, KeyAuth, move
from consumers.usage import SPANS, with_series
from kongadmin import managed
from kongadmin.access.permissions import READ, WRITE, needs
from kongadmin.changes import Change
from kongadmin.conflicts import Conflict
from kongadmin.manager.code import Verb, as_code
from kongadmin.manager.finding import find
from kongadmin.manager.forms import is_saved, render_form
from kongadmin.manager.paging import Page, Sort
from kongadmin.manager.render import (
    REFUSED,
    ask_for_name,
    render_code,
    render_page,
    see_other,
)
from kongadmin.manager.steps import request_steps
from kongadmin.manager.words import found_in_words
from kongadmin.tags import TagFilter
from realms.models import Realm
from realms.places import inside

SORTS = {
    "username": Sort("username_lower", nullable=True),
    "custom_id": Sort("custom_id", nullable=True),
    "created": Sort("created_at"),
}
NEWEST_FIRST = {"newest": Sort("pk")}
find_consumer = partial(find, Consumer)


@require_safe
@needs(READ, Consumer)
def list_consumers(request: HttpRequest) -> HttpResponse:
    """One page of consumers, searched by part of a name, narrowed by tag and group."""
    text, tag = request.GET.get("q", "").strip(), request.GET.get("tag", "").strip()
    group = request.GET.get("group", "").strip()
    if "code" in request.GET:
        return render_code(request, list_of_consumers(request.scope, tag))
    rows = Consumer.objects.in_scope(request.scope).matching(text)
    if tag:
        rows = rows.tagged(TagFilter((tag,)), request.scope)
    if group:
        rows = rows.in_group(group)
    page = Page(rows, request.GET, SORTS, "username")
    managed.mark(page.items)
    with_credentials(page.items)
    with_series(page.items, SPANS["day"])
    example = on_consumer(Verb.CREATE, Consumer(username="alex"), request.scope)
    context = {
        "page": page,
        "text": text,
        "tag": tag,
        "group": group,
        "count_text": found_in_words(page.count(), text, tag, group=group),
        "code": as_code(request, example),
    }
    return render_page(request, "consumers/list.html", "results", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Consumer)
def new_consumer(request: HttpRequest) -> HttpResponse:
    # Only a consumer of a realm has names of groups; of others this is null.
    groups = [] if isinstance(request.scope, Realm) else None
    consumer = Consumer(scope=request.scope, consumer_groups=groups)
    form = consumer_form(consumer, request.POST)
    act = on_consumer(Verb.CREATE, consumer, request.scope, form.said())
    if is_saved(request, form):
        if "add_key" in request.POST:
            url = reverse("consumers:new_credential", args=[consumer.ref, "key-auth"])
            return see_other(request, url, f"Consumer {consumer} created.")
        return see_other(request, consumer, f"Consumer {consumer} created.")
    context = {"code": as_code(request, act)}
    return render_form(request, "consumers/form.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Consumer)
@transaction.atomic
def edit_consumer(request: HttpRequest, ref: str) -> HttpResponse:
    consumer = find_consumer(request, ref, lock=request.method == "POST")
    managed.refuse(consumer)
    stored = find_consumer(request, ref)
    form = consumer_form(consumer, request.POST)
    act = on_consumer(Verb.CHANGE, stored, request.scope, form.said())
    if is_saved(request, form):
        return see_other(request, consumer, f"Consumer {consumer} saved.")
    context = {"consumer": stored, "code": as_code(request, act)}
    return render_form(request, "consumers/form.html", form, context, stored)


@require_safe
@needs(READ, Consumer)
def show_consumer(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Configuration: the consumer as fields, or as JSON with ?format=json."""
    consumer = find_consumer(request, ref)
    context = consumer_context(request, consumer, "configuration")
    context["is_json"] = request.GET.get("format") == "json"
    return render_page(request, "consumers/show.html", "tab", context)


def consumer_context(request: HttpRequest, consumer: Consumer, tab: str) -> dict:
    """Return what every tab of a consumer's page shows around it."""
    return {
        "consumer": consumer,
        "tab": tab,
        "steps": request_steps(request, request.scope, consumer),
        "code": as_code(request, on_consumer(Verb.READ, consumer, request.scope)),
    }


@require_safe
@needs(READ, Consumer)
def show_activity(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Activity: what was done to the consumer and what belongs to it."""
    consumer = find_consumer(request, ref)
    rows = Change.objects.about(consumer)
    page = Page(rows, request.GET, NEWEST_FIRST, "-newest")
    context = consumer_context(request, consumer, "activity") | {"page": page}
    return render_page(request, "consumers/activity.html", "tab", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Consumer)
def delete_consumer(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for the consumer's name, say what goes with it, and delete it."""
    consumer = find_consumer(request, ref)
    managed.refuse(consumer)
    keys = KeyAuth.objects.of(consumer).live()
    if request.POST.get("name") == str(consumer):
        consumer.delete()
        url = reverse("consumers:list")
        return see_other(request, url, f"Consumer {consumer} deleted.")
    counted = Consumer.objects.annotate(
        plugin_count=Count("plugins", distinct=True),
        group_count=Count("memberships", distinct=True),
    ).get(pk=consumer.pk)
    with_credentials([consumer])
    context = {
        "consumer": consumer,
        "held": consumer.held,
        "keys": with_usage(list(keys.order_by("-pk")[:20])),
        "plugin_count": counted.plugin_count,
        "group_count": counted.group_count,
        "code": as_code(
            request, on_consumer(Verb.DELETE, consumer, request.scope), "gone"
        ),
    }
    return ask_for_name(request, "consumers/delete.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Consumer)
@transaction.atomic
def move_consumer(request: HttpRequest, ref: str) -> HttpResponse:
    """Take a consumer of a realm, with all it has, to another realm."""
    if not isinstance(request.scope, Realm):
        raise Http404("Only consumers of realms can be moved.")
    consumer = find_consumer(request, ref, lock=request.method == "POST")
    form = MoveForm(consumer, request.POST or None)
    if form.is_valid() and moved(consumer, request.scope, form):
        there = form.cleaned_data["target"]
        url = inside(there.ref, "consumers:show", consumer.ref)
        return see_other(request, url, f"Consumer {consumer} moved to realm {there}.")
    target = form["target"].value() if form.is_bound else None
    act = moving(consumer, request.scope, target)
    code = as_code(request, act, "moving")
    context = {"form": form, "consumer": consumer, "code": code}
    status = REFUSED if form.is_bound else 200
    return render_page(request, "consumers/move.html", "dialog", context, status)


def moved(consumer: Consumer, here: Realm, form: MoveForm) -> bool:
    """Move a consumer; False, with what is in the way at the field, if it cannot."""
    there = form.cleaned_data["target"]
    try:
        move(consumer, here, there)
    except Conflict as conflict:
        holder = getattr(conflict.holder, "consumer", conflict.holder)
        what = " and ".join(name.replace("_", " ") for name in conflict.values)
        form.add_error("target", f"{holder} has the same {what} there.")
        consumer.scope_id = here.pk
        return False
    return True
