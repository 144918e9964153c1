"""The same act as code: what one would type instead of clicking."""

import re
import shlex
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest

from consumers.credentials import CredentialType
from consumers.models import Consumer, Credential


def curl(
    request: HttpRequest, method: str, path: str, *pairs: tuple[str, str | None]
) -> str:
    """Return a curl command for the Admin API, one argument a line.

    A value that is None is left to a variable of the shell.
    """
    prefix = "" if request.scope.is_default else f"/{request.scope}"
    url = shlex.quote(f"{settings.ADMIN_LISTEN.url}{prefix}{path}")
    lines = [f"curl {url}" if method == "GET" else f"curl -X {method} {url}"]
    if settings.ENFORCE_RBAC:
        lines.append('--header "Kong-Admin-Token: $TOKEN"')
    lines += [f"--data {argument(name, value)}" for name, value in pairs]
    return " \\\n  ".join(lines)


def argument(name: str, value: str | None) -> str:
    if value is None:
        variable = re.sub(r"\W", "_", name.rpartition(".")[2]).upper()
        return f'"{name}=${variable}"'
    return shlex.quote(f"{name}={value}")


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


def curl_for_credential(
    request: HttpRequest,
    consumer: Consumer,
    declared: CredentialType,
    credential: Credential | None = None,
) -> str:
    """Return how a credential is made, or how this one is changed; never a secret."""
    path = f"/consumers/{quote(consumer.ref, safe='')}/{declared.nested_path}"
    fields = {name: declared.model.schema.fields[name] for name in declared.fields}
    if credential is None:
        needed = [n for n, f in fields.items() if f.get("required")]
        wanted = [n for n in needed if fields[n].get("default") is None]
        return curl(request, "POST", path, *((name, None) for name in wanted))
    shown = [n for n, f in fields.items() if f["type"] == "string"]
    shown = [n for n in shown if not fields[n].get("encrypted")]
    values = {name: getattr(credential, name) for name in shown}
    pairs = [(n, v) for n, v in values.items() if v and "\n" not in v]
    pairs += [("tags[]", tag) for tag in credential.tags or []]
    return curl(request, "PATCH", f"{path}/{credential.pk}", *pairs)
