"""How large a request may be."""

import pytest

from factories import make_plugin
from judging import outcome, plugin
from kongadmin.gateway.request import LARGEST_BODY

FINE = (200, "")
MESSAGE = "Request size limit exceeded"


def asked(length: int | str | None, body: bytes = b"", expect: str = "", **config):
    given = {} if length is None else {"CONTENT_LENGTH": str(length)}
    return outcome(
        plugin("request-size-limiting", **config),
        method="POST",
        headers={"Expect": expect} if expect else {},
        body=body,
        **given,
    )


@pytest.mark.parametrize(
    ("unit", "most"), [("bytes", 5), ("kilobytes", 5 * 2**10), ("megabytes", 5 * 2**20)]
)
def test_the_length_counts_in_the_plugins_unit(unit, most):
    config = {"allowed_payload_size": 5, "size_unit": unit}

    assert asked(most, **config) == FINE
    assert asked(most + 1, **config) == (413, MESSAGE)


def test_a_client_that_asks_first_is_told_not_to_send():
    assert asked(2**40, expect="100-Continue") == (417, MESSAGE)


def test_a_body_without_a_length_is_measured():
    small = {"allowed_payload_size": 5, "size_unit": "bytes"}

    assert asked(None, b"12345", **small) == FINE
    assert asked("", b"123456", **small) == (413, MESSAGE)


def test_a_length_may_be_required():
    needed = (411, "A valid Content-Length header is required")

    assert asked(None, require_content_length=True) == needed
    assert asked("x", require_content_length=True) == needed
    assert asked(0, require_content_length=True) == FINE


def test_a_body_that_is_cut_off_is_seen_to_be_too_long(gateway):
    make_plugin("request-size-limiting", allowed_payload_size=1)

    assert gateway(method="POST", body=b"x" * LARGEST_BODY).status == 200
    assert gateway(method="POST", body=b"x" * (LARGEST_BODY + 1)).status == 413
