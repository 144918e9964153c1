"""Plain functions that make what a test needs, with defaults that do not matter."""

from itertools import count

from consumers.models import Consumer, KeyAuth
from kongadmin.plugins.models import Plugin
from realms.models import DEFAULT, ControlPlane

numbers = count(1)


def default_control_plane() -> ControlPlane:
    return ControlPlane.objects.get(name=DEFAULT)


def make_control_plane(**fields) -> ControlPlane:
    return ControlPlane.objects.create(**{"name": f"cp-{next(numbers)}", **fields})


def make_consumer(scope: ControlPlane | None = None, **fields) -> Consumer:
    if not fields.keys() & {"username", "custom_id"}:
        fields["username"] = f"consumer-{next(numbers)}"
    consumer = Consumer(scope=scope or default_control_plane(), **fields)
    consumer.save()
    return consumer


def make_key(consumer: Consumer, ttl: int | None = None, **fields) -> KeyAuth:
    fields.setdefault("key", f"key-{next(numbers)}")
    key = KeyAuth(scope_id=consumer.scope_id, consumer=consumer, **fields)
    if ttl is not None:
        key.expire_in(ttl)
    key.save()
    return key


def make_plugin(
    name: str = "key-auth",
    scope: ControlPlane | None = None,
    enabled: bool = True,
    consumer: Consumer | None = None,
    **config,
) -> Plugin:
    given = {"name": name, "config": config, "enabled": enabled}
    plugin = Plugin(scope=scope or default_control_plane(), consumer=consumer)
    plugin.assign(Plugin.schema_for(given).fill(given) | {"id": None})
    plugin.consumer = consumer
    plugin.save()
    return plugin
