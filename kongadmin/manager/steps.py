"""What happens to a request of a consumer, in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer
from kongadmin.explain import presumed, words
from kongadmin.peers import client_address
from kongadmin.plugins.models import Plugin
from kongadmin.plugins.sources import order_in_words, realms_named, sources_of, warnings
from realms.models import ControlPlane, Realm


def request_steps(request: HttpRequest, scope, consumer: Consumer) -> dict:
    """Return what happens with each kind of credential, or why nobody is recognised.

    Of a realm's consumer it says the groups; the rest is for each control plane to say.
    """
    if isinstance(scope, Realm):
        groups = {*scope.consumer_groups, *consumer.consumer_groups}
        return {"groups": sorted(groups)}
    asked, ways = presumed.ways(scope, consumer, client_address(request.META))
    if not asked:
        return {"warning": "No plugin that asks for credentials is enabled here."}
    if not ways:
        labels = [CREDENTIALS[kind].label for kind in asked if kind in CREDENTIALS]
        return {
            "warning": f"This consumer has none of what is asked for here: "
            f"{', '.join(labels)}. So its requests are those of a stranger."
        }
    return {
        "ways": [
            {
                "label": declared.label,
                "summary": words.summary(context),
                "is_allowed": context.decision.refusal is None,
                "steps": words.main_steps(context),
                "headers": context.decision.upstream_headers,
            }
            for declared, context in ways
        ]
    }


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


@dataclass(frozen=True, slots=True)
class Use:
    """What a control plane makes of a realm; `order` says whom its key-auth asks."""

    plane: ControlPlane
    is_allowed: bool
    is_asked: bool
    order: str


def asked_by(realm: Realm, planes: Iterable[ControlPlane]) -> list[Use]:
    """Return what each control plane makes of a realm; three queries."""
    planes = list(planes)
    rows = Plugin.objects.filter(scope__in=planes, name="key-auth", enabled=True)
    asked: dict = {plane.pk: [] for plane in planes}
    for plugin in rows:
        asked[plugin.scope_id].append(sources_of(plugin.config))
    every = [source for lists in asked.values() for one in lists for source in one]
    realms = realms_named(every)
    return [use_of(realm, plane, asked[plane.pk], realms) for plane in planes]


def use_of(realm: Realm, plane: ControlPlane, lists: list, realms: dict) -> Use:
    found = [
        sources
        for sources in lists
        if any((source.get("id") or "").lower() == str(realm.pk) for source in sources)
    ]
    orders = [order_in_words(sources, realms, f"{plane} itself") for sources in found]
    none = "Its key-auth does not ask this realm." if lists else "It checks no keys."
    order = " ".join(dict.fromkeys(orders)) or none
    return Use(plane, realm.allows(plane.pk), bool(found), order)


def realms_asked_in(plane: ControlPlane) -> list[dict]:
    """Return in what order each key-auth of a control plane asks; two queries."""
    rows = Plugin.objects.in_scope(plane).filter(name="key-auth", enabled=True)
    lists = [(plugin, sources_of(plugin.config)) for plugin in rows]
    realms = realms_named(source for _, sources in lists for source in sources)
    return [
        {
            "plugin": plugin,
            "order": order_in_words(sources, realms, "this control plane"),
            "warnings": warnings(sources, realms, plane),
        }
        for plugin, sources in lists
    ]
