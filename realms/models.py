from pathlib import Path
from typing import Self
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from uuid_utils.compat import uuid7

from kongadmin import revision
from kongadmin.changes import record_bulk
from kongadmin.entities import Entity
from kongadmin.fields import TextKey
from kongadmin.schema import Schema

DEFAULT = "default"
# First segments of the admin listener's paths: a control plane of that name would be
# hidden.
RESERVED = frozenset(
    "acls api apis basic-auths ca_certificates certificates config "
    "consumer_groups consumers dataplane endpoints explain filter-chains "
    "hmac-auths jwts key-auths key-auths-enc key-sets keyauth_credentials keys "
    "kong licenses metrics mtls-auths oauth2 oauth2_tokens openapi.json "
    "partials plugins routes schemas services snis status tags upstreams v1 v2 "
    "v3 vaults workspaces".split()
)


def not_reserved(name: str) -> None:
    """Refuse a control plane's name that the Admin API's own paths would hide."""
    if name in RESERVED:
        raise ValidationError("this name is an address of the Admin API")


known = revision.Cache(revision.CONTROL_PLANES)


def forget() -> None:
    """Let every process ask for control planes anew."""
    revision.bump(revision.CONTROL_PLANES)
    revision.bump(revision.CHANGES)


class Scope(models.Model):
    """Where consumers live; it leads every unique constraint and look-up index."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    def __str__(self) -> str:
        return str(self.pk)


class ControlPlane(Scope):
    """A gateway's configuration: Kong's workspace, Konnect's control plane."""

    schema = Schema.load(Path(__file__).parent / "schemas" / "workspaces.yaml")

    name = TextKey(
        null=False,
        blank=False,
        unique=True,
        validators=[
            RegexValidator(
                r"\A[\w.~-]+\Z",
                "only letters, digits, '.', '-', '_' and '~' are allowed",
            ),
            not_reserved,
        ],
    )
    comment = models.TextField(null=True, blank=True)
    config = models.JSONField(default=dict, blank=True)
    meta = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def called(cls, name: str) -> Self | None:
        """Return the control plane of that name, asking the database seldom."""
        found = known.get(name)
        if found is None:
            found = cls.objects.filter(name=name).first()
            if found:
                known.set(name, found)
        return found

    @classmethod
    def with_id(cls, pk: UUID) -> Self | None:
        """Return the control plane of that id, asking the database seldom."""
        found = known.get(pk)
        if found is None:
            found = cls.objects.filter(pk=pk).first()
            if found:
                known.set(pk, found)
        return found

    def save(self, *args, **kwargs) -> None:
        super().save(*args, **kwargs)
        transaction.on_commit(forget)

    @transaction.atomic
    def delete(self, *args, **kwargs):
        """Delete it with all that is in it, one entry in the log for each kind."""
        for model in entity_models():
            rows = model.objects.in_scope(self)
            if count := rows.count():
                rows._raw_delete(rows.db)
                name = model._meta.verbose_name_plural
                record_bulk(self, "delete", model.schema.name, f"{count} {name}")
        deleted = super().delete(*args, **kwargs)
        transaction.on_commit(forget)
        return deleted

    @property
    def is_empty(self) -> bool:
        return not any(model.objects.in_scope(self) for model in entity_models())

    @property
    def is_default(self) -> bool:
        return self.name == DEFAULT


def entity_models() -> list[type[Entity]]:
    """Return every kind of thing that a scope holds."""
    return [model for model in apps.get_models() if issubclass(model, Entity)]
