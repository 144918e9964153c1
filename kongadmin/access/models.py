import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kongadmin.masks import mask

PREFIX = "kpat_"


def digest_of(text: str) -> bytes:
    """Return what a token is found by.

    It has no key: a token is 256 random bits, so nobody can try them out, and it stays
    valid when KONGADMIN_SECRET_KEYS changes.
    """
    return hashlib.sha256(text.encode()).digest()


class APITokenQuerySet(models.QuerySet):
    def usable(self) -> Self:
        """Keep tokens that open something now."""
        unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(unexpired, enabled=True, user__is_active=True)

    def opened_by(self, text: str) -> "APIToken | None":
        """Return the usable token whose secret is `text`."""
        found = self.usable().select_related("user")
        return found.filter(digest=digest_of(text)).first()


class APIToken(models.Model):
    """What a program shows to the Admin API; only its digest is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    hint = models.CharField(max_length=40, editable=False)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = APITokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.hint})"

    @classmethod
    def issue(
        cls, user, name: str, expires_at: datetime | None = None
    ) -> tuple[Self, str]:
        """Make a token and return it with its text, which nobody can read again."""
        text = PREFIX + secrets.token_urlsafe(32)
        token = cls.objects.create(
            user=user,
            name=name,
            digest=digest_of(text),
            hint=mask(text),
            expires_at=expires_at,
        )
        return token, text

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def touch(self) -> None:
        """Note that the token was used, at most once a minute."""
        now = timezone.now()
        if not self.last_used_at or now - self.last_used_at > timedelta(minutes=1):
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)


class SignInFailure(models.Model):
    """A refused sign-in: what the throttle counts."""

    username = models.CharField(max_length=150)
    address = models.CharField(max_length=45)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["username", "address", "at"], name="failure_by_name"),
            models.Index(fields=["address", "at"], name="failure_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.username} from {self.address}"
