"""Identities of realms: which control plane may ask for them, and how long they hold.

Source of the rules: data-plane contract §1.4-1.6.
"""

import logging
from dataclasses import dataclass
from functools import lru_cache

from kongadmin.gateway.credentials import id_text, keyring
from kongadmin.gateway.database import Database
from kongadmin.gateway.decision import Identity
from kongadmin.gateway.plane import Plane

MINUTE = 60
# How long it is remembered that there is no such realm; it has no ttl to say so.
UNKNOWN_SECONDS = 10 * MINUTE
HIT, MISS = "hit", "miss"
NOT_ALLOWED, OTHER_REGION = "not_allowed", "region_mismatch"
UNKNOWN_REALM = "unknown_realm"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Realm:
    """A realm, as far as the authorizer cares; the two lifetimes are in minutes."""

    id: str
    region: str
    allows_all: bool
    allowed: frozenset[str]
    ttl: int
    negative_ttl: int
    groups: tuple[str, ...]

    def lets_in(self, plane: Plane) -> bool:
        return self.allows_all or plane.id in self.allowed


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a look-up, and until when (seconds since 1970) that holds."""

    result: str
    until: float
    identity: Identity | None = None


def look_up(
    database: Database, plane: Plane, realm: Realm | None, key: str, now: float
) -> Found:
    """Return what a realm says of a key, as a control plane may hear it."""
    if realm is None:
        return Found(UNKNOWN_REALM, now + UNKNOWN_SECONDS)
    over = now + realm.negative_ttl * MINUTE
    if realm.region != plane.region:
        warn_of_region(realm.id, plane.name)
        return Found(OTHER_REGION, over)
    if not realm.lets_in(plane):
        return Found(NOT_ALLOWED, over)
    identity = read_realm_key(database, realm, key)
    if identity is None:
        return Found(MISS, over)
    return Found(HIT, now + realm.ttl * MINUTE, identity)


@lru_cache(1000)
def warn_of_region(realm_id: str, plane_name: str) -> None:
    """Say, once, that a control plane cannot use a realm."""
    logger.warning("Realm %s is in another region than %s.", realm_id, plane_name)


def read_realm(database: Database, plane_id: str, realm_id: str) -> Realm | None:
    """Return the realm with that id; one query."""
    found = database.rows(
        "SELECT region, allow_all_control_planes, allowed_control_planes, "
        "ttl, negative_ttl, consumer_groups FROM realms_realm WHERE scope_ptr_id = %s",
        database.id(realm_id),
    )
    for region, allows_all, allowed, ttl, negative_ttl, groups in found:
        return Realm(
            realm_id,
            region,
            bool(allows_all),
            frozenset(database.document(allowed)),
            ttl,
            negative_ttl,
            tuple(database.document(groups)),
        )
    return None


def read_realm_key(database: Database, realm: Realm, key: str) -> Identity | None:
    """Return who a key of a realm belongs to, expired or not; one query."""
    digests = keyring.digests(key)
    places = ", ".join(["%s"] * len(digests))
    found = database.find(
        "SELECT c.id, c.username, c.custom_id, c.consumer_groups, k.id, k.expires_at "  # noqa: S608
        "FROM consumers_keyauth k JOIN consumers_consumer c ON c.id = k.consumer_id "
        f"WHERE k.scope_id = %s AND k.key_digest IN ({places})",
        database.id(realm.id),
        *digests,
    )
    for consumer_id, username, custom_id, groups, key_id, expires_at in found:
        own = database.document(groups) if groups is not None else []
        key_id = id_text(key_id)
        return Identity(
            id_text(consumer_id),
            username,
            custom_id,
            credential_id=key_id,
            kind="key-auth",
            identifier=key_id,
            expires_at=database.seconds(expires_at),
            groups=tuple(sorted({*realm.groups, *own})),
            realm_id=realm.id,
        )
    return None
