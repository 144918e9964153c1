"""A plugin as code: the command that would make it as it is, without its secrets."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest

from kongadmin.manager.code import curl
from kongadmin.masks import DOTS, mask
from kongadmin.plugins.models import Plugin, plugin_schemas, whole_schema
from kongadmin.schema.paths import ABSENT


def curl_for_plugin(request: HttpRequest, plugin: Plugin) -> str:
    """Return a curl command that creates the plugin: what differs from its defaults."""
    return curl(request, "POST", "/plugins", *code_pairs(plugin))


def code_pairs(plugin: Plugin) -> list[tuple[str, str]]:
    """Return the form arguments that a plugin is made from, its secrets masked."""
    values = plugin.to_dict() | {"config": plugin.masked_config}
    pairs = [("name", plugin.name)]
    for field in ("consumer", "consumer_group"):
        owner = getattr(plugin, field)
        if owner:
            pairs.append((f"{field}.id", str(owner.pk)))
    names = ("instance_name", "enabled", "protocols", "tags", "config")
    defaults = defaults_of(plugin)
    for name in names:
        pairs += pairs_of(name, values[name], defaults[name])
    return pairs


def defaults_of(plugin: Plugin) -> dict:
    """Return what a plugin has if nothing is said; its secrets masked as well."""
    values = whole_schema(plugin.name).fill({"name": plugin.name})
    schema = plugin_schemas()[plugin.name]
    kind = schema.fields["config"]
    old = {name for item in kind.get("shorthand_fields", ()) for name in item}
    # The old names say the same once more.
    dropped = {name: plugin.masked_config.get(name) for name in old}
    config = schema.hide_secrets("config", values["config"], mask)
    return values | {"config": config | dropped}


def pairs_of(name: str, value: Any, default: Any = ABSENT) -> Iterator[tuple[str, str]]:
    """Return the form arguments that a value needs, as the Admin API reads them.

    What is masked is left out: sent, it would be taken for the secret itself.
    """
    if value == default or (isinstance(value, str) and DOTS in value):
        return
    if value is None:
        yield name, ""
    elif isinstance(value, dict):
        inner = default if isinstance(default, dict) else {}
        for key, each in value.items():
            path = f"{name}.{key}" if name else key
            yield from pairs_of(path, each, inner.get(key, ABSENT))
    elif isinstance(value, list):
        for number, each in enumerate(value, 1):
            plain = not isinstance(each, dict)
            yield from pairs_of(f"{name}[]" if plain else f"{name}[{number}]", each)
    else:
        is_flag = isinstance(value, bool)
        yield name, str(value).lower() if is_flag else str(value)
