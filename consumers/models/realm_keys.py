"""Consumers of realms: their keys, and moving from one realm to another."""

from django.apps import apps
from django.db import transaction

from kongadmin import changes
from kongadmin.crypto import base62
from kongadmin.masks import DOTS, mask
from kongadmin.tags import Tag

from .consumer import Consumer
from .credentials import Credential, KeyAuth, OAuth2Token

NEW, LEGACY = "new", "legacy"
MOST_KEYS = 100


def make_up() -> tuple[str, str]:
    """Return a new secret and what it is recognised by: its prefix and its end."""
    prefix = f"kcc_{base62(8)}_"
    secret = prefix + base62(40)
    return secret, f"{prefix}{DOTS}{secret[-4:]}"


def issue_key(
    consumer: Consumer, secret: str | None = None, tags: list[str] | None = None
) -> tuple[KeyAuth, str]:
    """Store a key of a realm's consumer; return it with its secret, readable once.

    A `secret` brought along makes it a legacy key. Raises Conflict where the realm has
    that secret already.
    """
    type_ = NEW if secret is None else LEGACY
    secret, hint = make_up() if secret is None else (secret, mask(secret))
    key = KeyAuth(scope_id=consumer.scope_id, consumer=consumer, type=type_, hint=hint)
    key.key, key.tags, key.created_at = secret, tags or [], None
    key.save()
    return key, secret


def is_full(credential: Credential) -> bool:
    """Say whether its consumer, of a realm, can have no more of that type."""
    consumer = credential.consumer
    rows = type(credential).objects.of(consumer).live()
    return consumer.is_of_realm and rows.count() >= MOST_KEYS


@transaction.atomic
def move(consumer: Consumer, here, there) -> None:
    """Take a consumer with all it has from one realm to another.

    Raises Conflict, and moves nothing, where something of it is taken over there.
    """
    consumer.scope_id = there.pk
    consumer.save()
    moved = [consumer.pk]
    for row in belongings(consumer):
        row.scope_id = there.pk
        row.save()
        moved.append(row.pk)
    Tag.objects.filter(entity_id__in=moved).update(scope_id=there.pk)
    changes.record("update", consumer, {"realm": str(here)}, {"realm": str(there)})


def belongings(consumer: Consumer) -> list[Credential | OAuth2Token]:
    """Return a consumer's credentials, and the tokens of its OAuth 2.0 clients."""
    kinds = [model for model in apps.get_models() if issubclass(model, Credential)]
    found = [row for kind in kinds for row in kind.objects.filter(consumer=consumer)]
    found += OAuth2Token.objects.filter(credential__consumer=consumer)
    return found
