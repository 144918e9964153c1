"""What a story needs to be told in words: names, and the plugins that did not run."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Q

from consumers.models import Consumer
from kongadmin.explain.answers import events
from kongadmin.gateway.decision import Decision
from kongadmin.gateway.plugins import HANDLERS
from kongadmin.plugins.models import Plugin
from realms.models import ControlPlane, Realm

OWN, OF_REALM = "consumer", "realm"
# Why an instance did not run.
DISABLED, GENERAL, LATE, FOREIGN, ELSEWHERE = (
    "disabled",
    "less specific",
    "not reached",
    "does not meet the request",
    "not decided here",
)


@dataclass(frozen=True)
class Context:
    """A decision in a control plane; each property asks the database at most once."""

    plane: ControlPlane
    decision: Decision

    @cached_property
    def realms(self) -> dict[str, Realm]:
        """The realms that the story speaks of, by id."""
        identity = self.decision.identity
        ids = {event["realm_id"] for event in events(self.decision, "source")}
        ids = (ids | {identity.realm_id if identity else None}) - {None}
        found = Realm.objects.filter(pk__in=ids) if ids else ()
        return {str(realm.pk): realm for realm in found}

    @cached_property
    def groups(self) -> list[dict]:
        """The effective consumer groups, each with where it comes from."""
        identity = self.decision.identity
        names = identity.groups if identity else ()
        if not names or identity.realm_id is None:
            return [{"name": name, "from": [OWN]} for name in names]
        realm = self.realms.get(identity.realm_id)
        consumer = Consumer.objects.filter(pk=identity.consumer_id).first()
        sources = {
            OF_REALM: (realm and realm.consumer_groups) or (),
            OWN: (consumer and consumer.consumer_groups) or (),
        }
        return [
            {"name": name, "from": [s for s, has in sources.items() if name in has]}
            for name in names
        ]

    @cached_property
    def passed_over(self) -> list[dict[str, Any]]:
        """The plugins that could have met the request, and why they did not run.

        Those of other consumers and groups are not among them.
        """
        identity = self.decision.identity
        is_local = identity is not None and identity.realm_id is None
        groups = identity.groups if identity else ()
        rows = Plugin.objects.in_scope(self.plane).select_related("consumer_group")
        rows = rows.filter(
            Q(consumer=None) | Q(consumer=identity.consumer_id if is_local else None),
            Q(consumer_group=None) | Q(consumer_group__name__in=groups),
        )
        chosen = events(self.decision, "chosen")
        ran = {event["id"] for event in chosen}
        return [
            {
                "name": plugin.name,
                "id": str(plugin.pk),
                "scope": scope_of(plugin),
                "why": self.why_not(plugin, chosen),
            }
            for plugin in rows.order_by("name", "pk")
            if str(plugin.pk) not in ran
        ]

    def why_not(self, plugin: Plugin, chosen: list[dict]) -> str:
        """Return why an instance did not run."""
        if not plugin.enabled:
            return DISABLED
        if plugin.name not in HANDLERS:
            return ELSEWHERE
        others = {other["id"] for event in chosen for other in event["others"]}
        if str(plugin.pk) in others:
            return GENERAL
        names = [event["name"] for event in chosen]
        is_over = self.decision.refusal is not None and plugin.name not in names
        return LATE if is_over else FOREIGN


def scope_of(plugin: Plugin) -> dict[str, str]:
    """Return what an instance is for, as the gateway's Scope tells it."""
    scope = {}
    if plugin.consumer_id:
        scope["consumer"] = str(plugin.consumer_id)
    if plugin.consumer_group_id:
        scope["group"] = plugin.consumer_group.name
    return scope
