"""The same acts as code, for consumer groups."""

from urllib.parse import quote

from django.http import HttpRequest

from groups.models import RATE_LIMITING, ConsumerGroup
from kongadmin.manager.code import curl


def path_of(group: ConsumerGroup) -> str:
    return f"/consumer_groups/{quote(group.ref, safe='')}"


def curl_for_group(
    request: HttpRequest, group: ConsumerGroup, method: str = "POST"
) -> str:
    if method == "GET":
        return curl(request, method, path_of(group))
    path = "/consumer_groups" if method == "POST" else path_of(group)
    pairs = [("name", group.name)] if group.name else []
    pairs += [("tags[]", tag) for tag in group.tags or []]
    return curl(request, method, path, *pairs)


def curl_for_members(request: HttpRequest, group: ConsumerGroup) -> str:
    """Return how a consumer is put into the group."""
    path = f"{path_of(group)}/consumers"
    return curl(request, "POST", path, ("consumer", "alex"))


def curl_for_joining(request: HttpRequest, consumer) -> str:
    """Return how a consumer is put into a group, said from its side."""
    path = f"/consumers/{quote(consumer.ref, safe='')}/consumer_groups"
    return curl(request, "POST", path, ("group", "gold"))


def curl_for_override(request: HttpRequest, group: ConsumerGroup, config: dict) -> str:
    path = f"{path_of(group)}/overrides/plugins/{RATE_LIMITING}"
    pairs = [
        (f"config.{name}" + "[]" * isinstance(value, list), str(item))
        for name, value in config.items()
        for item in (value if isinstance(value, list) else [value])
    ]
    return curl(request, "PUT", path, *pairs)
