"""What is kept of the objects that kubectl made, and of how they changed."""

import json
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Index, UniqueConstraint
from django.utils import timezone

from kongadmin.dialects.kubernetes.kinds import BY_STORAGE, Kind
from kongadmin.fields import SecretField, TextKey


class SecretJSONField(SecretField):
    """A JSON value that is encrypted in the database and clear in Python."""

    def get_db_prep_value(self, value, connection, prepared=False):
        if isinstance(value, dict | list):
            value = json.dumps(value, separators=(",", ":"), sort_keys=True)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value, expression, connection) -> Any:
        text = super().from_db_value(value, expression, connection)
        return None if text is None else json.loads(text)


class Counter(models.Model):
    """The one row that numbers every change; who writes holds it until the commit.

    So numbers become visible in their order: who has read up to one misses none.
    """

    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.value)


class Object(models.Model):
    """One object as Kubernetes keeps it.

    `body` is all but apiVersion, kind, metadata and status, in the version that is
    stored. `entity_type` and `entity_id` name what it became of ours; one that
    `is_waiting` shall have a name that another has.
    """

    group = models.TextField(blank=True)
    version = models.TextField()
    plural = models.TextField()
    namespace = TextKey(null=False, default="")
    name = TextKey(null=False)
    generate_name = models.TextField(blank=True)
    uid = models.UUIDField(default=uuid4, unique=True)
    resource_version = models.BigIntegerField(default=0)
    generation = models.BigIntegerField(null=True)
    labels = models.JSONField(default=dict)
    annotations = SecretJSONField(default=dict)
    finalizers = models.JSONField(default=list)
    owner_references = models.JSONField(default=list)
    managed_fields = models.JSONField(default=list)
    body = SecretJSONField(default=dict)
    status = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    deletion_timestamp = models.DateTimeField(null=True)
    entity_type = models.TextField(blank=True)
    entity_id = models.UUIDField(null=True)
    is_waiting = models.BooleanField(default=False)

    is_new = False  # made a moment ago, so that nobody can have named its uid

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["group", "plural", "namespace", "name"], name="unique_object"
            )
        ]
        indexes = [
            Index(
                fields=["entity_id"],
                name="object_by_entity",
                condition=models.Q(entity_id__isnull=False),
            ),
            Index(
                fields=["id"],
                name="object_waiting",
                condition=models.Q(is_waiting=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def kind(self) -> Kind:
        """The kind in the version that is stored."""
        return BY_STORAGE[self.group, self.plural]


class Reference(models.Model):
    """One object naming another of its namespace, whether or not that exists.

    Kept with the object, so that who is named finds all who name it.
    """

    source = models.ForeignKey(
        Object, on_delete=models.CASCADE, related_name="references"
    )
    plural = models.TextField()
    namespace = TextKey(null=False)
    name = TextKey(null=False)

    class Meta:
        indexes = [
            Index(fields=["plural", "namespace", "name"], name="reference_by_target")
        ]

    def __str__(self) -> str:
        return f"{self.plural} {self.namespace}/{self.name}"


class Owner(models.Model):
    """One object being owned by another: gone with it."""

    owned = models.ForeignKey(Object, on_delete=models.CASCADE, related_name="owners")
    uid = models.TextField(db_index=True)

    def __str__(self) -> str:
        return self.uid


class Event(models.Model):
    """One change, for who watches: `snapshot` is the object as it then was.

    `labels_before` tells who selects by labels whether it came or went.
    """

    resource_version = models.BigIntegerField(primary_key=True)
    type = models.TextField()
    group = models.TextField(blank=True)
    plural = models.TextField()
    namespace = TextKey(null=False, default="")
    name = TextKey(null=False)
    labels_before = models.JSONField(null=True)
    snapshot = SecretJSONField()

    def __str__(self) -> str:
        return f"{self.resource_version} {self.type} {self.plural} {self.name}"
