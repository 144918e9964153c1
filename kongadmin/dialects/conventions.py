"""What every answer of a dialect beside the Admin API has in common."""

from abc import ABC, abstractmethod
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


class Conventions(ABC):
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
            response = self.refused(refusal, request)
        return response if response.streaming else finish(request, response)

    @abstractmethod
    def refused(self, refusal: Refusal, request: HttpRequest) -> HttpResponse:
        """Return the answer that says in the dialect's own words what was refused."""
