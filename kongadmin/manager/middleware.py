"""What every page has in common: a control plane, an actor, and headers."""

from collections.abc import Callable
from secrets import token_hex

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from kongadmin.access.permissions import can_see
from kongadmin.changes import acting
from kongadmin.fields import can_store
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
        found = ControlPlane.called(name) if can_store(name) else None
        # Who was given nothing there must not learn whether it exists.
        request.scope = found or ControlPlane(name=name)
        request.has_unknown_scope = found is None
        with acting(request.user.get_username(), "manager", request.request_id):
            response = self.get_response(request)
        response["X-Request-ID"] = request.request_id
        # A page may show names or, once, a secret; a fragment is not a page.
        response.setdefault("Cache-Control", "private, no-store")
        patch_vary_headers(response, ["HX-Request", "Cookie"])
        return response

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        """Refuse a control plane that does not exist; strangers sign in first."""
        if request.has_unknown_scope and request.user.is_authenticated:
            if not can_see(request.user, request.scope):
                raise PermissionDenied
            raise Http404("There is no such control plane.")
