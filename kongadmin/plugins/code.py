"""What one can do to plugins, as acts for `As code`: what differs from the defaults."""

from dataclasses import replace
from typing import Any

from consumers import code as consumer_code
from consumers.models import Consumer
from groups import code as group_code
from groups.models import ConsumerGroup
from kongadmin.entities import Entity
from kongadmin.manager.code import Act, Secret, Thing, Verb
from kongadmin.plugins.catalogue import is_bundled
from kongadmin.plugins.models import Plugin, plugin_schemas, whole_schema
from kongadmin.plugins.targets import TARGETS
from kongadmin.schema.paths import ABSENT

NAMES = ("instance_name", "enabled", "protocols", "tags", "config")
OF_OTHERS = {"terraform": "Kong's provider has no resource for a plugin of one's own."}


def list_of_plugins(scope, owner: Entity | None = None) -> Act:
    """Return the act that lists all plugins, or those of one consumer or group."""
    path = f"{path_of(owner, scope)}/plugins" if owner else "/plugins"
    return Act(Verb.LIST, "plugins", path, scope)


def path_of(owner: Entity, scope) -> str:
    if isinstance(owner, Consumer):
        return consumer_code.path_of(owner, scope)
    return group_code.path_of(owner)


def thing(owner: Entity) -> Thing:
    is_consumer = isinstance(owner, Consumer)
    return (consumer_code if is_consumer else group_code).thing(owner)


def on_plugin(verb: Verb, plugin: Plugin, scope) -> Act:
    """Return what is done to a plugin as it is stored."""
    if verb == Verb.DELETE or plugin.name not in plugin_schemas():
        values = {"name": plugin.name}
    else:
        values = differing_values(plugin.name, plugin.to_dict())
    owners = {field: getattr(plugin, field) for field in TARGETS}
    return act_on(
        verb, plugin, scope, values, [each for each in owners.values() if each]
    )


def on_typed(form, scope) -> Act:
    """Return what a form of a plugin would do as it is filled in."""
    plugin = form.instance
    change = form.fixed() | hidden(plugin.name, form.sent)
    if form.is_new:
        values, verb = {"name": plugin.name} | change, Verb.CREATE
    else:
        values, verb = differing_values(plugin.name, form.values), Verb.CHANGE
    refs = {field: form.values.get(field) for field in TARGETS}
    owners = [find(field, scope, ref) for field, ref in refs.items() if ref]
    act = act_on(verb, plugin, scope, values, owners)
    return act if form.is_new else replace(act, sends=change)


def find(field: str, scope, ref: dict) -> Entity:
    model = {"consumer": Consumer, "consumer_group": ConsumerGroup}[field]
    return model.objects.in_scope(scope).get(pk=ref["id"])


def act_on(
    verb: Verb, plugin: Plugin, scope, values: dict, owners: list[Entity]
) -> Act:
    is_new = verb == Verb.CREATE
    return Act(
        verb,
        "plugins",
        "/plugins" if is_new else f"/plugins/{plugin.pk}",
        scope,
        values | {each.schema.name[:-1]: {"id": str(each.pk)} for each in owners},
        id="" if is_new else str(plugin.pk),
        name=values.get("instance_name") or plugin.name,
        refs=tuple(map(thing, owners)),
        unsaid={} if is_bundled(plugin.name) else OF_OTHERS,
    )


def differing_values(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return what makes such a plugin: its name, and what is not so by itself."""
    given = {field: values[field] for field in NAMES}
    defaults = hidden(name, whole_schema(name).fill({"name": name}))
    kind = plugin_schemas()[name].fields["config"]
    old = {each for item in kind.get("shorthand_fields", ()) for each in item}
    # The old names say the same once more.
    given["config"] = {n: v for n, v in given["config"].items() if n not in old}
    return {"name": name} | differing(hidden(name, given), defaults)


def differing(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in values.items():
        default = defaults.get(name, ABSENT)
        if isinstance(value, dict) and isinstance(default, dict):
            inner = differing(value, default)
            found |= {name: inner} if inner else {}
        elif value != default:
            found[name] = value
    return found


def hidden(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with a Secret for each secret of the configuration."""
    if "config" not in values:
        return values
    schema = plugin_schemas()[name]
    config = schema.hide_secrets("config", values["config"], Secret)
    return values | {"config": placed("config", config)}


def placed(path: str, value: Any) -> Any:
    """Return a value whose secrets know where they stand."""
    match value:
        case Secret():
            return Secret(path)
        case dict():
            return {name: placed(f"{path}.{name}", v) for name, v in value.items()}
        case list():
            return [placed(f"{path}.{n}", v) for n, v in enumerate(value, 1)]
    return value
