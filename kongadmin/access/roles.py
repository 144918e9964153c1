"""The roles: what each may do, as data. Contract konnect §3.3."""

from collections.abc import Callable
from dataclasses import dataclass

READ, WRITE, REVEAL = "read", "write", "reveal"

# What decides who may do what, and whatever else belongs to no control plane. One's own
# control plane is `control_plane`; `control_planes` is about how many there are.
PEOPLE = frozenset({"tokens", "users"})
OUTSIDE = PEOPLE | {"control_planes", "realms", "workspaces"}
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
PLUGIN_ADMIN = Role(
    "plugin-admin",
    "Plugin admin",
    "Plugins of its control planes and their stored secrets; sees no consumers.",
    lambda verb, entity_type: (
        entity_type == "plugins" or (verb == READ and entity_type == "node")
    ),
)
CP_ADMIN = Role(
    "cp-admin",
    "Control plane admin",
    "Every control plane and all that is in them; realms and their consumers.",
    lambda verb, entity_type: entity_type not in PEOPLE,
)
CP_CREATOR = Role(
    "cp-creator",
    "Control plane creator",
    "Creates control planes, and is admin of those it has created.",
    lambda verb, entity_type: verb == WRITE and entity_type == "control_planes",
)
ORG_READER = Role(
    "org-reader",
    "Organization reader",
    "Reads everything there is, users included, with secrets masked.",
    lambda verb, entity_type: verb == READ,
)
# Super admins are Django's superusers; the others are given in one control plane, or in
# all; some only make sense there.
EVERYWHERE = {role.name: role for role in (CP_ADMIN, CP_CREATOR, ORG_READER)}
PER_CONTROL_PLANE = {r.name: r for r in (ADMIN, EDITOR, VIEWER, PLUGIN_ADMIN)}
GRANTED = PER_CONTROL_PLANE | EVERYWHERE
ROLES = {SUPER_ADMIN.name: SUPER_ADMIN} | GRANTED

# What people want to know of a role: in words, and as `Role.allows` is asked.
DEEDS = [
    ("See consumers, plugins and activity", READ, "consumers"),
    ("Create, change and delete consumers", WRITE, "consumers"),
    ("Put consumers into groups", WRITE, "consumer_groups"),
    ("Give and take away credentials", WRITE, "keyauth_credentials"),
    ("See stored secrets of credentials", REVEAL, "keyauth_credentials"),
    ("Add, change and remove plugins", WRITE, "plugins"),
    ("See secrets in the configuration of plugins", REVEAL, "plugins"),
    ("Change and delete its control planes", WRITE, "control_plane"),
    ("Create control planes", WRITE, "control_planes"),
    ("See realms and their consumers", READ, "realms"),
    ("Create, change and delete realms, their consumers and keys", WRITE, "realms"),
    ("See users and what they were given", READ, "users"),
    ("Manage users and give them roles", WRITE, "users"),
    ("Manage the API tokens of everybody", WRITE, "tokens"),
]


def choices_of(roles: dict[str, Role]) -> list[tuple[str, str]]:
    """Return roles as a form or a model offers them."""
    return [(role.name, role.label) for role in roles.values()]
