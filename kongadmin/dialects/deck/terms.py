"""What may stand where in a decK file, and in a declarative file of Kong's own."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from kongadmin.declarative.kinds import CONSUMER_GROUPS, CONSUMERS, KINDS, credentials
from kongadmin.entities import Entity

CREDENTIALS = tuple(kind.name for kind in credentials())
MEMBERSHIPS = "consumer_group_consumers"
OVERRIDES = "consumer_group_overrides"
PLUGINS = "plugins"
# Kong's name for overrides in a file, and the only plugin that has any.
OVERRIDES_IN_FILES = "consumer_group_plugins"
LIMITED = "rate-limiting-advanced"
# What names an entity in another, the best first.
NAMES = {CONSUMERS: ("username", "custom_id", "id"), CONSUMER_GROUPS: ("name", "id")}
# Lists of entities that Kong has and this product has not.
ELSEWHERE = frozenset(
    """ca_certificates certificates clustering_data_planes custom_entities
    custom_plugins cloned_plugins degraphql_routes filter_chains
    graphql_ratelimiting_advanced_cost_decoration keys key_sets licenses oauth2_tokens
    parameters partials rbac_roles routes services service_packages sm_vaults snis
    targets upstreams vaults workspaces""".split()
)
# What a file says of itself.
HEAD = (
    "_format_version",
    "_workspace",
    "_info",
    "_konnect",
    "_plugin_configs",
    "_transform",
    "_comment",
    "_ignore",
)
# What Kong lets stand at any entity and does not look at.
REMARKS = ("_comment", "_ignore")
VERSIONS = ("3.0", "2.1", "1.1")
NEWEST = VERSIONS[0]


@dataclass(frozen=True, slots=True)
class Kind:
    """What an entity may say.

    `texts` are the fields that must be text, `secrets` some of them, `foreign` those
    that name another entity, by its kind; `nested` are the lists of what hangs on it.
    """

    name: str
    fields: frozenset[str]
    texts: frozenset[str]
    secrets: tuple[str, ...]
    foreign: dict[str, str]
    nested: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        return [*self.fields, *self.nested]


NESTED = {
    CONSUMERS: ("groups", *CREDENTIALS, PLUGINS),
    CONSUMER_GROUPS: ("consumers", PLUGINS),
}


@cache
def kinds() -> dict[str, Kind]:
    """Return what entities there are in a file, by the names of their schemas."""
    return {name: _kind(kind.model) for name, kind in KINDS.items()}


def _kind(model: type[Entity]) -> Kind:
    schema = model.schema
    fields = schema.fields
    more = ["updated_at", *(["ttl"] if schema.ttl else [])]
    if schema.name in (OVERRIDES, PLUGINS):
        more += ["name", "_config"]
    return Kind(
        schema.name,
        frozenset([*fields, *more]),
        frozenset(n for n, field in fields.items() if field["type"] == "string"),
        model.secret_fields,
        {n: f["reference"] for n, f in fields.items() if f["type"] == "foreign"},
        NESTED.get(schema.name, ()),
    )


@cache
def lists() -> dict[str, str]:
    """Return which kind stands in which list at the top of a file."""
    names = {name: name for name in kinds()}
    return names | ({OVERRIDES_IN_FILES: OVERRIDES} if OVERRIDES in names else {})


def nearest(name: str, known: Iterable[str] = ()) -> str:
    """Return what is probably meant by a name that is not known, as a hint."""
    if name.startswith("-"):
        return f"probably meant: - {name[1:60].strip()}"
    if name.startswith("\u00a0"):
        return "what looks like a blank before it is none (U+00A0)"
    spelt = name.strip().lower().replace("-", "_")
    found = difflib.get_close_matches(spelt, list(known), 1, 0.7)
    return f"probably meant: {found[0]}" if found else ""
