"""Consumers and their credentials among Konnect's core entities. Contract konnect §2.2.

Credentials are made, changed and deleted below their consumer, and read everywhere.
"""

from consumers.api import ACLItem
from consumers.credentials import CREDENTIALS
from consumers.models import Consumer
from kongadmin.dialects.konnect.core import (
    READ_ONLY,
    CoreCollection,
    CoreEntity,
    CoreItem,
    register_entity,
)


class CoreConsumers(CoreCollection):
    named_by = "username"
    exact = ("custom_id",)


class CoreACL(CoreEntity, ACLItem):
    """One ACL group of a consumer, by id or by the group."""


ITEMS = {"acl": CoreACL}


def register_consumers() -> None:
    register_entity("consumers", collection=CoreConsumers, model=Consumer)
    for kind, credential in CREDENTIALS.items():
        model = credential.model
        register_entity(credential.path, methods=READ_ONLY, model=model)
        register_entity(
            f"consumers/{{parent}}/{credential.nested_path}",
            item=ITEMS.get(kind, CoreItem),
            model=model,
            parent_model=Consumer,
        )
