"""What consumers show to prove who they are, and what the ACL counts them in."""

import base64
import hashlib
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils import timezone

from kongadmin.compat import EDITION
from kongadmin.entities import Entity, EntityQuerySet
from kongadmin.fields import DigestField, SecretField, TextKey, digest_lookup
from kongadmin.masks import mask
from kongadmin.schema import EVERYTHING, Edition, Schema

from .consumer import SCHEMAS, Consumer

HASHED = "set, stored as a hash"


def schema_of(name: str, edition: Edition = EDITION) -> Schema:
    """Return the schema of a credential type: its own fields, then what all have."""
    common = SCHEMAS / "credential.yaml"
    return Schema.load(SCHEMAS / f"{name}.yaml", edition, common)


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
        indexes = [
            Index(fields=["scope", "id"], name="%(class)s_by_id"),
            Index(fields=["consumer", "id"], name="%(class)s_by_consumer"),
        ]

    @property
    def readable_secrets(self) -> tuple[str, ...]:
        """The secrets that can be read again: what is kept as a hash cannot."""
        return self.secret_fields

    def seen(self, name: str) -> str | None:
        """Return a field as it may stand on a page; None if it has no value."""
        value = getattr(self, name)
        if value is None or name not in self.secret_fields:
            return value
        return mask(value) if name in self.readable_secrets else HASHED


class ExpiringQuerySet(CredentialQuerySet):
    def live(self, now: datetime | None = None) -> Self:
        now = now or timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))


class Expiring(Entity):
    """An entity with Kong's option `ttl`: from a moment on it is as if it were gone."""

    expires_at = models.DateTimeField("Expires", null=True, blank=True)

    objects = ExpiringQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes = [
            Index(
                fields=["scope", "expires_at"],
                name="%(class)s_by_expiry",
                condition=Q(expires_at__isnull=False),
            ),
        ]

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def expire_in(self, seconds: int, since=None) -> None:
        """End it `seconds` after `since` (default: now); 0 means never."""
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
        """What expired no longer keeps another from being called the same."""
        if self.is_expired:
            self.delete()
        return self.is_expired


class Key(Expiring, Credential):
    """A key of a consumer, found by its digest."""

    endpoint_key = "key"
    secret_fields = ("key",)

    key = SecretField("Key", null=True, blank=True)
    key_digest = DigestField(of="key")

    objects = ExpiringQuerySet.as_manager()

    class Meta(Credential.Meta):
        abstract = True
        constraints = [
            UniqueConstraint(fields=["scope", "key_digest"], name="%(class)s_key"),
        ]
        indexes = [*Credential.Meta.indexes, *Expiring.Meta.indexes]

    def __str__(self) -> str:
        return mask(self.key) or str(self.pk)

    @classmethod
    def named(cls, key: str) -> dict:
        return digest_lookup("key_digest", key)


class KeyAuth(Key):
    """A key as the plugin key-auth takes it.

    A realm's key has a type: `new` if it was made up here, `legacy` if it was brought
    along. Of those only the digest is kept, and a hint to recognise them by.
    """

    schema = schema_of("keyauth_credentials")
    realm_schema = Schema.load(SCHEMAS / "realm_keys.yaml")

    type = models.TextField("Type", null=True, editable=False)
    hint = models.TextField("Key", null=True, editable=False)

    def __str__(self) -> str:
        return self.hint or super().__str__()

    @property
    def is_digest_only(self) -> bool:
        """A realm's key cannot be read again, by nobody."""
        return self.type is not None

    @property
    def readable_secrets(self) -> tuple[str, ...]:
        return () if self.is_digest_only else self.secret_fields

    def seen(self, name: str) -> str | None:
        is_hinted = name == "key" and self.is_digest_only
        return self.hint if is_hinted else super().seen(name)

    def snapshot(self) -> dict:
        values = super().snapshot()
        if self.is_digest_only:
            values |= {"key": self.hint, "type": self.type}
        return values


class KeyAuthEnc(Key):
    """A key as the plugin key-auth-enc takes it."""

    schema = schema_of("keyauth_enc_credentials")


class BasicAuth(Credential):
    """A username and a password; kept is only Kong's digest of the password."""

    schema = schema_of("basicauth_credentials")
    endpoint_key = "username"
    secret_fields = ("password",)

    username = TextKey("Username", null=False, blank=False)
    password = SecretField("Password")

    class Meta(Credential.Meta):
        constraints = [
            UniqueConstraint(fields=["scope", "username"], name="basicauth_username"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def readable_secrets(self) -> tuple[str, ...]:
        return ()

    def assign(self, values: dict) -> None:
        """Take over `values`; a password in them is a clear one, whatever it says."""
        super().assign(values)
        if values.get("password") is not None:
            self.password = password_digest(values["password"], str(self.consumer_id))


def password_digest(password: str, consumer_id: str) -> str:
    """Return the digest of a basic-auth password, in hexadecimal.

    SHA-1 is Kong's (kong/plugins/basic-auth/crypto.lua): clients read it back, and
    decK files carry it. It is encrypted in the database.
    """
    text = f"{password}{consumer_id}".encode()
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


class HMACAuth(Credential):
    """A username and the secret its requests are signed with."""

    schema = schema_of("hmacauth_credentials")
    endpoint_key = "username"
    secret_fields = ("secret",)

    username = TextKey("Username", null=False, blank=False)
    secret = SecretField("Secret", null=True, blank=True)

    class Meta(Credential.Meta):
        constraints = [
            UniqueConstraint(fields=["scope", "username"], name="hmacauth_username"),
        ]

    def __str__(self) -> str:
        return self.username


class JWT(Credential):
    """An issuer (`key`) and what its tokens are verified with.

    Konnect knows the algorithms of Kong's newest version.
    """

    schema = schema_of("jwt_secrets")
    konnect_schema = schema_of("jwt_secrets", EVERYTHING)
    endpoint_key = "key"
    secret_fields = ("secret",)

    key = TextKey("Key")
    secret = SecretField("Secret", null=True, blank=True)
    rsa_public_key = models.TextField("Public key", null=True, blank=True)
    algorithm = models.TextField("Algorithm", default="HS256", null=True)

    class Meta(Credential.Meta):
        constraints = [UniqueConstraint(fields=["scope", "key"], name="jwt_key")]

    def __str__(self) -> str:
        return self.key or str(self.pk)


class ACL(Credential):
    """A group that the plugin acl counts the consumer in."""

    schema = schema_of("acls")

    group = TextKey("Group", null=False, blank=False)

    class Meta(Credential.Meta):
        constraints = [
            UniqueConstraint(fields=["consumer", "group"], name="acl_group"),
        ]
        indexes = [
            *Credential.Meta.indexes,
            Index(fields=["scope", "group", "id"], name="acl_by_group"),
        ]

    def __str__(self) -> str:
        return self.group


class MTLSAuth(Credential):
    """The subject of a client certificate."""

    schema = schema_of("mtls_auth_credentials")

    subject_name = TextKey("Subject name", null=False, blank=False)

    class Meta(Credential.Meta):
        constraints = [
            UniqueConstraint(fields=["scope", "subject_name"], name="mtlsauth_subject"),
        ]

    def __str__(self) -> str:
        return self.subject_name


class OAuth2(Credential):
    """An OAuth 2.0 client."""

    schema = schema_of("oauth2_credentials")
    endpoint_key = "client_id"
    unique_keys = ("client_id",)
    secret_fields = ("client_secret",)

    name = models.TextField("Name")
    client_id = TextKey("Client ID")
    client_secret = SecretField("Client secret", null=True, blank=True)
    hash_secret = models.BooleanField("Hash the secret", default=False)
    redirect_uris = models.JSONField("Redirect URIs", null=True, blank=True)
    client_type = models.TextField("Client type", default="confidential")

    class Meta(Credential.Meta):
        constraints = [
            UniqueConstraint(fields=["scope", "client_id"], name="oauth2_client"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def readable_secrets(self) -> tuple[str, ...]:
        return () if self.hash_secret else self.secret_fields

    def assign(self, values: dict) -> None:
        """Take over `values`; a secret that is to be hashed comes in clear."""
        super().assign(values)
        if values.get("hash_secret") and values.get("client_secret") is not None:
            self.client_secret = hashed_secret(values["client_secret"])


def hashed_secret(secret: str, salt: bytes | None = None) -> str:
    """Return a client secret as Kong stores it with `hash_secret`.

    Source: contract §4.5; PBKDF2 with SHA-512, 10,000 rounds, 16 bytes of salt.
    """
    salt = salt or os.urandom(16)
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, 10_000, 32)
    parts = (base64.b64encode(part).decode().rstrip("=") for part in (salt, digest))
    return "$".join(["", "pbkdf2-sha512", "i=10000,l=32", *parts])


def is_hash_of(secret: str, stored: str) -> bool:
    """Say whether a stored hash is that of a client secret."""
    salt = base64.b64decode(stored.split("$")[3] + "==")
    return hashed_secret(secret, salt) == stored


class OAuth2Token(Expiring):
    """An access token that an OAuth 2.0 client was given."""

    schema = Schema.load(SCHEMAS / "oauth2_tokens.yaml")
    endpoint_key = "access_token"
    secret_fields = ("access_token", "refresh_token")
    columns: ClassVar[dict[str, str]] = {"scope": "granted"}

    credential = models.ForeignKey(
        OAuth2, on_delete=models.CASCADE, related_name="tokens", db_index=False
    )
    access_token = SecretField("Access token", null=True, blank=True)
    access_token_digest = DigestField(of="access_token")
    refresh_token = SecretField("Refresh token", null=True, blank=True)
    refresh_token_digest = DigestField(of="refresh_token")
    token_type = models.TextField("Type", default="bearer")
    expires_in = models.IntegerField("Seconds valid")
    authenticated_userid = models.TextField("User", null=True, blank=True)
    granted = models.TextField("Scope", null=True, blank=True)

    objects = ExpiringQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["scope", "access_token_digest"], name="oauth2token_access"
            ),
            UniqueConstraint(
                fields=["scope", "refresh_token_digest"], name="oauth2token_refresh"
            ),
        ]
        indexes = [
            Index(fields=["scope", "id"], name="oauth2token_by_id"),
            Index(fields=["credential", "id"], name="oauth2token_by_client"),
            *Expiring.Meta.indexes,
        ]

    def __str__(self) -> str:
        return mask(self.access_token) or str(self.pk)

    @classmethod
    def named(cls, key: str) -> dict:
        return digest_lookup("access_token_digest", key)

    @property
    def parent_id(self):
        return self.credential.consumer_id
