"""Users and their tokens as Konnect's identity API has them. Contract konnect §3.1."""

from kongadmin.access.log import id_of
from kongadmin.access.permissions import ACCOUNT
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.konnect.answers import say_time
from kongadmin.dialects.konnect.problems import Problem
from kongadmin.dialects.konnect.routes import register
from kongadmin.dialects.konnect.views import KonnectView


def say_user(user) -> dict:
    """Return a user; Django does not note when one was changed."""
    return {
        "id": str(id_of(user.pk)),
        "email": user.email,
        "full_name": user.get_full_name() or user.get_username(),
        "preferred_name": user.get_username(),
        "active": user.is_active,
        "created_at": say_time(user.date_joined),
        "updated_at": say_time(user.date_joined),
    }


class AccountView(KonnectView):
    """What somebody does with what is their own."""

    entity_type = ACCOUNT

    @property
    def account(self):
        """The user who calls; 401 where nobody in particular does."""
        if self.request.auth is None:
            raise Problem(401)
        return self.request.auth.user


class Me(AccountView):
    """/v3/users/me: whose token this is."""

    def get(self, request, **kwargs) -> Answer:
        return Answer(say_user(self.account))


def register_users() -> None:
    register("v3/users/me", Me)
