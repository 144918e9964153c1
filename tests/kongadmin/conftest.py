"""Clients of the Admin API. Django is only there once a fixture runs."""

from collections.abc import Callable

import pytest

from clients import Client


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Forget what users of earlier tests were given; their numbers come again."""
    from kongadmin.access.permissions import forget

    forget()


@pytest.fixture
def client_of(api: Client, settings) -> Callable[..., Client]:
    """Makes clients of an Admin API with RBAC on, each with a token of its own user."""
    from factories import make_token, make_user

    settings.ENFORCE_RBAC = True

    def make(
        username: str = "kong_admin", role: str = "super-admin", scope=None
    ) -> Client:
        token = make_token(make_user(username, role, scope))
        return Client(api.application, {"Kong-Admin-Token": token})

    return make


@pytest.fixture
def as_role(api: Client, settings) -> Callable[..., Client]:
    """Makes clients of Konnect's APIs with RBAC on, each of a user of its own."""
    from factories import make_token, make_user

    settings.ENFORCE_RBAC = True

    def make(role: str, scope=None) -> Client:
        token = make_token(make_user("", role, scope))
        return Client(api.application, {"Authorization": f"Bearer {token}"})

    return make


@pytest.fixture
def prod(db):
    """A realm with nobody in it."""
    from factories import make_realm

    return make_realm(name="prod")
