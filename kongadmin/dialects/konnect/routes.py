"""The URLconf of Konnect's APIs, and how apps put their routes into it."""

import logging

from django.http import HttpRequest, HttpResponse
from django.urls import path

from kongadmin.dialects.admin_api import registry  # noqa: F401 - its path converter
from kongadmin.dialects.konnect.problems import Problem, answer

logger = logging.getLogger(__name__)

urlpatterns: list = []


def register(template: str, view: type, **options) -> None:
    """Serve a view at a path such as v1/realms/{realm}."""
    route = template.replace("{", "<segment:").replace("}", ">")
    urlpatterns.append(path(route, view.as_view(**options)))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(Problem(404), request)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(Problem(400, "The request cannot be understood"), request)


def handler500(request: HttpRequest) -> HttpResponse:
    return answer(Problem(500, "An unexpected error occurred"), request)
