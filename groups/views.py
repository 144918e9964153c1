"""The pages about consumer groups and their limits."""

from functools import partial

from django.db import transaction
from django.db.models import OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from groups.code import list_of_groups, on_group, on_override
from groups.forms import ConsumerGroupForm, OverrideForm
from groups.limits import limits_in_words
from groups.models import ConsumerGroup, Membership, Override
from kongadmin import managed
from kongadmin.access.permissions import READ, WRITE, needs
from kongadmin.changes import Change
from kongadmin.manager.code import Verb, as_code, is_live
from kongadmin.manager.finding import find
from kongadmin.manager.forms import is_saved, render_form, stale_context
from kongadmin.manager.paging import CountUpTo, Page, Sort, count_up_to
from kongadmin.manager.render import (
    CONFLICT,
    REFUSED,
    ask_for_name,
    render_code,
    render_page,
    see_other,
)
from kongadmin.manager.steps import overridden_by
from kongadmin.manager.words import found_in_words
from kongadmin.tags import TagFilter

SORTS = {"name": Sort("name"), "created": Sort("created_at")}
NEWEST_FIRST = {"newest": Sort("pk")}
find_group = partial(find, ConsumerGroup)
# What the form of an override would send if somebody filled it in.
EXAMPLE = {"limit": [100], "window_size": [60], "window_type": "sliding"}


def with_limits(groups: list[ConsumerGroup]) -> list[ConsumerGroup]:
    """Give each group `limits`, the words of its override or ""; one query."""
    rows = Override.objects.filter(consumer_group__in=groups)
    configs = dict(rows.values_list("consumer_group_id", "config"))
    for group in groups:
        config = configs.get(group.pk)
        group.limits = limits_in_words(config) if config else ""
    return groups


def with_members(groups: list[ConsumerGroup]) -> list[ConsumerGroup]:
    """Give each group `member_count`, which is bounded; one query."""
    members = CountUpTo(Membership.objects.filter(consumer_group=OuterRef("pk")))
    rows = ConsumerGroup.objects.filter(pk__in=[group.pk for group in groups])
    counts = dict(
        rows.annotate(members_found=members).values_list("pk", "members_found")
    )
    for group in groups:
        group.member_count = counts.get(group.pk, 0)
    return groups


@require_safe
@needs(READ, ConsumerGroup)
def list_groups(request: HttpRequest) -> HttpResponse:
    """One page of groups, searched by part of a name and narrowed by a tag."""
    text, tag = request.GET.get("q", "").strip(), request.GET.get("tag", "").strip()
    if "code" in request.GET:
        return render_code(request, list_of_groups(request.scope, tag))
    rows = ConsumerGroup.objects.in_scope(request.scope).matching(text)
    if tag:
        rows = rows.tagged(TagFilter((tag,)), request.scope)
    page = Page(rows, request.GET, SORTS, "name")
    managed.mark(page.items)
    with_limits(with_members(page.items))
    example = on_group(Verb.CREATE, ConsumerGroup(name="gold"), request.scope)
    context = {
        "page": page,
        "text": text,
        "tag": tag,
        "count_text": found_in_words(page.count(), text, tag, "consumer group"),
        "code": as_code(request, example),
    }
    return render_page(request, "groups/list.html", "results", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, ConsumerGroup)
def new_group(request: HttpRequest) -> HttpResponse:
    group = ConsumerGroup(scope=request.scope)
    form = ConsumerGroupForm(request.POST or None, instance=group)
    act = on_group(Verb.CREATE, group, request.scope, form.said())
    if is_saved(request, form):
        message = f"Consumer group {group} created."
        if "add_consumers" in request.POST:
            url = reverse("groups:add_consumers", args=[group.ref])
            return see_other(request, url, message)
        return see_other(request, group, message)
    context = {"code": as_code(request, act)}
    return render_form(request, "groups/form.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, ConsumerGroup)
@transaction.atomic
def edit_group(request: HttpRequest, ref: str) -> HttpResponse:
    group = find_group(request, ref, lock=request.method == "POST")
    managed.refuse(group)
    stored = find_group(request, ref)
    form = ConsumerGroupForm(request.POST or None, instance=group)
    act = on_group(Verb.CHANGE, stored, request.scope, form.said())
    if is_saved(request, form):
        return see_other(request, group, f"Consumer group {group} saved.")
    context = {"group": stored, "code": as_code(request, act)}
    return render_form(request, "groups/form.html", form, context, stored)


@require_safe
@needs(READ, ConsumerGroup)
def show_group(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Configuration: the group as fields, or as JSON with ?format=json."""
    context = group_context(request, find_group(request, ref), "configuration")
    context["is_json"] = request.GET.get("format") == "json"
    return render_page(request, "groups/show.html", "tab", context)


def group_context(request: HttpRequest, group: ConsumerGroup, tab: str) -> dict:
    """Return what every tab of a group's page shows around it."""
    with_limits(with_members([group]))
    return {
        "group": group,
        "tab": tab,
        "code": as_code(request, on_group(Verb.READ, group, request.scope)),
    }


@require_safe
@needs(READ, ConsumerGroup)
def show_activity(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Activity: what was done to the group and what belongs to it."""
    group = find_group(request, ref)
    page = Page(Change.objects.about(group), request.GET, NEWEST_FIRST, "-newest")
    context = group_context(request, group, "activity") | {"page": page}
    return render_page(request, "groups/activity.html", "tab", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, ConsumerGroup)
def delete_group(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for the group's name, say what goes with it, and delete it."""
    group = find_group(request, ref)
    managed.refuse(group)
    if request.POST.get("name") == group.name:
        group.delete()
        url = reverse("groups:list")
        return see_other(request, url, f"Consumer group {group} deleted.")
    with_limits(with_members([group]))
    context = {
        "group": group,
        "plugin_count": count_up_to(group.plugins.all()),
        "code": as_code(request, on_group(Verb.DELETE, group, request.scope), "gone"),
    }
    return ask_for_name(request, "groups/delete.html", context)


def rate_limiting(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Rate Limiting: the group's override in words and as rows of a form."""
    view = set_override if request.method == "POST" else show_override
    return view(request, ref)


@require_safe
@needs(READ, Override)
def show_override(request: HttpRequest, ref: str) -> HttpResponse:
    group = find_group(request, ref)
    return render_override(request, group, OverrideForm(instance=override_of(group)))


def override_of(group: ConsumerGroup) -> Override:
    """Return the override of a group, a new one if it has none."""
    stored = Override.objects.filter(consumer_group=group).first()
    return stored or Override(scope_id=group.scope_id, consumer_group=group)


@needs(WRITE, Override)
@transaction.atomic
def set_override(request: HttpRequest, ref: str) -> HttpResponse:
    """Add or remove a row, or store the rows, as the button that was pressed says."""
    group = find_group(request, ref, lock=True)  # two would not make two overrides
    form = OverrideForm(request.POST, instance=override_of(group))
    if is_live(request):
        return render_override(request, group, form)
    if "add_row" in request.POST:
        return render_override(request, group, form.with_row_added())
    if "remove_row" in request.POST:
        rest = form.with_row_removed(request.POST["remove_row"])
        return render_override(request, group, rest)
    if form.is_stale:
        stored = override_of(group)
        stale = stale_context(form, stored) | {"version": form.stored_version}
        return render_override(request, group, form, CONFLICT, **stale)
    if form.is_valid() and form.save_or_explain():
        url = reverse("groups:rate_limiting", args=[group.ref])
        return see_other(request, url, f"Limits of {group} saved.")
    return render_override(request, group, form, REFUSED)


def render_override(
    request: HttpRequest,
    group: ConsumerGroup,
    form: OverrideForm,
    status: int = 200,
    **more,
) -> HttpResponse:
    stored = override_of(group)
    has_override = not stored._state.adding
    config = stored.config if has_override else EXAMPLE
    typed = form.said() if form.is_bound else config
    act = on_override(Verb.SET, group, request.scope, typed)
    context = group_context(request, group, "rate_limiting") | {
        "form": form,
        "override": stored if has_override else None,
        "limits": limits_in_words(config, "requests"),
        "code": as_code(request, act),
        **overrides_in_words(group),
        **more,
    }
    part = "code" if is_live(request) else "limits"
    return render_page(request, "groups/rate_limiting.html", part, context, status)


def overrides_in_words(group: ConsumerGroup) -> dict:
    """Return which plugin the override overrides, and that one's own limits."""
    found = overridden_by(group)
    config = found["plugin"].config if found["is_enforced"] else {}
    has_limits = config.get("limit") and config.get("window_size")
    return found | {"own_limits": limits_in_words(config) if has_limits else ""}


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Override)
def delete_override(request: HttpRequest, ref: str) -> HttpResponse:
    group = find_group(request, ref)
    override = Override.objects.filter(consumer_group=group).first()
    if override is None:
        raise Http404(f"The consumer group {group} has no limits of its own.")
    if request.method == "POST":
        override.delete()
        url = reverse("groups:rate_limiting", args=[group.ref])
        return see_other(request, url, f"Limits of {group} deleted.")
    context = {
        "group": group,
        "limits": limits_in_words(override.config, "requests"),
        "code": as_code(
            request, on_override(Verb.DELETE, group, request.scope), "gone"
        ),
        **overrides_in_words(group),
    }
    return render_page(request, "groups/delete_override.html", "dialog", context)
