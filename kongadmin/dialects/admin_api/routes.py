"""The URLconf of the admin listener: every registered route; where Kong Enterprise is
advertised, also with a workspace before it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from kongadmin.dialects.admin_api import errors, node
from kongadmin.dialects.admin_api.middleware import plain
from kongadmin.dialects.admin_api.registry import ROUTES, Route


def by_first_segment(routes: list[Route]) -> list:
    """Return the routes' patterns in groups, so that few are tried for a request."""
    groups: dict[str, list] = {}
    for route in routes:
        first = route.template.partition("/")[0]
        groups.setdefault(first, []).append(route.pattern_after(first))
    return [path(first, include(patterns)) for first, patterns in groups.items()]


patterns = by_first_segment([*ROUTES, *node.ROUTES])

urlpatterns = [*patterns, *(route.pattern_after("") for route in node.ROOT)]
if settings.IS_ENTERPRISE:
    urlpatterns.append(path("<segment:workspace>/", include(patterns)))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain(errors.NOT_FOUND, 404)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain({"message": "Bad request"}, 400)


def handler500(request: HttpRequest) -> HttpResponse:
    return plain(errors.UNEXPECTED, 500)
