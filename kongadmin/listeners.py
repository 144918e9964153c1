"""What each listener serves: the Admin API and the Manager, by the port asked.

The authorizer's listener is not here: it is a process without Django
(kongadmin.gateway.wsgi). Where only one port can be published, the Manager's also
answers for the others, under /admin-api/ and /authorize/.
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from urllib.parse import quote

import django
from django.conf import settings
from django.core.handlers.wsgi import LimitedStream, WSGIHandler, WSGIRequest
from django.db import DEFAULT_DB_ALIAS, connections
from django.http.response import HttpResponseBase
from django.urls import (
    Resolver404,
    ResolverMatch,
    get_resolver,
    set_script_prefix,
    set_urlconf,
)
from prometheus_client import Counter

from kongadmin import metrics, outages
from kongadmin.gateway.wsgi import dataplane, proxy

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CHECK = re.compile("/dataplane/v1/[^/]+/check/?")

WSGIApplication = Callable[[dict, Callable], Iterable[bytes]]


class AdminRequest(WSGIRequest):
    """A request whose path is still percent-encoded: names may hold slashes.

    Kong drops one trailing slash and never redirects. A body in chunks, which Django
    would take for none, is read up to the limit.
    """

    urlconf = settings.ADMIN_API_URLCONF

    def __init__(self, environ: dict) -> None:
        super().__init__(environ)
        if "HTTP_TRANSFER_ENCODING" in environ:
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
            self._stream = LimitedStream(environ["wsgi.input"], most)
        raw = environ.get("RAW_URI") or quote(environ["PATH_INFO"], encoding="latin-1")
        path = raw.partition("?")[0].removeprefix(environ.get("SCRIPT_NAME", ""))
        path = path.encode("latin-1").decode("utf-8", "surrogateescape")
        self.path_info = self.path = path[:-1] if path.endswith("/") else path
        if not self.path_info.startswith("/"):
            self.path_info = self.path = f"/{self.path_info}"

    @property
    def body(self) -> bytes:
        """The body, also one sent in chunks, whose length only its end tells."""
        body = super().body
        self._check_data_too_big(len(body))
        return body


class KonnectRequest(AdminRequest):
    """A request of one of Konnect's APIs, which lie beside the Admin API."""

    urlconf = settings.KONNECT_URLCONF


class KubernetesRequest(AdminRequest):
    """A request of the Kubernetes API, which lies beside the Admin API."""

    urlconf = settings.KUBERNETES_URLCONF


class ManagerRequest(WSGIRequest):
    """A request for a page; /@team-a/consumers is /consumers of control plane team-a.

    The prefix moves into SCRIPT_NAME, so that links keep it by themselves.
    """

    def __init__(self, environ: dict) -> None:
        self.workspace = ""
        if environ["PATH_INFO"].startswith("/@"):
            self.workspace, slash, rest = environ["PATH_INFO"][2:].partition("/")
            environ = {
                **environ,
                "SCRIPT_NAME": f"{environ.get('SCRIPT_NAME', '')}/@{self.workspace}",
                "PATH_INFO": slash + rest or "/",
            }
            # Django has noted what reverse() adds before it made a request.
            set_script_prefix(f"{environ['SCRIPT_NAME']}/")
        super().__init__(environ)


class Handler(WSGIHandler):
    """Django's handler with a listener's own request class and middleware."""

    def __init__(self, request_class: type[WSGIRequest], middleware: list[str]) -> None:
        self.request_class, self.middleware = request_class, middleware
        super().__init__()

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        outages.give_up_ended(connections[DEFAULT_DB_ALIAS])  # what a thread has kept
        return super().__call__(environ, start_response)

    def load_middleware(self, is_async: bool = False) -> None:
        # Django reads one list for the whole process, at this moment only.
        everywhere, settings.MIDDLEWARE = settings.MIDDLEWARE, self.middleware
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = everywhere


class APIHandler(Handler):
    """The same without what only pages need: Django's signals around a request.

    A thread keeps its connection to the database as long as that works. What every
    answer has is in its `more_headers`, past Django's checks of each.
    """

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        database = connections[DEFAULT_DB_ALIAS]
        outages.give_up_ended(database)
        try:
            response = self._middleware_chain(self.request_class(environ))
        finally:
            if database.errors_occurred and not database.in_atomic_block:
                database.close_if_unusable_or_obsolete()
        status = f"{response.status_code} {response.reason_phrase}"
        more = getattr(response, "more_headers", ())
        start_response(status, [*response.items(), *more])
        return response if response.streaming else [response.content]

    def _get_response(self, request: WSGIRequest) -> HttpResponseBase:
        """Call the view; none is asynchronous, a template's or one transaction."""
        view, arguments, named = self.resolve_request(request)
        return view(request, *arguments, **named)

    def resolve_request(self, request: WSGIRequest) -> ResolverMatch:
        """Find the view as Django does, without an account of what was tried."""
        set_urlconf(request.urlconf)
        for pattern in get_resolver(request.urlconf).url_patterns:
            with suppress(Resolver404):
                if match := pattern.resolve(request.path_info[1:]):
                    request.resolver_match = match
                    return match
        raise Resolver404({"path": request.path_info})


django.setup(set_prefix=False)
admin_api = APIHandler(AdminRequest, settings.ADMIN_API_MIDDLEWARE)
konnect = APIHandler(KonnectRequest, settings.KONNECT_MIDDLEWARE)
kubernetes = APIHandler(KubernetesRequest, settings.KUBERNETES_MIDDLEWARE)
pages = Handler(ManagerRequest, settings.MIDDLEWARE)


def mount(prefix: str, inner: WSGIApplication) -> WSGIApplication:
    """Return `inner` as it answers below `prefix`."""

    def mounted(environ: dict, start_response: Callable) -> Iterable[bytes]:
        shifted = {
            **environ,
            "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + prefix,
            "PATH_INFO": environ["PATH_INFO"][len(prefix) :],
        }
        return inner(shifted, start_response)

    return mounted


def authorizer(environ: dict, start_response: Callable) -> Iterable[bytes]:
    """Below /dataplane/: what proxies ask, and one endpoint for people with a token."""
    path = environ.get("RAW_URI", environ["PATH_INFO"]).partition("?")[0]
    is_check = CHECK.fullmatch(path.removeprefix(environ.get("SCRIPT_NAME", "")))
    return (konnect if is_check else dataplane)(environ, start_response)


BESIDE = {
    "dataplane": authorizer,
    **dict.fromkeys(("v1", "v2", "v3"), konnect),
    **dict.fromkeys(("api", "apis", "openapi", "version"), kubernetes),
}


def admin(environ: dict, start_response: Callable) -> Iterable[bytes]:
    """The admin listener: the Admin API, Konnect's, Kubernetes', the proxies'."""
    first = environ["PATH_INFO"][1:].partition("/")[0]
    return BESIDE.get(first, admin_api)(environ, start_response)


MOUNTS = {
    "/admin-api": mount("/admin-api", admin),
    "/authorize": mount("/authorize", proxy),
}


def manager(environ: dict, start_response: Callable) -> Iterable[bytes]:
    """The Manager's listener: pages, and the other two below a prefix."""
    first = "/" + environ["PATH_INFO"][1:].partition("/")[0]
    return MOUNTS.get(first, pages)(environ, start_response)


def measured(listener: str, inner: WSGIApplication) -> WSGIApplication:
    """Return `inner`, its answers counted and timed for /metrics."""
    latency = metrics.latency.labels(listener)

    @cache
    def answered(method: str, status: str) -> Counter:
        return metrics.requests.labels(listener, method, status)

    def measuring(environ: dict, start_response: Callable) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        shown = method if method in METHODS else "other"

        def counting(status: str, *given: object) -> object:
            answered(shown, status[:3]).inc()
            return start_response(status, *given)

        with latency.time():
            return inner(environ, counting)

    return measuring


BY_PORT = {str(settings.ADMIN_LISTEN.port): measured("admin", admin)}
measured_manager = measured("manager", manager)


def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
    """Both Django listeners in one process group, told apart by the port asked."""
    serve = BY_PORT.get(environ["SERVER_PORT"], measured_manager)
    return serve(environ, start_response)
