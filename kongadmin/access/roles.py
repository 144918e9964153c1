"""The four roles: what each may do, as data."""

from collections.abc import Callable
from dataclasses import dataclass

READ, WRITE, REVEAL = "read", "write", "reveal"

# What belongs to no control plane, or decides who may do what.
OUTSIDE = frozenset({"control_planes", "tokens", "users", "workspaces"})
# Who calls, by what credential, in which groups.
CALLERS = frozenset(
    {
        "consumers",
        "consumer_groups",
        "consumer_group_consumers",
        "acls",
        "basicauth_credentials",
        "hmacauth_credentials",
        "jwt_secrets",
        "keyauth_credentials",
        "keyauth_enc_credentials",
        "mtls_auth_credentials",
        "oauth2_credentials",
        "oauth2_tokens",
    }
)


@dataclass(frozen=True, slots=True)
class Role:
    """What somebody may do in the control planes that the role was given for.

    `allows` takes a verb (read, write, reveal) and an entity type.
    """

    name: str
    label: str
    summary: str
    allows: Callable[[str, str], bool]


SUPER_ADMIN = Role(
    "super-admin",
    "Super admin",
    "Everything in every control plane, and everything about users and tokens.",
    lambda verb, entity_type: True,
)
ADMIN = Role(
    "admin",
    "Admin",
    "Everything inside its control planes, plugins and stored secrets included.",
    lambda verb, entity_type: entity_type not in OUTSIDE,
)
EDITOR = Role(
    "editor",
    "Editor",
    "Consumers, their credentials and groups; reads plugins and the rest.",
    lambda verb, entity_type: (
        entity_type in CALLERS or (verb == READ and entity_type not in OUTSIDE)
    ),
)
VIEWER = Role(
    "viewer",
    "Viewer",
    "Reads everything inside its control planes, with secrets masked.",
    lambda verb, entity_type: verb == READ and entity_type not in OUTSIDE,
)
ROLES = {role.name: role for role in (SUPER_ADMIN, ADMIN, EDITOR, VIEWER)}
# Super admins are Django's superusers; the others are given per control plane.
GRANTED = {role.name: role for role in (ADMIN, EDITOR, VIEWER)}

# What people want to know of a role: in words, and as `Role.allows` is asked.
DEEDS = [
    ("See consumers, plugins and activity", READ, "consumers"),
    ("Create, change and delete consumers", WRITE, "consumers"),
    ("Put consumers into groups", WRITE, "consumer_groups"),
    ("Give and take away credentials", WRITE, "keyauth_credentials"),
    ("See stored secrets of credentials", REVEAL, "keyauth_credentials"),
    ("Add, change and remove plugins", WRITE, "plugins"),
    ("See secrets in the configuration of plugins", REVEAL, "plugins"),
    ("Create and delete control planes", WRITE, "control_planes"),
    ("Manage users and give them roles", WRITE, "users"),
    ("Manage the API tokens of everybody", WRITE, "tokens"),
]


def choices_of(roles: dict[str, Role]) -> list[tuple[str, str]]:
    """Return roles as a form or a model offers them."""
    return [(role.name, role.label) for role in roles.values()]
