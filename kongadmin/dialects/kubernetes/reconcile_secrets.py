"""Credentials that a consumer has in Secrets: one for each consumer and Secret.

Each is shown as an object that the consumer and the Secret own, of the kind one would
have written by hand; types without such a kind are only told by their entity's tags.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from consumers.credentials import CREDENTIALS, CredentialType
from consumers.models import Consumer, Credential, is_hash_of
from kongadmin import managed
from kongadmin.dialects.kubernetes import mapping, store
from kongadmin.dialects.kubernetes.kinds import stored_as
from kongadmin.dialects.kubernetes.mapping import PLURALS, SECRETS, TAGS, TTL, Unusable
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.reconcile_entities import attempt, write
from kongadmin.dialects.kubernetes.store import Change
from kongadmin.entities import UUID_TEXT

MANAGED = {"app.kubernetes.io/managed-by": "kongadmin"}
SUFFIX = 5
LONGEST_NAME = 253
# The types that no kind of object is for.
OTHERS = [
    declared
    for kind, declared in CREDENTIALS.items()
    if kind in mapping.SECRET_TYPES and kind not in PLURALS
]


class Held(NamedTuple):
    """A Secret that a consumer lists, and the credential in it."""

    secret: Object
    type: CredentialType
    values: dict[str, Any]


def read_secrets(consumer: Object) -> tuple[list[Held], list[str]]:
    """Return what a consumer's Secrets hold, and a line for each that is of no use."""
    names = consumer.body.get("credentials") or []
    found = store.named(SECRETS, consumer.namespace, names)
    held, wrong = [], []
    for name in names:
        if name not in found:
            wrong.append(f'secrets "{name}" not found')
            continue
        try:
            held.append(Held(found[name], *mapping.secret_credential(found[name])))
        except Unusable as error:
            wrong.append(f'Secret "{name}" {error}')
    return held, wrong


def managed_by(consumer: Object) -> Iterator[Object]:
    """Yield the credential objects that were made for a consumer's Secrets."""
    for owned in () if consumer.is_new else store.owned_by(consumer.uid):
        if made_by(owned) == str(consumer.uid):
            yield owned


def made_by(object: Object) -> str | None:
    """Return the uid of the consumer that an object was made for, if it was."""
    if not MANAGED.items() <= object.labels.items():
        return None
    owners = object.owner_references
    uids = (one["uid"] for one in owners if one.get("controller"))
    return next(filter(UUID_TEXT.fullmatch, uids), None)


def secret_of(object: Object) -> str | None:
    """Return the name of the Secret that an object shows, if it does."""
    owners = object.owner_references
    return next((one["name"] for one in owners if one["kind"] == "Secret"), None)


def clear_managed(consumer: Object) -> list[Change]:
    return [each for owned in [*managed_by(consumer)] for each in store.delete(owned)]


def sync_managed(consumer: Object, held: list[Held]) -> list[Change]:
    """Let there be an object for each Secret in use, and for no other."""
    wanted = {
        (PLURALS[one.type.kind], name_for(consumer, one.secret)): one
        for one in held
        if one.type.kind in PLURALS
    }
    changes = []
    for owned in [*managed_by(consumer)]:
        one = wanted.pop((owned.plural, owned.name), None)
        if one is None:
            changes += store.delete(owned)
        elif store.update(owned, **fields_of(consumer, one)):
            changes.append(Change("update", owned))
    for (plural, name), one in wanted.items():
        if store.find(plural, consumer.namespace, name) is None:
            fields = fields_of(consumer, one) | {"generate_name": f"{consumer.name}-"}
            made = store.make(plural, consumer.namespace, name, **fields)
            changes.append(Change("create", made))
    return changes


def name_for(consumer: Object, secret: Object) -> str:
    """Return the object's name: the consumer's, and five characters of the Secret's.

    It looks as one that is made up, but is the same each time.
    """
    digest = hashlib.sha256(f"{consumer.uid}{secret.uid}".encode()).hexdigest()
    return f"{consumer.name[: LONGEST_NAME - SUFFIX - 1]}-{digest[:SUFFIX]}"


def fields_of(consumer: Object, one: Held) -> dict[str, Any]:
    """Return the object that shows what a Secret holds."""
    values = dict(one.values)
    ttl = values.pop("ttl", None)
    annotations = {TTL: str(ttl)} if ttl else {}
    if tags := one.secret.annotations.get(TAGS):
        annotations[TAGS] = tags
    return {
        "labels": MANAGED,
        "annotations": annotations,
        "owner_references": [
            owner(consumer, is_controller=True),
            owner(one.secret),
        ],
        "body": {"spec": {"consumerRef": {"name": consumer.name}, **values}},
    }


def owner(object: Object, is_controller: bool = False) -> dict[str, Any]:
    kind = stored_as(object.plural)
    controller = {"blockOwnerDeletion": True, "controller": True}
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "name": object.name,
        "uid": str(object.uid),
        **(controller if is_controller else {}),
    }


def sync_others(consumer: Consumer, held: list[Held], is_new: bool) -> list[str]:
    """Put the credentials that no object shows; say which Secrets were refused."""
    wrong = []
    for declared in OTHERS:
        stored = {} if is_new else from_secrets(declared, consumer)
        mine = {str(one.secret.uid): one for one in held if one.type == declared}
        for uid in stored.keys() - mine.keys():
            stored[uid].delete()
        for uid, one in mine.items():
            wrong += put_other(consumer, one, stored.get(uid))
    return wrong


def from_secrets(declared: CredentialType, consumer: Consumer) -> dict[str, Credential]:
    """Return the credentials of a type that came from Secrets, by the Secret's uid."""
    found = {}
    for row in declared.model.objects.of(consumer):
        origin = managed.origin(row.tags)
        if origin.get("kind") == "Secret" and "uid" in origin:
            found[origin["uid"]] = row
    return found


def put_other(
    consumer: Consumer, one: Held, stored: Credential | None
) -> Iterator[str]:
    """Put a credential; yield why it was refused."""
    entity = stored or one.type.model(scope_id=consumer.scope_id)
    values = one.values | {
        "consumer": {"id": str(consumer.pk)},
        "tags": mapping.tags_of(one.secret),
    }
    if stored and is_known(values.get("client_secret"), stored):
        del values["client_secret"]
    made = attempt(entity, stored is None, lambda: write(entity, values, None))
    if made.refusal:
        yield f'Secret "{one.secret.name}" {made.refusal.message}'


def is_known(secret: str | None, stored: Credential) -> bool:
    """Say whether a secret is stored as a hash: to hash it anew would change it."""
    is_hashed = getattr(stored, "hash_secret", False)
    return bool(is_hashed and secret) and is_hash_of(secret, stored.client_secret)
