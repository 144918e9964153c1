"""The Admin API, for the tests that speak to it."""

import pytest

from clients import Client


@pytest.fixture
def api(db) -> Client:
    """The Admin API with RBAC off, as `make run` starts it."""
    from kongadmin.listeners import admin
    from realms.models import forget

    forget()  # control planes of a test that was rolled back
    return Client(admin)
