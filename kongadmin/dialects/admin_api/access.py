"""Who is calling the Admin API: a token in Kong's header, or a Bearer token."""

from django.conf import settings
from rest_framework.authentication import BaseAuthentication

from kongadmin.access.models import APIToken
from kongadmin.access.permissions import Bearer, Everyone
from kongadmin.access.throttle import note_failure, wait_for
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.peers import client_address

THROTTLED_AS = "api token"


class TokenAuthentication(BaseAuthentication):
    """Kong's RBAC token; without RBAC everyone who reaches the listener may all.

    Other dialects read tokens from elsewhere, and word what they refuse otherwise.
    """

    is_checked_without_rbac = False

    def authenticate(self, request):
        text = self.read(request)
        if not settings.ENFORCE_RBAC and not (text and self.is_checked_without_rbac):
            return Everyone(), None
        address = client_address(request.META)
        token = APIToken.objects.opened_by(text, address) if text else None
        if token is None:
            self.refuse(address, counted=bool(text))
        token.touch()
        return Bearer(token), token

    def read(self, request) -> str:
        """Return the token that a request brings, "" if it brings none."""
        return request.META.get("HTTP_KONG_ADMIN_TOKEN") or bearer(request)

    def refuse(self, address: str, counted: bool) -> None:
        """Answer 401, or 429 to an address that has guessed too often."""
        refuse(address, counted)


def bearer(request) -> str:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def refuse(address: str, counted: bool) -> None:
    """Answer 401, or 429 to an address that has guessed too often."""
    wait = wait_for(THROTTLED_AS, address)
    if wait:
        seconds = int(wait.total_seconds())
        raise Refusal.plain(429, f"too many invalid tokens; try again in {seconds} s")
    if counted:
        note_failure(THROTTLED_AS, address)
    raise Refusal.plain(401, "Invalid RBAC credentials")
