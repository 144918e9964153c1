"""The URLconf of the façade."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from kongadmin.dialects.kubernetes import reviews, views
from kongadmin.dialects.kubernetes.errors import Failure, no_such_path

GROUP = r"^apis/(?P<group>[^/]+)/(?P<version>[^/]+)"
CORE = r"^api/(?P<version>[^/]+)"
WITHIN = r"/(?:namespaces/(?P<namespace>[^/]+)/)?(?P<plural>[^/]+)"
NAME = r"/(?P<name>[^/]+)(?:/(?P<subresource>status))?$"
# Not that a namespace had a kind called status.
NAMESPACE = r"^api/(?P<version>v1)/(?P<plural>namespaces)/(?P<name>[^/]+)"

urlpatterns = [
    path("version", views.Version.as_view()),
    path("api", views.Groups.as_view(is_core=True)),
    path("apis", views.Groups.as_view()),
    path("openapi/v2", views.OpenAPIv2.as_view()),
    path("openapi/v3", views.OpenAPI.as_view()),
    path("openapi/v3/<path:place>", views.OpenAPI.as_view()),
    *(
        path(f"apis/{place}", views.Review.as_view(answer=answer))
        for place, answer in reviews.REVIEWS.items()
    ),
    path("api/v1/events", views.Events.as_view()),
    path("api/v1/namespaces/<namespace>/events", views.Events.as_view()),
    path("api/<version>", views.Resources.as_view()),
    path("apis/<group>", views.Group.as_view()),
    path("apis/<group>/<version>", views.Resources.as_view()),
    re_path(f"{NAMESPACE}/(?P<subresource>status)$", views.One.as_view()),
    re_path(f"{CORE}{WITHIN}$", views.Collection.as_view()),
    re_path(f"{GROUP}{WITHIN}$", views.Collection.as_view()),
    re_path(f"{CORE}{WITHIN}{NAME}", views.One.as_view()),
    re_path(f"{GROUP}{WITHIN}{NAME}", views.One.as_view()),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return views.refusal(no_such_path())


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    message = "the request cannot be understood"
    return views.refusal(Failure(400, "BadRequest", message))


def handler500(request: HttpRequest) -> HttpResponse:
    message = "An unexpected error occurred"
    return views.refusal(Failure(500, "InternalError", message))
