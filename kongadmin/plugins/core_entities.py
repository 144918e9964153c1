"""Plugins among Konnect's core entities, and what clients ask for beside them.

Contract konnect §2.2-2.3.
"""

from django.conf import settings

from consumers.models import Consumer
from groups.models import ConsumerGroup
from kongadmin.dialects.admin_api.node import (
    GATEWAY_ENTITIES,
    EntitySchema,
    Nothing,
    PluginSchema,
)
from kongadmin.dialects.konnect.core import (
    ITEM,
    LIST,
    READ,
    CoreCollection,
    CoreEntity,
    register,
    register_entity,
)
from kongadmin.plugins.api import PluginItem
from kongadmin.plugins.models import Plugin

CHANGEABLE = (LIST, (*ITEM, "patch"))


class CorePlugins(CoreCollection):
    named_by = "name"


class CorePlugin(CoreEntity, PluginItem):
    """One plugin; the only entity that can be changed in part."""


class CorePluginSchema(CoreEntity, PluginSchema):
    """The schema of a plugin's entity."""


class CoreEntitySchema(CoreEntity, EntitySchema):
    """The schema of any other entity."""


class CoreNothing(CoreEntity, Nothing):
    """What only a gateway has, and clients ask for all the same."""


def register_plugins() -> None:
    options = {
        "collection": CorePlugins,
        "item": CorePlugin,
        "methods": CHANGEABLE,
        "model": Plugin,
    }
    register_entity("plugins", **options)
    register_entity("consumers/{parent}/plugins", parent_model=Consumer, **options)
    if settings.IS_ENTERPRISE:
        register_entity(
            "consumer_groups/{parent}/plugins",
            parent_model=ConsumerGroup,
            parent_field="consumer_group",
            **options,
        )
    for name in GATEWAY_ENTITIES:
        register(name, CoreNothing, READ)
    register("schemas/plugins/{name}", CorePluginSchema, READ)
    register("schemas/{name}", CoreEntitySchema, READ)
