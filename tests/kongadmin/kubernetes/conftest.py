from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def kubectl_was_here() -> Iterator[None]:
    """Nothing a test does is committed, so that there are objects has to be said."""
    from kongadmin.dialects.kubernetes.reconcile_triggers import known

    known.get("any")
    known.set("any", True)
    yield
    known.set("any", False)
