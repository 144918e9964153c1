"""Who is calling: a token as `Authorization: Bearer`. Contract konnect §3.1."""

from kongadmin.dialects.admin_api.access import TokenAuthentication, bearer
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.konnect.problems import Problem


class BearerAuthentication(TokenAuthentication):
    """A Bearer token; without RBAC none is needed, but a wrong one is refused."""

    is_checked_without_rbac = True

    def read(self, request) -> str:
        return bearer(request)

    def refuse(self, address: str, counted: bool) -> None:
        try:
            super().refuse(address, counted)
        except Refusal as refusal:
            if refusal.status == 401:
                raise Problem(401) from None
            raise
