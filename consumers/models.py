import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint
from django.urls import reverse
from django.utils import timezone

from kongadmin.entities import UUID_TEXT, Entity, EntityQuerySet
from kongadmin.fields import DigestField, SecretField, TextKey, can_store, digest_lookup
from kongadmin.masks import mask
from kongadmin.schema import Schema

SCHEMAS = Path(__file__).parent / "schemas"
SHORTEST_INNER_SEARCH = 3
# Others would need escaping, or are addresses of pages, or look like an id.
PLAIN_NAME = re.compile(rf"(?!{UUID_TEXT.pattern}\Z)\w[\w.~@-]*")
RESERVED_NAMES = ("create",)
LAST_CHARACTER = "\U0010ffff"


def folded(text: str) -> str:
    """Return text as the column `search` holds it: lower case, only letters and digits.

    PostgreSQL's trigrams take every other character for the end of a word, and the
    beginnings of words are so common that their lists take long to read; a "q" in its
    place keeps the words together.
    """
    return re.sub(r"[\W_]", "q", text.lower())


def begins(field: str, text: str) -> Q:
    """Return the condition that `field` begins with `text`, as a range of an index."""
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + LAST_CHARACTER})


class ConsumerQuerySet(EntityQuerySet):
    def matching(self, text: str) -> Self:
        """Keep those whose username or custom ID contains `text`, or whose id it is.

        Case does not count. One or two characters match beginnings only: an index of
        trigrams cannot answer for less than three.
        """
        text = text.strip()
        if not text:
            return self
        if UUID_TEXT.fullmatch(text):
            return self.filter(Q(pk=UUID(text)) | Q(username=text) | Q(custom_id=text))
        if not can_store(text):
            return self.none()
        if len(text) < SHORTEST_INNER_SEARCH:
            wanted = begins("username_lower", text.lower())
            for spelling in product(*zip(text.lower(), text.upper(), strict=False)):
                wanted |= begins("custom_id", "".join(spelling))
            return self.filter(wanted)
        low, wanted = text.lower(), folded(text)
        found = self.filter(search__contains=wanted)
        if "q" not in wanted:
            return found
        # What was folded may have been another character: look at the names as well.
        return found.filter(
            Q(username_lower__contains=low) | Q(custom_id__icontains=low)
        )


class Consumer(Entity):
    """Somebody or something that calls APIs; known by username, custom_id or both."""

    schema = Schema.load(SCHEMAS / "consumers.yaml")
    endpoint_key = "username"
    unique_keys = ("username", "custom_id")

    username = TextKey(
        "Username", help_text="How people and logs will name this consumer."
    )
    custom_id = TextKey("Custom ID", help_text="Its identifier in your own database.")
    username_lower = TextKey(editable=False)
    search = models.TextField(editable=False)

    objects = ConsumerQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["scope", "username"], name="consumer_username"),
            UniqueConstraint(fields=["scope", "custom_id"], name="consumer_custom_id"),
            CheckConstraint(
                condition=Q(username__isnull=False) | Q(custom_id__isnull=False),
                name="consumer_is_named",
            ),
        ]
        indexes = [
            Index(fields=["scope", "id"], name="consumer_by_id"),
            Index(fields=["scope", "username_lower", "id"], name="consumer_by_name"),
            Index(fields=["scope", "created_at", "id"], name="consumer_by_age"),
        ]

    def __str__(self) -> str:
        return self.username or self.custom_id or str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("consumers:show", args=[self.ref])

    @property
    def ref(self) -> str:
        """The text that names the consumer in an address: its username if that can."""
        name = self.username or ""
        if PLAIN_NAME.fullmatch(name) and name not in RESERVED_NAMES:
            return name
        return str(self.pk)

    def prepare(self) -> None:
        """Fill the columns that only searching and sorting read."""
        self.username_lower = self.username and self.username.lower()
        names = filter(None, (self.username, self.custom_id))
        self.search = folded("\n".join(names))

    def save(self, *args, **kwargs) -> None:
        self.prepare()
        super().save(*args, **kwargs)


class CredentialQuerySet(EntityQuerySet):
    def of(self, consumer: Consumer) -> Self:
        return self.filter(scope_id=consumer.scope_id, consumer_id=consumer.pk)


class Credential(Entity):
    """What a consumer shows to prove who it is."""

    consumer = models.ForeignKey(
        Consumer,
        on_delete=models.CASCADE,
        editable=False,
        related_name="%(class)ss",
        db_index=False,  # every credential has an index that begins with it
    )

    objects = CredentialQuerySet.as_manager()

    class Meta:
        abstract = True


class KeyAuthQuerySet(CredentialQuerySet):
    def live(self, now: datetime | None = None) -> Self:
        now = now or timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))


class KeyAuth(Credential):
    """A key of a consumer, found by its digest."""

    schema = Schema.load(SCHEMAS / "keyauth_credentials.yaml")
    endpoint_key = "key"
    secret_fields = ("key",)

    key = SecretField("Key", null=True, blank=True)
    key_digest = DigestField(of="key")
    expires_at = models.DateTimeField("Expires", null=True, blank=True)

    objects = KeyAuthQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["scope", "key_digest"], name="key_auth_key"),
        ]
        indexes = [
            Index(fields=["scope", "id"], name="key_auth_by_id"),
            Index(fields=["consumer", "id"], name="key_auth_by_consumer"),
            Index(
                fields=["scope", "expires_at"],
                name="key_auth_by_expiry",
                condition=Q(expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return mask(self.key) or str(self.pk)

    @classmethod
    def named(cls, key: str) -> dict:
        return digest_lookup("key_digest", key)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def expire_in(self, seconds: int, since=None) -> None:
        """End the key `seconds` after `since` (default: now); 0 means never."""
        start = since or timezone.now()
        self.expires_at = start + timedelta(seconds=seconds) if seconds else None

    @classmethod
    def wire(cls, row: Mapping[str, Any]) -> dict:
        end = row["expires_at"]
        left = end and max(int((end - timezone.now()).total_seconds()), 0)
        return {**super().wire(row), "ttl": left}

    def snapshot(self) -> dict:
        values = super().snapshot()
        del values["ttl"]
        values["expires_at"] = self.expires_at and self.expires_at.isoformat()
        return values

    def make_way(self) -> bool:
        """An expired key no longer keeps another from being called the same."""
        if self.is_expired:
            self.delete()
        return self.is_expired


class LastUsed(models.Model):
    """When a credential was last accepted; written in batches by the authorizer."""

    credential_id = models.UUIDField(primary_key=True)
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.credential_id)
