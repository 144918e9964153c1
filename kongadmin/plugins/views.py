"""The pages about plugins, and the tabs with those of one consumer or group."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from consumers.models import Consumer
from consumers.views import consumer_context, find_consumer
from groups.views import find_group, group_context
from kongadmin.access.permissions import READ, WRITE, needs
from kongadmin.access.views import next_url
from kongadmin.entities import UUID_TEXT, Entity
from kongadmin.fields import can_store
from kongadmin.manager.code import Verb, as_code, is_live
from kongadmin.manager.forms import stale_context
from kongadmin.manager.paging import Page, Sort
from kongadmin.manager.render import (
    CONFLICT,
    REFUSED,
    render_code,
    render_page,
    see_other,
)
from kongadmin.plugins.code import list_of_plugins, on_plugin, on_typed
from kongadmin.plugins.forms import PluginForm
from kongadmin.plugins.kinds import by_category, kind_of
from kongadmin.plugins.models import Plugin, plugin_schemas, whole_schema
from kongadmin.plugins.sources import asked
from kongadmin.plugins.targets import (
    TARGETS,
    allowed,
    owner_of,
    page_of,
    scope_in_words,
)
from kongadmin.plugins.words import label_of

NEWEST_FIRST = {"newest": Sort("pk")}
SCOPES = {
    "": ("All", Q()),
    "everyone": ("Everyone", Q(scoped_to="")),
    "consumer": ("Consumers", Q(consumer__isnull=False)),
    "consumer_group": ("Groups", Q(consumer_group__isnull=False)),
}


def plugins_in(request: HttpRequest) -> QuerySet:
    rows = Plugin.objects.in_scope(request.scope)
    return rows.select_related("consumer", "consumer_group")


def find_plugin(request: HttpRequest, id: UUID, lock: bool = False) -> Plugin:
    """Return the plugin of an address; 404 page if there is none.

    `lock` keeps others from writing it until the transaction ends.
    """
    rows = plugins_in(request).filter(pk=id)
    plugin = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if plugin is None:
        raise Http404(f"There is no plugin {id} in {request.scope}.")
    return plugin


def find_owner(request: HttpRequest) -> Entity | None:
    """Return the consumer or group that ?consumer= or ?consumer_group= names."""
    for field, target in TARGETS.items():
        text = request.GET.get(field)
        if text:
            owner = target.find(request.scope, text)
            if owner is None:
                raise Http404(f"There is no {target.noun} {text} in {request.scope}.")
            return owner
    return None


def field_of(owner: Entity) -> str:
    return "consumer" if isinstance(owner, Consumer) else "consumer_group"


def query_for(owner: Entity | None) -> str:
    """Return what an address needs to keep to one consumer or group."""
    return f"?{urlencode({field_of(owner): owner.ref})}" if owner else ""


# Lists


@require_safe
@needs(READ, Plugin)
def list_plugins(request: HttpRequest) -> HttpResponse:
    """The plugins of the control plane, found by name and by whom they apply to."""
    text, scope = request.GET.get("q", "").strip(), request.GET.get("scope", "")
    scope = scope if scope in SCOPES else ""
    if "code" in request.GET:
        return render_code(request, list_of_plugins(request.scope))
    rows = matching(plugins_in(request), text).filter(SCOPES[scope][1])
    context = {
        "page": Page(rows, request.GET, NEWEST_FIRST, "-newest"),
        "text": text,
        "scope": scope,
        "scopes": [(name, label) for name, (label, _) in SCOPES.items()],
    }
    return render_page(request, "plugins/list.html", "results", context)


def matching(rows: QuerySet, text: str) -> QuerySet:
    """Keep plugins whose name or instance name contains `text`, or whose id it is."""
    if UUID_TEXT.fullmatch(text):
        return rows.filter(pk=UUID(text))
    if not can_store(text):
        return rows.none()
    wanted = Q(name__icontains=text) | Q(instance_name__icontains=text)
    return rows.filter(wanted) if text else rows


@require_safe
@needs(READ, Plugin)
def list_of_consumer(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Plugins of a consumer's page: those that apply to this consumer alone."""
    consumer = find_consumer(request, ref)
    context = consumer_context(request, consumer, "plugins")
    context |= owned(request, consumer)
    return render_page(request, "plugins/of_consumer.html", "tab", context)


@require_safe
@needs(READ, Plugin)
def list_of_group(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Plugins of a consumer group's page."""
    group = find_group(request, ref)
    context = group_context(request, group, "plugins") | owned(request, group)
    return render_page(request, "plugins/of_group.html", "tab", context)


def owned(request: HttpRequest, owner: Entity) -> dict[str, Any]:
    """Return what a tab shows of the plugins of one consumer or group."""
    rows = plugins_in(request).filter(**{field_of(owner): owner})
    return {
        "owner": owner,
        "page": Page(rows, request.GET, NEWEST_FIRST, "-newest"),
        "select": reverse("plugins:select") + query_for(owner),
        "code": as_code(request, list_of_plugins(request.scope, owner)),
    }


# One plugin


@require_safe
@needs(READ, Plugin)
def show_plugin(request: HttpRequest, id: UUID) -> HttpResponse:
    """A plugin's whole configuration, field by field with its help."""
    plugin = find_plugin(request, id)
    is_known = plugin.name in plugin_schemas()
    is_key_auth = plugin.name == "key-auth"
    context = {
        "plugin": plugin,
        "kind": kind_of(plugin.name),
        "owner": owner_of(plugin),
        "is_known": is_known,
        "fields": shown_fields(plugin) if is_known else [],
        "asked": is_key_auth and asked(plugin.config, request.scope),
        "as_json": plugin.to_dict() | {"config": plugin.masked_config},
        "code": as_code(request, on_plugin(Verb.READ, plugin, request.scope)),
    }
    return render_page(request, "plugins/show.html", "content", context)


def shown_fields(plugin: Plugin) -> list[dict[str, Any]]:
    """Return each field of the configuration; those of records under their path."""
    kinds = whole_schema(plugin.name).fields["config"]["fields"]
    return list(flat_fields("", kinds, plugin.masked_config))


def flat_fields(place: str, kinds: list, values: dict):
    for name, kind in (pair for field in kinds for pair in field.items()):
        value = values.get(name)
        if kind["type"] == "record" and isinstance(value, dict) and "fields" in kind:
            yield from flat_fields(f"{place}{name}.", kind["fields"], value)
            continue
        yield {
            "label": label_of(name),
            "path": f"{place}{name}",
            "value": value,
            "help": kind.get("description", ""),
            "is_default": value == kind.get("default"),
        }


@require_safe
@needs(WRITE, Plugin)
def select_plugin(request: HttpRequest) -> HttpResponse:
    """The plugins one can add, and which of them are there already."""
    owner = find_owner(request)
    held = {field_of(owner): owner} if owner else {"scoped_to": ""}
    there = dict(plugins_in(request).filter(**held).values_list("name", "pk"))
    groups = [
        (
            category,
            [
                {"kind": kind, "there": there.get(kind.name)}
                for kind in kinds
                if can_apply(kind.name, owner)
            ],
        )
        for category, kinds in by_category()
    ]
    context = {
        "groups": [(category, cards) for category, cards in groups if cards],
        "owner": owner,
        "query": query_for(owner),
        "back": page_of(owner) if owner else reverse("plugins:list"),
    }
    return render_page(request, "plugins/select.html", "content", context)


def can_apply(name: str, owner: Entity | None) -> bool:
    fields = [target.field for target in allowed(whole_schema(name))]
    return owner is None or field_of(owner) in fields


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Plugin)
def new_plugin(request: HttpRequest, name: str) -> HttpResponse:
    owner = find_owner(request)
    if name not in plugin_schemas() or not can_apply(name, owner):
        whom = f" for one {owner.schema.name[:-1].replace('_', ' ')}" if owner else ""
        raise Http404(f"There is no plugin {name}{whom}.")
    plugin = Plugin(scope=request.scope, name=name)
    form = PluginForm(request.POST or None, instance=plugin, owner=owner)
    is_sent = form.is_bound and not is_unfinished(request, form)
    if is_sent and form.is_valid() and form.save_or_explain():
        message = f"Plugin {name} added for {scope_in_words(plugin)}."
        return see_other(request, page_of(owner) if owner else plugin, message)
    context = form_context(request, form) | {
        "kind": kind_of(name),
        "owner": owner,
        "back": reverse("plugins:select") + query_for(owner),
    }
    return render_form(request, context, REFUSED if is_sent else 200)


def is_unfinished(request: HttpRequest, form: PluginForm) -> bool:
    """Say whether the form was sent for another reason than to be saved.

    That is to add, remove or move a row of a list, or to see it as code.
    """
    reasons = {"add", "remove", "move", "preview"}
    return request.method == "POST" and bool(reasons & set(request.POST))


def form_context(request: HttpRequest, form: PluginForm) -> dict[str, Any]:
    """Return the form, and beside it what it would send and what that means."""
    form.full_clean()
    code = as_code(request, on_typed(form, request.scope))
    context = {"form": form, "code": code, "limits": form.limits}
    if is_unfinished(request, form):
        form.leave_unjudged()
    return context


def render_form(request: HttpRequest, context: dict, status: int) -> HttpResponse:
    part = "preview" if is_live(request) else "form"
    return render_page(request, "plugins/form.html", part, context, status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Plugin)
@transaction.atomic
def edit_plugin(request: HttpRequest, id: UUID) -> HttpResponse:
    plugin = find_plugin(request, id, lock=request.method == "POST")
    if plugin.name not in plugin_schemas():
        raise Http404(f"The plugin {plugin.name} is not known here any more.")
    stored = find_plugin(request, id)
    form = PluginForm(request.POST or None, instance=plugin)
    status, context = 200, {}
    if form.is_bound and not is_unfinished(request, form):
        if form.is_stale:
            status, context = CONFLICT, stale_context(form, stored)
        elif form.is_valid() and form.save_or_explain():
            return see_other(request, plugin, f"Plugin {plugin} saved.")
        else:
            status = REFUSED
    context |= form_context(request, form) | {
        "kind": kind_of(plugin.name),
        "plugin": stored,
        "owner": None,
        "back": stored.get_absolute_url(),
    }
    return render_form(request, context, status)


@require_POST
@needs(WRITE, Plugin)
@transaction.atomic
def switch_plugin(request: HttpRequest, id: UUID, enabled: bool) -> HttpResponse:
    """Switch a plugin on or off without a question: the message can undo it."""
    plugin = find_plugin(request, id, lock=True)
    plugin.enabled = enabled
    plugin.save()
    undo = reverse(f"plugins:{'disable' if enabled else 'enable'}", args=[plugin.pk])
    done = "enabled" if enabled else "disabled"
    message = f"Plugin {plugin} {done} for {scope_in_words(plugin)}."
    return see_other(request, next_url(request), message, undo=undo)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Plugin)
def delete_plugin(request: HttpRequest, id: UUID) -> HttpResponse:
    plugin = find_plugin(request, id)
    owner = owner_of(plugin)
    back = page_of(owner) if owner else reverse("plugins:list")
    if request.method == "POST":
        plugin.delete()
        return see_other(request, back, f"Plugin {plugin} deleted.")
    context = {
        "plugin": plugin,
        "kind": kind_of(plugin.name),
        "scope_text": scope_in_words(plugin),
        "code": as_code(request, on_plugin(Verb.DELETE, plugin, request.scope), "gone"),
    }
    return render_page(request, "plugins/delete.html", "dialog", context)


@require_safe
@needs(READ, Consumer)
def suggest_names(request: HttpRequest, field: str) -> HttpResponse:
    """Return names for what is typed into ?consumer= or ?consumer_group=."""
    target = TARGETS.get(field)
    if target is None:
        raise Http404
    found = target.suggest(request.scope, request.GET.get(field, ""))
    return render(request, "plugins/_names.html", {"found": found})
