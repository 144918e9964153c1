"""What every page has in common: a control plane, an actor, and headers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from kongadmin.access.permissions import can_see
from kongadmin.changes import acting
from kongadmin.fields import can_store
from kongadmin.managed import ManagedElsewhere
from kongadmin.manager.render import CONFLICT, render_page
from realms.models import DEFAULT, ControlPlane, Realm
from realms.places import INSIDE, entered

# What a realm has of the pages that a control plane has.
IN_REALMS = ("consumers", "manager")
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
        request.scope = request.plane = found or ControlPlane(name=name)
        actor = acting(request.user.get_username(), "manager", request.request_id)
        with actor, in_realm(request):
            response = self.get_response(request)
        response["X-Request-ID"] = request.request_id
        # A page may show names or, once, a secret; a fragment is not a page.
        response.setdefault("Cache-Control", "private, no-store")
        patch_vary_headers(response, ["HX-Request", "Cookie"])
        return response

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        """Refuse a control plane that does not exist; strangers sign in first."""
        if not request.user.is_authenticated:
            return
        for scope in (request.plane, request.scope):
            if scope._state.adding:
                if not can_see(request.user, scope):
                    raise PermissionDenied
                raise Http404(f"There is no such {scope._meta.verbose_name}.")
        match = request.resolver_match
        if isinstance(request.scope, Realm) and match.app_name not in IN_REALMS:
            raise Http404("Consumers of realms have neither plugins nor memberships.")

    def process_exception(self, request: HttpRequest, error) -> HttpResponse | None:
        """Say who manages what somebody wanted to change by hand."""
        if not isinstance(error, ManagedElsewhere):
            return None
        entity = error.entity
        owner = getattr(entity, "consumer", entity)
        context = {"entity": entity, "managed": error.managed, "back": owner}
        return render_page(request, "managed.html", "dialog", context, CONFLICT)


@contextmanager
def in_realm(request: HttpRequest) -> Iterator[None]:
    """Make a realm the scope of a page that is about what is in it."""
    found = INSIDE.fullmatch(request.path_info)
    if found is None:
        yield
        return
    realm = Realm.objects.ours().by_ref(found["ref"]).first()
    request.scope = realm or Realm(name=found["ref"])
    request.path_info = found["rest"]
    with entered(found["ref"]):
        yield
