"""What every page has in common: a control plane, an actor, and headers."""

from collections.abc import Callable
from secrets import token_hex

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from kongadmin.changes import acting
from realms.models import DEFAULT, ControlPlane

THEMES = ("light", "dark")


class ManagerMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = token_hex(8)
        theme = request.COOKIES.get("kongadmin_theme")
        request.theme = theme if theme in THEMES else ""
        name = getattr(request, "workspace", "") or DEFAULT
        request.scope = ControlPlane.called(name) or ControlPlane.called(DEFAULT)
        request.has_unknown_scope = request.scope.name != name
        with acting(request.user.get_username(), "manager", request.request_id):
            response = self.get_response(request)
        response["X-Request-ID"] = request.request_id
        # A page may show names or, once, a secret; a fragment is not a page.
        response.setdefault("Cache-Control", "private, no-store")
        patch_vary_headers(response, ["HX-Request", "Cookie"])
        return response

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        if request.has_unknown_scope:
            raise Http404("There is no such control plane.")
