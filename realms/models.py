from typing import Self

from django.core.validators import RegexValidator
from django.db import models, transaction
from uuid_utils.compat import uuid7

from kongadmin import revision
from kongadmin.fields import TextKey

DEFAULT = "default"
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

    name = TextKey(
        null=False,
        blank=False,
        unique=True,
        validators=[
            RegexValidator(
                r"\A[\w.~-]+\Z",
                "only letters, digits, '.', '-', '_' and '~' are allowed",
            )
        ],
    )
    comment = models.TextField(blank=True)
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

    def save(self, *args, **kwargs) -> None:
        super().save(*args, **kwargs)
        transaction.on_commit(forget)

    def delete(self, *args, **kwargs):
        deleted = super().delete(*args, **kwargs)
        transaction.on_commit(forget)
        return deleted

    @property
    def is_default(self) -> bool:
        return self.name == DEFAULT
