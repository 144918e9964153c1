"""The pages about plugins: for now they are seen here and changed by the API."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from kongadmin.access.permissions import READ, needs
from kongadmin.manager.paging import Page, Sort
from kongadmin.manager.render import render_page
from kongadmin.plugins.models import Plugin, plugin_schemas


@require_safe
@needs(READ, Plugin)
def list_plugins(request: HttpRequest) -> HttpResponse:
    rows = Plugin.objects.in_scope(request.scope).select_related("consumer")
    page = Page(rows, request.GET, {"age": Sort("pk")}, "age")
    return render_page(request, "plugins/list.html", "results", {"page": page})


def config_fields(name: str) -> list[dict]:
    """Return the fields of a plugin's config; none where no schema is known."""
    schema = plugin_schemas().get(name)
    return schema.fields["config"]["fields"] if schema else []


@require_safe
@needs(READ, Plugin)
def show_plugin(request: HttpRequest, id) -> HttpResponse:
    """A plugin's whole configuration, field by field with its help."""
    rows = Plugin.objects.in_scope(request.scope).select_related("consumer")
    plugin = get_object_or_404(rows, pk=id)
    values = Plugin.masked(plugin.to_dict())
    fields = [
        {
            "name": name,
            "value": values["config"].get(name),
            "help": kind.get("description", ""),
            "is_default": plugin.config.get(name) == kind.get("default"),
        }
        for field in config_fields(plugin.name)
        for name, kind in field.items()
    ]
    context = {"plugin": plugin, "fields": fields, "values": values}
    return render_page(request, "plugins/show.html", "content", context)
