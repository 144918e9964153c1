"""Whom a plugin applies to: everyone, one consumer, or one consumer group."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from consumers.models import Consumer
from groups.models import ConsumerGroup
from kongadmin.entities import Entity
from kongadmin.fields import can_store
from kongadmin.plugins.models import Plugin
from kongadmin.schema import Schema

SUGGESTED = 10


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of thing that a plugin can be applied to alone."""

    field: str
    model: type[Entity]
    noun: str
    keys: tuple[str, ...]
    keys_text: str

    def is_allowed(self, schema: Schema) -> bool:
        """Say whether the schema has the field, and lets it be anything but null."""
        kind = schema.fields.get(self.field)
        return kind is not None and kind.get("eq", self) is not None

    def find(self, scope, text: str) -> Entity | None:
        """Return what an id or a unique name stands for."""
        rows = self.model.objects.in_scope(scope)
        if not can_store(text):
            return None
        found = rows.by_ref(text).first()
        for key in self.keys:
            found = found or rows.filter(**{key: text}).first()
        return found

    def suggest(self, scope, text: str) -> QuerySet:
        rows = self.model.objects.in_scope(scope).matching(text)
        return rows.order_by("pk")[:SUGGESTED] if text.strip() else rows.none()


TARGETS = {
    "consumer": Target(
        "consumer",
        Consumer,
        "consumer",
        ("username", "custom_id"),
        "Its username or custom ID",
    ),
    "consumer_group": Target(
        "consumer_group", ConsumerGroup, "consumer group", ("name",), "Its name"
    ),
}


def allowed(schema: Schema) -> list[Target]:
    """Return what plugins with this schema can be applied to."""
    return [target for target in TARGETS.values() if target.is_allowed(schema)]


def owner_of(plugin: Plugin) -> Entity | None:
    """Return the consumer or group that the plugin applies to; None for everyone."""
    return plugin.consumer or plugin.consumer_group


def scope_in_words(plugin: Plugin) -> str:
    if plugin.consumer and plugin.consumer_group:
        return f"consumer {plugin.consumer} in group {plugin.consumer_group}"
    if plugin.consumer:
        return f"consumer {plugin.consumer}"
    if plugin.consumer_group:
        return f"consumer group {plugin.consumer_group}"
    return "everyone"


def page_of(owner: Entity) -> str:
    """Return the address of the plugins of a consumer or group."""
    view = "consumer" if isinstance(owner, Consumer) else "group"
    return reverse(f"{view}_plugins:list", args=[owner.ref])


def own_page_of(owner: Entity) -> str:
    """Return the address of a consumer or group itself, if it has a page."""
    try:
        return owner.get_absolute_url()
    except NoReverseMatch:
        return page_of(owner)
