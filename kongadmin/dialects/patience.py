"""What the views of all dialects share: writers that meet try again, by themselves."""

import random
import time

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from kongadmin import outages

# How long to wait before each further attempt, and when not to make another.
PAUSES = (0.01, 0.03, 0.1, 0.3)
PATIENCE_SECONDS = 5


class PatientView(APIView):
    """A view that begins again when what it wrote lost to what another wrote.

    What a view writes is one transaction: one that lost to another wrote nothing.
    """

    permission_classes = []
    default_response_headers = {}  # the dialects' middleware knows them

    def initialize_request(self, request, *args, **kwargs) -> HttpRequest:
        """Return Django's own request: the dialects read bodies by themselves."""
        return request

    def identify(self, request) -> None:
        """Find out who is calling, as `request.user`; refuse who is nobody."""
        [authenticator] = self.get_authenticators()
        request.user, request.auth = authenticator.authenticate(request)

    def dispatch(self, request, *args, **kwargs) -> HttpResponse:
        # A transaction around the request is a test's; it cannot be begun again.
        self.pauses = [] if connection.in_atomic_block else [*PAUSES]
        self.give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return super().dispatch(request, *args, **kwargs)
            except DatabaseError:
                time.sleep(self.pauses.pop(0) * (1 + random.random()))  # noqa: S311

    def handle_exception(self, exc: Exception) -> HttpResponse:
        """Answer what went wrong, or let `dispatch` begin again."""
        is_in_time = self.pauses and time.monotonic() < self.give_up_at
        if is_in_time and outages.is_contended(exc):
            raise exc
        return super().handle_exception(exc)

    def options(self, request, *args, **kwargs) -> HttpResponse:
        """Answer a preflight as Kong does; no token travels with one."""
        methods = ", ".join(sorted(self.allowed_methods))
        asked = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
        headers = {
            "Allow": methods,
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": asked or "Content-Type",
        }
        return HttpResponse(status=204, headers=headers)

    def finalize_response(self, request, response, *args, **kwargs) -> HttpResponse:
        """Every answer is JSON and whole already: there is nothing to negotiate."""
        return response
