"""The pages about plugins: for now they are seen here and changed by the API."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from kongadmin.access.permissions import READ, needs
from kongadmin.manager.paging import Page, Sort
from kongadmin.manager.render import render_page
from kongadmin.plugins.models import Plugin, whole_schema


@require_safe
@needs(READ, Plugin)
def list_plugins(request: HttpRequest) -> HttpResponse:
    rows = Plugin.objects.in_scope(request.scope).select_related("consumer")
    page = Page(rows, request.GET, {"age": Sort("pk")}, "age")
    return render_page(request, "plugins/list.html", "results", {"page": page})


@require_safe
@needs(READ, Plugin)
def show_plugin(request: HttpRequest, id) -> HttpResponse:
    """A plugin's whole configuration, field by field with its help."""
    rows = Plugin.objects.in_scope(request.scope).select_related("consumer")
    plugin = get_object_or_404(rows, pk=id)
    values = Plugin.masked(plugin.to_dict())
    config = whole_schema(plugin.name).fields["config"]
    fields = [
        {
            "name": name,
            "value": values["config"].get(name),
            "help": kind.get("description", ""),
            "is_default": plugin.config.get(name) == kind.get("default"),
        }
        for field in config["fields"]
        for name, kind in field.items()
    ]
    context = {"plugin": plugin, "fields": fields, "values": values}
    return render_page(request, "plugins/show.html", "content", context)
