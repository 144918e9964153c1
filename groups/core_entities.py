"""Consumer groups among Konnect's core entities. Contract konnect §2.2-2.3."""

from typing import ClassVar

from django.http import Http404

from consumers.models import Consumer
from groups.api import OF_CONSUMER, OF_GROUP, Group, Member, Members
from groups.models import ConsumerGroup
from kongadmin.dialects.admin_api import errors, paging
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.konnect.core import (
    CoreCollection,
    CoreEntity,
    register,
    register_entity,
)
from kongadmin.entities import Entity, EntityQuerySet
from kongadmin.prepared import Row


class CoreGroups(CoreCollection):
    named_by = "name"


class CoreGroup(CoreEntity, Group):
    """A group, wrapped; its consumers beside it only where they are asked for."""

    def details(self, group: ConsumerGroup) -> dict:
        if self.request.arguments.get("list_consumers") != "true":
            return {}
        return {"consumers": [Consumer.wire(c.__dict__) for c in group.members]}


class CoreMembers(CoreEntity, Members):
    """Who is in a group, or which groups a consumer is in: a list like any other."""

    says: ClassVar = {Consumer: Consumer.wire, ConsumerGroup: ConsumerGroup.wire}

    def get(self, request, **kwargs) -> Answer:
        size = paging.read_size(request.arguments.get("size"))
        found, offset = paging.cut(self.read_page(size + 1), size)
        return Answer(paging.answer(self.say(found), self.own_path(), offset))

    def read_page(self, size: int) -> list[Row]:
        after, may_follow = paging.read_offset(self.request.arguments)
        if not may_follow:
            return []
        rows = self.members()
        rows = rows.filter(pk__gt=after) if after else rows
        return [entity.__dict__ for entity in rows[:size]]

    def find_member(self, rows: EntityQuerySet, ref: str) -> Entity:
        """Whom a body names is a reference, and refused as one."""
        try:
            return super().find_member(rows, ref)
        except Http404:
            name = self.model.schema.name
            raise errors.missing_foreign(self.argument, {"id": ref}, name) from None


class CoreMember(CoreEntity, Member):
    """One of them, to be removed."""


def register_groups() -> None:
    register_entity(
        "consumer_groups", collection=CoreGroups, item=CoreGroup, model=ConsumerGroup
    )
    for route, options in (
        ("consumer_groups/{parent}/consumers", OF_GROUP),
        ("consumers/{parent}/consumer_groups", OF_CONSUMER),
    ):
        register(route, CoreMembers, ("get", "post", "delete"), **options)
        register(f"{route}/{{ref}}", CoreMember, ("delete",), **options)
