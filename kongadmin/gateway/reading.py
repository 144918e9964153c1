"""What the authorizer reads from the database, in plain SQL."""

import re
from typing import Any

from kongadmin.gateway.credentials import GROUPS, id_text, identity, keyring
from kongadmin.gateway.database import Database
from kongadmin.gateway.decision import Identity
from kongadmin.gateway.plane import Plane, by_name
from kongadmin.gateway.plugins import Handler, Instance, Override, Scope
from kongadmin.sealing import unseal
from kongadmin.settings import REGION

UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_plane(database: Database, ref: str) -> Plane | None:
    """Return the control plane with that name or id, with its plugins; 4 queries.

    Those of single consumers are left for `read_own_instances`.
    """
    if "\0" in ref:  # PostgreSQL has no such text.
        return None
    is_id = UUID_TEXT.fullmatch(ref)
    wanted, values = (
        ("scope_ptr_id = %s", [database.id(ref)])
        if is_id
        else ("name = %s AND region = %s", [ref, REGION])
    )
    found = database.rows(
        f"SELECT scope_ptr_id, name, region FROM realms_controlplane WHERE {wanted}",  # noqa: S608
        *values,
    )
    if not found:
        return None
    [[scope_id, name, region]] = found
    plugins = database.rows(
        "SELECT p.id, p.name, p.config, g.name FROM plugins_plugin p "
        "LEFT JOIN groups_consumergroup g ON g.id = p.consumer_group_id "
        "WHERE p.scope_id = %s AND p.enabled AND p.consumer_id IS NULL",
        scope_id,
    )
    own = database.rows(
        "SELECT 1 FROM plugins_plugin "
        "WHERE scope_id = %s AND enabled AND consumer_id IS NOT NULL LIMIT 1",
        scope_id,
    )
    overrides = database.rows(
        "SELECT g.id, g.name, o.config FROM groups_override o "
        "JOIN groups_consumergroup g ON g.id = o.consumer_group_id "
        "WHERE o.scope_id = %s",
        scope_id,
    )
    return Plane(
        id_text(scope_id),
        [
            Instance(name, opened(database, config), id_text(id_), Scope(group=group))
            for id_, name, config, group in plugins
        ],
        has_own=bool(own),
        overrides={
            ref: Override(group, database.document(config))
            for id_, group, config in overrides
            for ref in (group, id_text(id_))
        },
        name=name,
        region=region,
    )


def opened(database: Database, config: Any) -> dict[str, Any]:
    """Return a plugin's configuration with the secrets that are encrypted in it."""
    return unseal(database.document(config), keyring)


def read_own_instances(
    database: Database, scope_id: str, consumer_id: str
) -> dict[str, dict[Scope, Handler]]:
    """Return the plugins for one consumer alone, by name; one query."""
    found = database.rows(
        "SELECT id, name, config FROM plugins_plugin "
        "WHERE consumer_id = %s AND scope_id = %s AND enabled",
        database.id(consumer_id),
        database.id(scope_id),
    )
    scope = Scope(consumer=consumer_id)
    return by_name(
        Instance(name, opened(database, config), id_text(id_), scope)
        for id_, name, config in found
    )


def read_key(database: Database, scope_id: str, key: str) -> Identity | None:
    """Return who a key of a scope belongs to, expired or not; one query."""
    digests = keyring.digests(key)
    places = ", ".join(["%s"] * len(digests))
    found = database.find(
        "SELECT c.id, c.username, c.custom_id, g.name, k.id, k.expires_at "  # noqa: S608
        "FROM consumers_keyauth k JOIN consumers_consumer c ON c.id = k.consumer_id "
        f"{GROUPS} WHERE k.scope_id = %s AND k.key_digest IN ({places})",
        database.id(scope_id),
        *digests,
    )
    if not found:
        return None
    *_, credential_id, expires_at = found[0]
    credential_id = id_text(credential_id)
    return identity(
        found,
        credential_id=credential_id,
        kind="key-auth",
        identifier=credential_id,
        expires_at=database.seconds(expires_at),
    )


def read_consumer(database: Database, scope_id: str, ref: str) -> Identity | None:
    """Return the consumer of a scope with that id, else with that username."""
    wanted = [("username", ref)]
    if UUID_TEXT.fullmatch(ref):
        wanted.insert(0, ("id", database.id(ref)))
    for column, value in wanted:
        found = database.rows(
            "SELECT c.id, c.username, c.custom_id, g.name "  # noqa: S608
            f"FROM consumers_consumer c {GROUPS} "
            f"WHERE c.scope_id = %s AND c.{column} = %s",
            database.id(scope_id),
            value,
        )
        if found:
            return identity(found)
    return None
