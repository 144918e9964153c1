"""The same act as code: what one would type instead of clicking."""

import shlex
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest

from consumers.models import Consumer, KeyAuth


def curl(request: HttpRequest, method: str, path: str, *pairs: tuple[str, str]) -> str:
    """Return a curl command for the Admin API, one argument a line."""
    prefix = "" if request.scope.is_default else f"/{request.scope}"
    url = shlex.quote(f"{settings.ADMIN_LISTEN.url}{prefix}{path}")
    lines = [f"curl {url}" if method == "GET" else f"curl -X {method} {url}"]
    if settings.ENFORCE_RBAC:
        lines.append('--header "Kong-Admin-Token: $TOKEN"')
    lines += [f"--data {shlex.quote(f'{name}={value}')}" for name, value in pairs]
    return " \\\n  ".join(lines)


def curl_for_consumer(
    request: HttpRequest, consumer: Consumer, method: str = "POST"
) -> str:
    path = "/consumers" if method == "POST" else f"/consumers/{quote(consumer.ref)}"
    if method == "GET":
        return curl(request, method, path)
    names = {"username": consumer.username, "custom_id": consumer.custom_id}
    pairs = [(name, value) for name, value in names.items() if value]
    pairs += [("tags[]", tag) for tag in consumer.tags or []]
    return curl(request, method, path, *pairs)


def curl_for_key(
    request: HttpRequest, consumer: Consumer, key: KeyAuth | None = None
) -> str:
    path = f"/consumers/{quote(consumer.ref, safe='')}/key-auth"
    if key is None:
        return curl(request, "POST", path)
    pairs = [("tags[]", tag) for tag in key.tags or []]
    return curl(request, "PATCH", f"{path}/{key.pk}", *pairs)
