"""Who may do what. `may` is the only question that others ask."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRefresh

READ, WRITE, REVEAL = "read", "write", "reveal"


class Everyone:
    """Whoever reaches an open Admin API on loopback (ENFORCE_RBAC=off)."""

    is_authenticated = is_active = is_superuser = True
    username = "anyone on this machine"

    def __str__(self) -> str:
        return self.username


def may(user, verb: str, entity_type: str) -> bool:
    """Say whether `user` may `verb` (read, write, reveal) entities of that type."""
    return bool(user and user.is_active and user.is_superuser)


def needs(verb: str, what: Any) -> Callable:
    """Let a page be seen only by who `may`: others sign in first, or get 403.

    `what` is an Entity class or the name of another kind of thing ("changes").
    """
    entity_type = what if isinstance(what, str) else what.schema.name

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                if request.htmx:  # the session ended: the page has to go, not a part
                    return HttpResponseClientRefresh()
                return redirect_to_login(request.get_full_path())
            if not may(request.user, verb, entity_type):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
