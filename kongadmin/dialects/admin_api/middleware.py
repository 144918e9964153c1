"""What every answer of the admin listener has in common. Contract §1.1, §1.3, §1.4."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from secrets import token_hex
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.admin_api.parsers import SUPPORTED, as_text, split_arguments
from kongadmin.environment import is_loopback

YAML = ("application/yaml", "text/yaml")
# Where a body is a document, whose format its own text tells.
DOCUMENTS = ("/declarative/plan", "/declarative/apply")
WITH_BODY = ("POST", "PUT", "PATCH")


class Traffic:
    """What this worker has been asked, for /status."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.total = self.active = 0

    @contextmanager
    def request(self) -> Iterator[None]:
        with self.lock:
            self.total += 1
            self.active += 1
        try:
            yield
        finally:
            with self.lock:
                self.active -= 1

    def describe(self) -> dict[str, int]:
        return {
            "connections_accepted": self.total,
            "connections_handled": self.total,
            "connections_active": self.active,
            "connections_reading": 0,
            "connections_writing": self.active,
            "connections_waiting": 0,
            "total_requests": self.total,
        }


traffic = Traffic()


class Conventions:
    """Refuses what no route should see, and finishes every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request.request_id = token_hex(16)
        try:
            refuse_strangers(request)
            request.arguments = read_arguments(request)
            check_content_type(request)
            with traffic.request():
                response = self.get_response(request)
        except Refusal as refusal:
            response = plain(refusal.body, refusal.status)
        finish(request, response)
        return brand(request, response, time.perf_counter() - started)


def plain(body: dict | str, status: int) -> HttpResponse:
    """Return an answer made outside of a view: JSON, or the bare text that Kong has."""
    if isinstance(body, dict):
        return Answer(body, status)
    return HttpResponse(body, status=status, content_type=body and "text/plain")


def read_arguments(request: HttpRequest) -> dict[str, str | bool]:
    """Return the query arguments; of a repeated one the first counts."""
    query = as_text(request.META.get("QUERY_STRING", "").encode("latin-1"))
    request.pairs = split_arguments(query)
    return dict(reversed(request.pairs))


def check_content_type(request: HttpRequest) -> None:
    """Refuse a body that no parser reads, before routing and before the method."""
    if request.method not in WITH_BODY:
        return
    kind = request.META.get("CONTENT_TYPE", "")
    if "HTTP_X_KONGADMIN_CONTENT_TYPES" in request.META:
        raise Refusal(400, "Multiple Content-Type headers not allowed")
    has_body = request.META.get("CONTENT_LENGTH") not in (None, "", "0")
    if not kind and not has_body and "HTTP_TRANSFER_ENCODING" not in request.META:
        return
    path = request.path_info
    is_yaml = kind.startswith(YAML) and path == "/config"
    if not kind.startswith(SUPPORTED) and not is_yaml and not path.endswith(DOCUMENTS):
        raise Refusal(415, "")


def refuse_strangers(request: HttpRequest) -> None:
    """Refuse a foreign Host, and on an open Admin API what another site sends.

    Browsers say in Sec-Fetch-Site whose page made a request; older ones only name the
    Origin. With RBAC on there is nothing to abuse: a token never travels by itself.
    """
    host = request.META.get("HTTP_HOST", request.META["SERVER_NAME"])
    if not is_allowed(host, tuple(settings.ALLOWED_HOSTS)):
        raise Refusal.plain(403, "this Host is not in KONGADMIN_ALLOWED_HOSTS")
    if settings.ENFORCE_RBAC:
        return
    origin = request.META.get("HTTP_ORIGIN")
    if origin and is_own(origin):
        return
    is_safe = request.method in ("GET", "HEAD", "OPTIONS")
    follows_link = is_safe and request.META.get("HTTP_SEC_FETCH_MODE") == "navigate"
    is_foreign = request.META.get("HTTP_SEC_FETCH_SITE") in ("cross-site", "same-site")
    if (is_foreign and not follows_link) or (origin and not is_safe):
        raise Refusal.plain(403, "requests from other sites are not allowed")


@lru_cache
def is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    """Say whether a Host is ours; the same few are asked with."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def is_own(origin: str) -> bool:
    """Say whether an Origin is the Manager's, or a page served on this machine."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return origin == settings.ADMIN_GUI_ORIGIN or is_loopback(host)


def finish(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add the headers of every answer; take the body off an answer to HEAD."""
    if response.status_code == 204:
        del response["Content-Type"]
    else:
        response["Content-Length"] = str(len(response.content))
    if not response.get("Content-Type"):
        del response["Content-Type"]
    if request.method == "HEAD":
        response.content = b""
    origin = request.META.get("HTTP_ORIGIN", "*")
    response.more_headers = [
        ("Access-Control-Allow-Origin", settings.ADMIN_GUI_ORIGIN or origin),
        ("Access-Control-Allow-Credentials", "true"),
    ]
    if settings.ADMIN_GUI_URL:
        response.more_headers.append(("Vary", "Origin"))
    return response


def brand(request: HttpRequest, response: HttpResponse, seconds: float) -> HttpResponse:
    """Add the headers that Kong's Admin API is known by."""
    response.more_headers += [
        ("Server", settings.KONG_SERVER),
        ("X-Kong-Admin-Latency", str(int(seconds * 1000))),
    ]
    if settings.IS_ENTERPRISE:
        response.more_headers.append(("X-Kong-Admin-Request-ID", request.request_id))
    return response
