"""What every answer of the façade has in common."""

from collections.abc import Callable
from secrets import token_hex

from django.http import HttpRequest, HttpResponse

from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.admin_api.middleware import (
    finish,
    read_arguments,
    refuse_strangers,
    traffic,
)
from kongadmin.dialects.kubernetes import failures
from kongadmin.dialects.kubernetes.views import Answer


class Conventions:
    """Refuses what no route should see, and finishes every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = token_hex(16)
        try:
            refuse_strangers(request)
            request.arguments = read_arguments(request)
            with traffic.request():
                response = self.get_response(request)
        except Refusal as refusal:
            response = Answer(*failures.told(refusal))
        return response if response.streaming else finish(request, response)
