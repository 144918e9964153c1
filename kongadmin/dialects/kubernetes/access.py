"""Who is calling, and what they may: a token as Bearer or as Basic's password.

Over plain http kubectl sends no Bearer token, so there a token travels in the address
of the server, and arrives as the password of whoever.
"""

import base64
import binascii

from django.conf import settings
from rest_framework.authentication import BaseAuthentication

from kongadmin.access.models import APIToken
from kongadmin.access.permissions import Bearer, Everyone, may
from kongadmin.dialects.admin_api.access import bearer, refuse
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.kubernetes.calls import Call
from kongadmin.dialects.kubernetes.errors import Failure, forbidden, unauthorized
from kongadmin.dialects.kubernetes.kinds import Kind
from kongadmin.peers import client_address

READING = frozenset({"get", "list", "watch"})


class TokenAuthentication(BaseAuthentication):
    """A token; without RBAC none is needed, but a wrong one is refused."""

    def authenticate(self, request):
        text = bearer(request) or password(request)
        address = client_address(request.META)
        if not text and not settings.ENFORCE_RBAC:
            return Everyone(), None
        token = APIToken.objects.opened_by(text, address) if text else None
        if token is None:
            refuse_guess(address, counted=bool(text))
        token.touch()
        return Bearer(token), token


def password(request) -> str:
    """Return the password of Basic credentials, "" where there are none."""
    given = request.META.get("HTTP_AUTHORIZATION", "")
    scheme, _, coded = given.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(coded).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def refuse_guess(address: str, counted: bool) -> None:
    """Answer 401, or 429 to an address that has guessed too often."""
    try:
        refuse(address, counted)
    except Refusal as refusal:
        if refusal.status == 401:
            raise unauthorized() from None
        message = refusal.body["message"]
        raise Failure(429, "TooManyRequests", message) from None


def allows(user, verb: str, kind: Kind) -> bool:
    """Say whether somebody may do that to objects of a kind, wherever they are.

    An object may become part of any control plane, so rights in one are not enough. An
    answer to a write shows the object: who writes must be one who may read.
    """
    needed = [kind.reads] if verb in READING else [kind.reads, kind.writes]
    return all(may(user, *right) for right in needed)


def check(user, verb: str, call: Call) -> None:
    """Refuse who may not do that."""
    if not allows(user, verb, call.kind):
        raise forbidden(call.kind, str(user), verb, call.namespace, call.name)
