import hashlib
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from kongadmin.access.addresses import are_addresses, is_within
from kongadmin.access.permissions import WRITE, Bearer, forget, may
from kongadmin.access.roles import ADMIN, GRANTED, ROLES, SUPER_ADMIN, choices_of
from kongadmin.crypto import base62
from kongadmin.masks import mask

PREFIX, RANDOM = "kpat_", 49
# Who has forgotten a token for so long has forgotten it for good.
LONGEST_IDLE = timedelta(days=365)
ACTIVE, REVOKED, EXPIRED = "ACTIVE", "REVOKED", "EXPIRED"


def digest_of(text: str) -> bytes:
    """Return what a token is found by.

    It has no key: a token is 256 random bits, so nobody can try them out, and it stays
    valid when KONGADMIN_SECRET_KEYS changes.
    """
    return hashlib.sha256(text.encode()).digest()


class Grant(models.Model):
    """A role that a user was given in one control plane, or in all of them."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants"
    )
    role = models.CharField(max_length=20, choices=choices_of(GRANTED))
    control_plane = models.ForeignKey(
        "realms.ControlPlane",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Empty: in every control plane.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "control_plane"], name="grant_once_per_control_plane"
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(control_plane=None),
                name="grant_once_for_all_control_planes",
            ),
        ]

    def __str__(self) -> str:
        return f"{ROLES[self.role].label} in {self.place}"

    @property
    def place(self) -> str:
        return str(self.control_plane or "every control plane")


def make_admin(caller, plane) -> None:
    """Let who has created a control plane be its admin, unless they are anyway.

    `caller` is a user, or the Bearer of a token, whose owner is meant.
    """
    if not may(caller, WRITE, "control_plane", plane):
        user = caller.token.user if isinstance(caller, Bearer) else caller
        user.grants.create(role=ADMIN.name, control_plane=plane)


class APITokenQuerySet(models.QuerySet):
    def usable(self) -> Self:
        """Keep tokens that open something now."""
        return self.active().filter(user__is_active=True)

    def active(self) -> Self:
        """Keep tokens that are neither revoked nor expired nor forgotten."""
        now = timezone.now()
        unexpired = Q(expires_at=None) | Q(expires_at__gt=now)
        since = now - LONGEST_IDLE
        used = Q(last_used_at__gt=since) | Q(last_used_at=None, created_at__gt=since)
        return self.filter(unexpired, used, enabled=True, revoked_at=None)

    def opened_by(self, text: str, address: str) -> "APIToken | None":
        """Return the usable token whose secret is `text`, if it is valid there."""
        found = self.usable().select_related("user")
        token = found.filter(digest=digest_of(text)).first()
        return token if token and token.is_valid_at(address) else None


class APIToken(models.Model):
    """What a program shows to the Admin API; only its digest is kept.

    It may what its role and the grants of its owner both allow. A bound token acts in
    its control planes only: in none, once they are gone.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=256)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    hint = models.CharField(max_length=40, editable=False)
    role = models.CharField(
        max_length=20, choices=choices_of(ROLES), default=SUPER_ADMIN.name
    )
    is_bound = models.BooleanField("Limited", default=False, editable=False)
    control_planes = models.ManyToManyField(
        "realms.ControlPlane", blank=True, related_name="+"
    )
    allowed_addresses = models.JSONField(
        default=list,
        blank=True,
        validators=[are_addresses],
        help_text="IP addresses and networks it may be used from; empty: any.",
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = APITokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.hint})"

    @classmethod
    def issue(
        cls, user, name: str, expires_at: datetime | None = None, **fields
    ) -> tuple[Self, str]:
        """Make a token and return it with its text, which nobody can read again.

        Unless `fields` say otherwise, it may all that its owner may.
        """
        text = PREFIX + base62(RANDOM)
        token = cls.objects.create(
            user=user,
            name=name,
            digest=digest_of(text),
            hint=mask(text),
            expires_at=expires_at,
            **fields,
        )
        return token, text

    def save(self, *args, **kwargs) -> None:
        is_new = self._state.adding
        self.updated_at = self.created_at if is_new else timezone.now()
        super().save(*args, **kwargs)

    def revoke(self, by) -> None:
        """End it for good; it stays to be seen."""
        self.revoked_at, self.revoked_by = timezone.now(), by
        self.save()

    @property
    def state(self) -> str:
        """What it is good for, in Konnect's words."""
        if self.is_expired:
            return EXPIRED
        idle = timezone.now() - (self.last_used_at or self.created_at)
        is_over = self.revoked_at or not self.enabled or idle >= LONGEST_IDLE
        return REVOKED if is_over else ACTIVE

    @property
    def is_limited(self) -> bool:
        """Say whether it may less than its owner."""
        is_less = self.role != SUPER_ADMIN.name or self.is_bound
        return is_less or bool(self.allowed_addresses)

    def bind(self, planes: list) -> None:
        """Let it act in these control planes only; in all that its owner has if none.

        Stored at once.
        """
        self.is_bound = bool(planes)
        with transaction.atomic():
            self.save(update_fields=["is_bound"])
            self.control_planes.set(planes)

    def is_valid_at(self, address: str) -> bool:
        networks = self.allowed_addresses
        return not networks or is_within(address, networks)

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


@receiver([post_save, post_delete], sender=Grant)
@receiver(m2m_changed, sender=APIToken.control_planes.through)
def forget_rights(**kwargs) -> None:
    """Let what was given or taken away count with the next request."""
    transaction.on_commit(forget)


@receiver(m2m_changed, sender=APIToken.control_planes.through)
def bind_token(instance, action: str, **kwargs) -> None:
    """A token with control planes is bound to them, whoever chose them."""
    if action == "post_add" and isinstance(instance, APIToken):
        APIToken.objects.filter(pk=instance.pk).update(is_bound=True)
