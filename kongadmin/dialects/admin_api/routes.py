"""The URLconf of the admin listener: every registered route, with or without a
workspace before it."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from kongadmin.dialects.admin_api import errors, node
from kongadmin.dialects.admin_api.middleware import plain
from kongadmin.dialects.admin_api.registry import ROUTES

patterns = [*(route.pattern for route in [*ROUTES, *node.ROUTES])]

urlpatterns = [
    *patterns,
    *(route.pattern for route in node.ROOT),
    path("<segment:workspace>/", include(patterns)),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain(errors.NOT_FOUND, 404)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain({"message": "Bad request"}, 400)


def handler500(request: HttpRequest) -> HttpResponse:
    return plain(errors.UNEXPECTED, 500)
