"""Plugins in the Admin API's terms. Contract §6."""

from django.conf import settings
from django.http import Http404

from consumers.models import Consumer
from groups.models import ConsumerGroup
from kongadmin.dialects.admin_api.entities import Item
from kongadmin.dialects.admin_api.node import EnabledPlugins
from kongadmin.dialects.admin_api.registry import (
    register,
    register_entity,
    register_nested,
)
from kongadmin.plugins.models import Plugin


class PluginItem(Item):
    def missing(self, ref: str) -> Exception:
        """A missing plugin is a plain 404 unless the body names what it should be."""
        if "name" in self.read_values():
            return super().missing(ref)
        return Http404()


def register_plugins() -> None:
    # Before the items: the route wins over an instance that is called `enabled`.
    register("plugins/enabled", EnabledPlugins)
    register_entity(Plugin, "plugins", item=PluginItem)
    register_nested(
        Plugin, "plugins", Consumer, "consumers", "plugins", item=PluginItem
    )
    if settings.IS_ENTERPRISE:
        register_nested(
            Plugin,
            "plugins",
            ConsumerGroup,
            "consumer_groups",
            "plugins",
            field="consumer_group",
            item=PluginItem,
        )
