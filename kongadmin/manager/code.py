"""The same act as code: what one would type instead of clicking."""

import json
import re
import shlex
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest

from consumers.credentials import CredentialType
from consumers.models import Consumer, Credential
from realms.models import ControlPlane, Realm


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
    if isinstance(request.scope, Realm):
        return curl_for_realm_consumer(request.scope, consumer, method)
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
    if isinstance(request.scope, Realm):
        return curl_for_realm_credential(consumer, declared)
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


# Konnect's APIs, which take JSON


def konnect_curl(method: str, path: str, body: dict | None = None) -> str:
    """Return a curl command for one of Konnect's APIs.

    A text of the body that begins with $ is left to a variable of the shell.
    """
    url = shlex.quote(f"{settings.ADMIN_LISTEN.url}{path}")
    lines = [f"curl {url}" if method == "GET" else f"curl -X {method} {url}"]
    if settings.ENFORCE_RBAC:
        lines.append('--header "Authorization: Bearer $KONNECT_TOKEN"')
    if body is not None:
        text = shlex.quote(json.dumps(body, ensure_ascii=False))
        lines.append(f"--json {re.sub(VARIABLE, SPLICED, text)}")
    return " \\\n  ".join(lines)


# Out of the quotes of the shell, into those for variables, and back.
VARIABLE, SPLICED = r'"\$([A-Z_]+)"', r'''"'"$\1"'"'''


def curl_for_realm(realm: Realm, method: str = "POST") -> str:
    path = "/v1/realms" if method == "POST" else f"/v1/realms/{realm.pk}"
    if method == "GET":
        return konnect_curl(method, path)
    every = realm.allow_all_control_planes
    body = {
        "name": realm.name,
        "allowed_control_planes": ["*"] if every else realm.allowed_control_planes,
        "ttl": realm.ttl,
        "negative_ttl": realm.negative_ttl,
        "consumer_groups": realm.consumer_groups,
    }
    return konnect_curl(method, path, body)


def curl_for_plane(plane: ControlPlane, method: str = "POST") -> str:
    base = "/v2/control-planes"
    if method == "GET":
        return konnect_curl(method, f"{base}/{plane.pk}")
    body = {"name": plane.name, "description": plane.description}
    path = base if method == "POST" else f"{base}/{plane.pk}"
    return konnect_curl(method, path, body)


def curl_for_realm_consumer(realm: Realm, consumer: Consumer, method: str) -> str:
    base = f"/v1/realms/{realm.pk}/consumers"
    path = base if method == "POST" else f"{base}/{consumer.pk}"
    if method == "GET":
        return konnect_curl(method, path)
    names = ("username", "custom_id", "consumer_groups", "tags")
    values = {name: getattr(consumer, name) for name in names}
    return konnect_curl(method, path, {n: v for n, v in values.items() if v})


def curl_for_realm_credential(consumer: Consumer, declared: CredentialType) -> str:
    """Return how a credential of a realm's consumer is made."""
    base = f"/v1/realms/{consumer.scope_id}/consumers/{consumer.pk}"
    if declared.kind == "key-auth":
        return konnect_curl("POST", f"{base}/keys", {"type": "new"})
    fields = declared.model.schema.fields
    needed = [
        name
        for name in declared.fields
        if fields[name].get("required") and fields[name].get("default") is None
    ]
    body = {name: f"${name.upper()}" for name in needed}
    return konnect_curl("POST", f"{base}/{declared.path}", body)
