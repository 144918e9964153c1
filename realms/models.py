from django.core.validators import RegexValidator
from django.db import models
from uuid_utils.compat import uuid7

from kongadmin.fields import TextKey

DEFAULT = "default"


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
                r"\A[\w.~-]+\Z", "only letters, digits, '.', '-', '_' and '~' are allowed"
            )
        ],
    )
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name

    @property
    def is_default(self) -> bool:
        return self.name == DEFAULT
