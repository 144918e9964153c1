"""Consumer groups for tests: their addresses, members, limits and forms."""

import re

from factories import default_control_plane
from groups.models import ConsumerGroup, Override
from kongadmin.plugins.models import Plugin

GOLD = "/consumer-groups/gold"
LIMITS = f"{GOLD}/rate-limiting"
PER_MINUTE = {"limit": [100], "window_size": [60], "window_type": "sliding"}


def set_limits(group: ConsumerGroup, **config) -> Override:
    config = PER_MINUTE | {"retry_after_jitter_max": 0} | config
    override = Override(scope_id=group.scope_id, consumer_group=group, config=config)
    override.save()
    return override


def limit_plugin(**fields) -> Plugin:
    config = fields.pop("config", {})
    plugin = Plugin(
        scope=default_control_plane(),
        name="rate-limiting-advanced",
        config={"limit": [5], "window_size": [60], "window_type": "sliding"} | config,
        **fields,
    )
    plugin.save()
    return plugin


def members(group: ConsumerGroup) -> list[str]:
    return sorted(str(consumer) for consumer in group.members)


def rows(*limits: tuple, **more) -> dict:
    """Return what the form of an override sends for rows of limit, amount and unit."""
    fields = {"window-TOTAL_FORMS": len(limits), "window-INITIAL_FORMS": 0}
    for number, (limit, amount, unit) in enumerate(limits):
        fields |= {
            f"window-{number}-limit": limit,
            f"window-{number}-amount": amount,
            f"window-{number}-unit": unit,
        }
    return fields | {"window_type": "sliding", "retry_after_jitter_max": "0"} | more


def link(text: str, name: str) -> str:
    found = re.search(rf'id="{name}"[^>]*href="\?([^"]+)"', text)
    return found[1].replace("&amp;", "&")
