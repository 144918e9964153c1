"""A route of Konnect's APIs: who may use it, in which region, in JSON."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse

from kongadmin import changes
from kongadmin.access.permissions import READ, WRITE, may
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.konnect import bodies, errors, paging
from kongadmin.dialects.konnect.access import BearerAuthentication
from kongadmin.dialects.konnect.problems import Problem
from kongadmin.dialects.konnect.regions import region_of
from kongadmin.dialects.patience import PatientView
from kongadmin.entities import UUID_TEXT, etag_of

READING = ("GET", "HEAD")


class KonnectView(PatientView):
    """The base of every view: token, method, right and place come before the body.

    `entity_type` names what the route is about, for `may`; `find_parents` looks up
    what the path names above it.
    """

    authentication_classes = [BearerAuthentication]
    entity_type: str

    def get_exception_handler(self):
        return errors.handle

    def dispatch(self, request, *args, **kwargs) -> HttpResponse:
        with changes.acting("unknown", "konnect", request.request_id):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request, *args, **kwargs) -> None:
        if request.method == "OPTIONS":
            return
        self.identify(request)
        changes.identify(str(request.user))
        if request.method not in self.allowed_methods and request.method != "HEAD":
            self.http_method_not_allowed(request)
        self.region = region_of(request)
        self.check_right(**kwargs)
        self.find_parents(**kwargs)

    def check_right(self, **kwargs) -> None:
        """Refuse who may not do that at all; before anything is looked up."""
        if not self.may(READ if self.request.method in READING else WRITE):
            raise PermissionDenied

    def find_parents(self, **kwargs) -> None:
        """Look up what the path names above the view's own; Http404 if it is gone."""

    def may(self, verb: str, scope=None) -> bool:
        return may(self.request.user, verb, self.entity_type, scope)

    def read_object(self) -> dict:
        return bodies.read_object(self.request)

    def page(self, rows, say) -> Answer:
        """Return a page of `rows`, each as `say` puts it."""
        page = paging.read_page(self.request.arguments)
        found, cursors = paging.fetch(rows, page)
        data = [say(row) for row in found]
        return Answer(paging.answer(data, cursors, page, self.request))

    def check_version(self, row: Any) -> None:
        """Refuse to change what the client has not seen (RFC 9110 §13.1.1)."""
        wanted = self.request.META.get("HTTP_IF_MATCH")
        if wanted is None:
            return
        tags = [tag.strip() for tag in wanted.split(",")]
        if "*" not in tags and etag(row) not in tags:
            raise Problem(412, "It has changed since it was read")


def etag(row: Any) -> str:
    return etag_of({"updated_at": row.updated_at})


def one(row: Any, data: dict, status: int = 200) -> Answer:
    """Return the answer about one row, with its version."""
    return Answer(data, status, {"ETag": etag(row)})


def read_id(text: str) -> UUID:
    """Return the id in a path; Http404 where no id can be that."""
    if not UUID_TEXT.fullmatch(text):
        raise Http404
    return UUID(text)
