"""The form of every plugin, as a browser would send it."""

import pytest
from django.http import QueryDict

from factories import (
    default_control_plane,
)
from kongadmin.plugins.catalogue import plugin_schemas
from kongadmin.plugins.forms import PluginForm
from kongadmin.plugins.models import Plugin, whole_schema

NEEDED = {
    "acl": {"config.allow": "gold"},
    "ip-restriction": {"config.allow": "127.0.0.1"},
    "oauth2": {"config.enable_client_credentials": "on"},
    "rate-limiting": {"config.minute": "5"},
    "rate-limiting-advanced": {"config.limit": "5", "config.window_size": "60"},
    "response-ratelimiting": {
        "config.limits": "0",
        "config.limits.0.@name": "video",
        "config.limits.0.minute": "10",
    },
}
# What is made by chance, and what stands for the row itself.
INCIDENTAL = ("id", "created_at", "updated_at")
MADE = {"oauth2": "provision_key", "rate-limiting-advanced": "namespace"}

pytestmark = pytest.mark.django_db


def new(name: str, **kwargs) -> Plugin:
    return Plugin(scope=default_control_plane(), name=name, **kwargs)


def sent(form: PluginForm, **changes) -> QueryDict:
    """Return what a browser sends of a form that was filled in with `changes`."""
    data = QueryDict(mutable=True)
    for bound in form:
        value = bound.value()
        if bound.name in changes or value in (None, False):
            continue
        data.setlist(bound.name, value if isinstance(value, list) else [value])
        if value is True:
            data[bound.name] = "on"
    for rows in form.groups:
        data.setlist(rows.name, [str(row.number) for row in rows.parts])
    for name, value in changes.items():
        if value is not None:
            data.setlist(name, value if isinstance(value, list) else [value])
    return data


def filled(plugin: Plugin, owner=None, **changes) -> PluginForm:
    """Return the form of a plugin after a person has changed something and sent it."""
    form = PluginForm(instance=plugin, owner=owner)
    return PluginForm(sent(form, **changes), instance=plugin, owner=owner)


def without(values: dict, *names: str) -> dict:
    return {name: value for name, value in values.items() if name not in names}


@pytest.mark.parametrize("name", plugin_schemas())
def test_an_untouched_form_makes_what_the_schema_has_by_default(name: str):
    given = NEEDED.get(name, {})
    form = filled(new(name), **given)

    assert form.is_valid(), form.errors
    made = form.save_or_explain().to_dict()

    default = whole_schema(name).fill({"name": name})
    touched = {field.split(".")[1] for field in given} | {MADE.get(name)}
    assert without(made, "config", *INCIDENTAL) == without(
        default, "config", *INCIDENTAL
    )
    assert without(made["config"], *touched) == without(default["config"], *touched)
    assert made["config"].keys() == default["config"].keys()


@pytest.mark.parametrize("name", plugin_schemas())
def test_saving_an_unchanged_plugin_changes_nothing(name: str):
    plugin = filled(new(name), **NEEDED.get(name, {})).save_or_explain()
    before = plugin.to_dict()
    stored = Plugin.objects.get(pk=plugin.pk)

    form = filled(stored)

    assert form.is_valid(), form.errors
    assert not set(form.changed_data) - {"version"}
    form.save_or_explain()
    after = Plugin.objects.get(pk=plugin.pk).to_dict()
    assert without(after, "updated_at") == without(before, "updated_at")
