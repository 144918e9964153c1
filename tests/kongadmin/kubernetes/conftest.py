"""A client of the Kubernetes façade."""

from collections.abc import Callable, Iterator

import pytest

from clients import Client
from manifests import path_of


@pytest.fixture(autouse=True)
def kubectl_was_here() -> Iterator[None]:
    """Nothing a test does is committed, so that there are objects has to be said."""
    from kongadmin.dialects.kubernetes.reconcile_triggers import known

    known.get("any")
    known.set("any", True)
    yield
    known.set("any", False)


@pytest.fixture
def kube(db) -> Client:
    """The façade with RBAC off, as `make run` starts it."""
    from kongadmin.listeners import admin
    from realms.models import forget

    forget()  # control planes of a test that was rolled back
    return Client(admin, {"User-Agent": "kubectl/v1.32.4 (linux/amd64)"})


@pytest.fixture
def made(kube: Client) -> Callable[[dict], dict]:
    """Create an object from its manifest; return it as it is answered."""

    def make(manifest: dict) -> dict:
        answer = kube.post(path_of(manifest), json=manifest)
        assert answer.status == 201, answer.text
        return answer.json()

    return make
