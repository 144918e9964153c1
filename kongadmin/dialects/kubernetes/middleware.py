"""What every answer of the façade has in common."""

from django.http import HttpRequest, HttpResponse

from kongadmin.dialects import conventions
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.kubernetes import views


class Conventions(conventions.Conventions):
    def refused(self, refusal: Refusal, request: HttpRequest) -> HttpResponse:
        return views.refusal(refusal)
