"""Who is calling, and what they may: a token as Bearer or as Basic's password.

Over plain http kubectl sends no Bearer token, so there a token travels in the address
of the server, and arrives as the password of whoever.
"""

import base64
import binascii

from kongadmin.access.permissions import may
from kongadmin.dialects.admin_api import access
from kongadmin.dialects.admin_api.access import bearer
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.kubernetes.calls import Call
from kongadmin.dialects.kubernetes.errors import Failure, forbidden, unauthorized
from kongadmin.dialects.kubernetes.kinds import Kind

READING = frozenset({"get", "list", "watch"})


class TokenAuthentication(access.TokenAuthentication):
    """A token; without RBAC none is needed, but a wrong one is refused."""

    is_checked_without_rbac = True

    def read(self, request) -> str:
        return bearer(request) or password(request)

    def refuse(self, address: str, counted: bool) -> None:
        try:
            super().refuse(address, counted)
        except Refusal as refusal:
            if refusal.status == 401:
                raise unauthorized() from None
            message = refusal.body["message"]
            raise Failure(429, "TooManyRequests", message) from None


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
