"""What every answer of Konnect's APIs has in common."""

from django.http import HttpRequest, HttpResponse

from kongadmin.dialects import conventions
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.konnect.errors import problem_of
from kongadmin.dialects.konnect.problems import answer


class Conventions(conventions.Conventions):
    def refused(self, refusal: Refusal, request: HttpRequest) -> HttpResponse:
        return answer(problem_of(refusal), request)
