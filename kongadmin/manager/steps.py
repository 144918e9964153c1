"""What happens to a request of a consumer, in words."""

from django.db.models import Q

from consumers.models import Consumer, KeyAuth
from kongadmin.plugins.models import Plugin


def request_steps(scope, consumer: Consumer) -> dict:
    """Return the steps from key to upstream, or why there are none; two queries."""
    rows = Plugin.objects.in_scope(scope).filter(name="key-auth", consumer=None)
    plugin = rows.filter(enabled=True).first()
    if plugin is None:
        return {"warning": "No key-auth plugin is enabled here: keys are not checked."}
    if not KeyAuth.objects.of(consumer).live().exists():
        return {"warning": "This consumer has no key, so its requests are refused."}
    config = plugin.config
    places = [
        ("header", config["key_in_header"]),
        ("query", config["key_in_query"]),
        ("body", config["key_in_body"]),
    ]
    return {
        "key_names": config["key_names"],
        "places": [name for name, is_searched in places if is_searched],
        "hides": config["hide_credentials"],
        "headers": forwarded(consumer),
    }


def forwarded(consumer: Consumer) -> list[tuple[str, str]]:
    """Return the identity headers that the upstream gets."""
    headers = [
        ("X-Consumer-ID", str(consumer.pk)),
        ("X-Consumer-Username", consumer.username),
        ("X-Consumer-Custom-ID", consumer.custom_id),
    ]
    return [(name, value) for name, value in headers if value]


RATE_LIMITING = "rate-limiting-advanced"


def overridden_by(group) -> dict:
    """Return the rate limiting that a consumer group's override meets; one query.

    `plugin` is the one that runs for the group's consumers, if any, and `is_enforced`
    says whether it heeds overrides of the group. A plugin of the group itself comes
    before one that applies to every request.
    """
    rows = Plugin.objects.filter(scope_id=group.scope_id, name=RATE_LIMITING)
    mine = Q(consumer_group=None) | Q(consumer_group=group.pk)
    found = list(rows.filter(mine, consumer=None, enabled=True))
    plugin = max(found, key=lambda plugin: bool(plugin.consumer_group_id), default=None)
    config = plugin.config if plugin else {}
    listed = config.get("consumer_groups") or []
    return {
        "plugin": plugin,
        "is_enforced": bool(config.get("enforce_consumer_groups"))
        and not {group.name, str(group.pk)}.isdisjoint(listed),
    }
