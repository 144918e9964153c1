"""What one can do to consumer groups, as acts for `As code`."""

from typing import Any
from urllib.parse import quote

from consumers import code as consumer_code
from consumers.models import Consumer
from groups.models import RATE_LIMITING, ConsumerGroup
from kongadmin.manager.code import Act, Thing, Verb
from kongadmin.manager.code.acts import listing, on_entity, said

FIELDS = ("name", "tags")
GROUPS = "/consumer_groups"


def path_of(group: ConsumerGroup) -> str:
    return f"{GROUPS}/{quote(group.ref, safe='')}"


def values_of(group: ConsumerGroup) -> dict[str, Any]:
    return {name: getattr(group, name) for name in FIELDS}


def thing(group: ConsumerGroup) -> Thing:
    """Return a group as others refer to it."""
    return Thing("consumer_groups", str(group.pk), str(group), said(values_of(group)))


def list_of_groups(scope, tag: str = "") -> Act:
    return listing("consumer_groups", GROUPS, scope, tag)


def on_group(
    verb: Verb, group: ConsumerGroup, scope, values: dict[str, Any] | None = None
) -> Act:
    """Return what is done to a group; `values` are those typed so far, if any."""
    paths = GROUPS, path_of(group)
    return on_entity(verb, group, paths, scope, values_of(group), values)


# Memberships

ANYBODY = {
    "consumers": Thing("consumers", "", "alex", {"username": "alex"}),
    "consumer_groups": Thing("consumer_groups", "", "gold", {"name": "gold"}),
}


def on_membership(
    verb: Verb,
    scope,
    group: ConsumerGroup | None = None,
    consumer: Consumer | None = None,
    is_from_group: bool = True,
) -> Act:
    """Return how a consumer joins or leaves a group, said from either side.

    Where one of the two is not chosen yet, an example takes its place.
    """
    groups = thing(group) if group else ANYBODY["consumer_groups"]
    member = consumer_code.thing(consumer) if consumer else ANYBODY["consumers"]
    if is_from_group:
        base, other, field = path_of(group), member, "consumer"
    else:
        base, other, field = consumer_code.path_of(consumer, scope), groups, "group"
    path = f"{base}/{other.kind}"
    key = other.values.get("username") or other.values.get("name") or other.id
    values = {field: key} if verb == Verb.CREATE else {}
    path = f"{path}/{other.id}" if verb == Verb.DELETE else path
    kind = "consumer_group_consumers"
    return Act(verb, kind, path, scope, values, refs=(groups, member))


# Limits


def on_override(
    verb: Verb, group: ConsumerGroup, scope, config: dict[str, Any] | None = None
) -> Act:
    path = f"{path_of(group)}/overrides/plugins/{RATE_LIMITING}"
    values = {"config": config} if config else {}
    return Act(
        verb, "consumer_group_overrides", path, scope, values, refs=(thing(group),)
    )
