"""The URLconf of the admin listener: every registered route; where Kong Enterprise is
advertised, also with a workspace before it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, ResolverMatch, include, path

from kongadmin.dialects.admin_api import errors, node
from kongadmin.dialects.admin_api.middleware import plain
from kongadmin.dialects.admin_api.registry import ROUTES, Route


class Table:
    """Routes as one entry of a URLconf; the first one that fits wins.

    Only those are tried that begin and end alike and have as many segments: Django's
    own patterns, tried one after the other, would cost more than the rest of a look-up.
    """

    pattern = ""  # what Django shows of an entry

    def __init__(self, routes: list[Route]) -> None:
        self.shapes: dict[tuple[str, int, str], list[Route]] = {}
        self.ends = {route.segments[-1][0] for route in routes}
        for route in routes:
            (begin, _), (end, _) = route.segments[0], route.segments[-1]
            for each in [end] if end else self.ends:
                shape = begin, len(route.segments), each
                self.shapes.setdefault(shape, []).append(route)

    def resolve(self, path: str) -> ResolverMatch:
        segments = path.split("/")
        end = segments[-1] if segments[-1] in self.ends else ""
        for route in self.shapes.get((segments[0], len(segments), end), ()):
            given = route.match(segments)
            if given is not None:
                more = {"route": route.template, "extra_kwargs": {}}
                return ResolverMatch(route.serve, (), given, **more)
        raise Resolver404({"path": path})


table = Table([*ROUTES, *node.ROUTES])

urlpatterns = [table, *(route.pattern for route in node.ROOT)]
if settings.IS_ENTERPRISE:
    urlpatterns.append(path("<segment:workspace>/", include([table])))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain(errors.NOT_FOUND, 404)


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain({"message": "Bad request"}, 400)


def handler500(request: HttpRequest) -> HttpResponse:
    return plain(errors.UNEXPECTED, 500)
