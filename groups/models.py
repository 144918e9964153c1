"""Consumer groups: who is in them, and which limits they have of their own."""

import re
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Self
from uuid import UUID

from django.db import models, transaction
from django.db.models import Index, UniqueConstraint

from consumers.models import Consumer
from kongadmin.entities import UUID_TEXT, Entity, EntityQuerySet
from kongadmin.fields import TextKey, can_store
from kongadmin.schema import Schema
from realms.places import here

SCHEMAS = Path(__file__).parent / "schemas"
RATE_LIMITING = "rate-limiting-advanced"
# Others would need escaping, or are addresses of pages, or look like an id.
PLAIN_NAME = re.compile(rf"(?!{UUID_TEXT.pattern}\Z)\w[\w.~-]*")
RESERVED_NAMES = ("create",)


class ConsumerGroupQuerySet(EntityQuerySet):
    def of(self, consumer: Consumer) -> Self:
        """Return the groups that a consumer is in, by name."""
        return self.filter(memberships__consumer=consumer).order_by("name")

    def matching(self, text: str) -> Self:
        """Keep those whose name contains `text`, or whose id it is."""
        text = text.strip()
        if UUID_TEXT.fullmatch(text):
            return self.filter(pk=UUID(text))
        if not can_store(text):
            return self.none()
        return self.filter(name__icontains=text) if text else self


class ConsumerGroup(Entity):
    """Consumers that are treated alike: a tier, a plan, a team.

    Its name is an address in the Admin API; Konnect, and so Kubernetes, allows more.
    """

    schema, konnect_schema = (
        Schema.load(SCHEMAS / f"{name}.yaml", common=SCHEMAS / "consumer_group.yaml")
        for name in ("consumer_groups", "konnect_consumer_groups")
    )
    endpoint_key = "name"
    unique_keys = ("name",)

    name = TextKey(
        "Name",
        null=False,
        blank=False,
        help_text="Letters, digits and . - _ ~, such as gold.",
    )

    objects = ConsumerGroupQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["scope", "name"], name="consumergroup_name"),
        ]
        indexes = [
            Index(fields=["scope", "id"], name="consumergroup_by_id"),
            Index(fields=["scope", "created_at", "id"], name="consumergroup_by_age"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return here("groups:show", self.ref)

    @property
    def ref(self) -> str:
        """The text that names the group in an address: its name if that can."""
        if PLAIN_NAME.fullmatch(self.name) and self.name not in RESERVED_NAMES:
            return self.name
        return str(self.pk)

    @property
    def members(self) -> models.QuerySet[Consumer]:
        """The consumers in the group, in the order of their ids."""
        return Consumer.objects.filter(memberships__consumer_group=self).order_by("pk")


class MembershipManager(models.Manager.from_queryset(EntityQuerySet)):
    """Asks once for the consumers and groups of all the rows at hand."""

    def get_queryset(self) -> EntityQuerySet:
        return super().get_queryset().fetch_mode(models.FETCH_PEERS)


class Membership(Entity):
    """That a consumer is in a group."""

    schema = Schema.load(SCHEMAS / "consumer_group_consumers.yaml")

    consumer = models.ForeignKey(
        Consumer,
        on_delete=models.CASCADE,
        related_name="memberships",
        db_index=False,
    )
    consumer_group = models.ForeignKey(
        ConsumerGroup,
        on_delete=models.CASCADE,
        related_name="memberships",
        db_index=False,
    )
    tags = None

    objects = MembershipManager()

    class Meta:
        base_manager_name = "objects"
        constraints = [
            UniqueConstraint(
                fields=["consumer_group", "consumer"], name="membership_once"
            ),
        ]
        indexes = [
            Index(fields=["consumer", "consumer_group"], name="membership_by_consumer"),
            Index(fields=["scope", "id"], name="membership_by_id"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} in {self.consumer_group}"

    @property
    def related_id(self) -> UUID:
        return self.consumer_group_id


def join(consumers: Iterable[Consumer], consumer_groups: Iterable) -> None:
    """Put every one of the consumers into every one of the groups, or none into any.

    Raises Conflict when one is in already.
    """
    with transaction.atomic():
        for consumer, group in product(consumers, consumer_groups):
            Membership(
                scope_id=group.scope_id, consumer=consumer, consumer_group=group
            ).save()


class Override(Entity):
    """Limits of a group's own, for the plugin rate-limiting-advanced."""

    schema = Schema.load(SCHEMAS / "consumer_group_overrides.yaml")

    consumer_group = models.OneToOneField(
        ConsumerGroup, on_delete=models.CASCADE, related_name="override"
    )
    config = models.JSONField()
    tags = None

    class Meta:
        indexes = [Index(fields=["scope", "id"], name="override_by_id")]

    def __str__(self) -> str:
        return f"{RATE_LIMITING} for {self.consumer_group}"

    @property
    def parent_id(self) -> UUID:
        return self.consumer_group_id
