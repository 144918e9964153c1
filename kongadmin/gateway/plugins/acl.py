"""acl, as Kong decides it, with the groups of consumers as an enterprise Kong has them.

`always_use_authenticated_groups` changes nothing: no plugin that is decided here takes
groups from elsewhere. Source of the rules: kong/plugins/acl/handler.lua; data-plane
contract §2.4.
"""

from kongadmin.gateway.database import Database
from kongadmin.gateway.decision import Decision, Identity, Refusal, groups_header
from kongadmin.gateway.plugins.base import Handler, Instance

UNKNOWN = Refusal(401, "Unauthorized")
UNWANTED = Refusal(403, "You cannot consume this service")


class ACL(Handler):
    """Lets the consumers of some groups pass, or all but those of some groups."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        config = instance.config
        self.allows = bool(config.get("allow"))
        self.listed = frozenset(config.get("allow") or config.get("deny") or ())
        self.hides = config.get("hide_groups_header", False)
        self.takes_consumer_groups = config.get("include_consumer_groups", False)

    def access(self, decision: Decision) -> Refusal | None:
        identity = decision.identity
        if identity is None:
            return UNKNOWN
        groups = self.groups_of(decision, identity)
        decision.tell("groups", groups=groups)
        if self.allows and not groups and identity.credential_id is None:
            return UNKNOWN
        if self.listed.isdisjoint(groups) is self.allows:
            return UNWANTED
        decision.groups = () if self.hides else groups_header(groups)
        return None

    def groups_of(self, decision: Decision, identity: Identity) -> tuple[str, ...]:
        """Return the groups that count, sorted; a realm's consumer has no acl ones."""
        groups: tuple[str, ...] = ()
        if identity.realm_id is None:
            known, plane = decision.known, decision.plane
            groups = known.recall(read_acl_groups, plane, identity.consumer_id)
        if self.takes_consumer_groups and identity.groups:
            groups = tuple(sorted({*groups, *identity.groups}))
        return groups


def read_acl_groups(
    database: Database, scope_id: str, consumer_id: str
) -> tuple[str, ...]:
    """Return the groups that acl credentials put a consumer in, sorted; one query."""
    found = database.rows(
        'SELECT "group" FROM consumers_acl WHERE consumer_id = %s AND scope_id = %s',
        database.id(consumer_id),
        database.id(scope_id),
    )
    return tuple(sorted(group for [group] in found))
