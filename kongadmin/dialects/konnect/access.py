"""Who is calling: a token as `Authorization: Bearer`. Contract konnect §3.1."""

from django.conf import settings
from rest_framework.authentication import BaseAuthentication

from kongadmin.access.models import APIToken
from kongadmin.access.permissions import Bearer, Everyone
from kongadmin.dialects.admin_api.access import bearer, refuse
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.konnect.problems import Problem
from kongadmin.peers import client_address


class BearerAuthentication(BaseAuthentication):
    """A Bearer token; without RBAC none is needed, but a wrong one is refused."""

    def authenticate(self, request):
        text, address = bearer(request), client_address(request.META)
        if not text and not settings.ENFORCE_RBAC:
            return Everyone(), None
        token = APIToken.objects.opened_by(text, address) if text else None
        if token is None:
            refuse_guess(address, counted=bool(text))
        token.touch()
        return Bearer(token), token


def refuse_guess(address: str, counted: bool) -> None:
    """Answer 401, or 429 to an address that has guessed too often."""
    try:
        refuse(address, counted)
    except Refusal as refusal:
        if refusal.status == 401:
            raise Problem(401) from None
        raise
