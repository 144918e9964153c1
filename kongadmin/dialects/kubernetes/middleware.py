"""What every answer of the façade has in common."""

from django.http import HttpRequest, HttpResponse

from kongadmin.dialects import conventions
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.kubernetes import failures
from kongadmin.dialects.kubernetes.views import Answer


class Conventions(conventions.Conventions):
    def refused(self, refusal: Refusal, request: HttpRequest) -> HttpResponse:
        return Answer(*failures.told(refusal))
