"""Clients of the Admin API. Django is only there once a fixture runs."""

from collections.abc import Callable

import pytest

from clients import Client


@pytest.fixture
def api(db) -> Client:
    """The Admin API with RBAC off, as `make run` starts it."""
    from kongadmin.listeners import admin
    from realms.models import forget

    forget()  # control planes of a test that was rolled back
    return Client(admin)


@pytest.fixture
def client_of(api: Client, settings) -> Callable[..., Client]:
    """Makes clients of an Admin API with RBAC on, each with a token of its own user."""
    from django.contrib.auth import get_user_model

    from kongadmin.access.models import APIToken

    settings.ENFORCE_RBAC = True

    def make(username: str = "kong_admin", is_superuser: bool = True) -> Client:
        user = get_user_model().objects.create_user(
            username, is_superuser=is_superuser, is_staff=is_superuser
        )
        _, text = APIToken.issue(user, "test")
        return Client(api.application, {"Kong-Admin-Token": text})

    return make
