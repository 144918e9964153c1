"""How a request gets an id."""

import re

import pytest

from factories import make_plugin
from judging import judged, plugin

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
WHERE = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000"}


def given_id(**config) -> str:
    decision = judged(plugin("correlation-id", **config), **WHERE)
    [(name, text)] = decision.upstream
    assert name == "Kong-Request-ID"
    assert decision.headers == ()
    return text


@pytest.mark.parametrize(
    ("generator", "form"),
    [
        ("uuid", UUID),
        ("uuid#counter", rf"{UUID}#\d+"),
        ("tracker", r"127\.0\.0\.1-8000-\d+-\d+-1-1700000000\.000"),
    ],
)
def test_each_request_gets_another_id(generator, form):
    first, second = (given_id(generator=generator) for _ in range(2))

    assert re.fullmatch(form, first)
    assert re.fullmatch(form, second)
    assert first != second


def test_requests_of_a_process_are_counted():
    first, second = (given_id().split("#") for _ in range(2))

    assert first[0] == second[0]
    assert int(second[1]) == int(first[1]) + 1


def test_an_id_that_a_request_has_is_kept():
    echoing = plugin("correlation-id", header_name="X-ID", echo_downstream=True)

    decision = judged(echoing, headers={"X-Id": "mine"})

    assert decision.upstream == ()
    assert decision.headers == (("X-ID", "mine"),)


def test_the_client_is_told_the_same_id_even_if_it_is_refused():
    echoing = plugin("correlation-id", echo_downstream=True)

    decision = judged(echoing, plugin("key-auth"))

    assert decision.status == 401
    assert decision.headers == decision.upstream


def test_an_answer_has_the_id_once(gateway):
    make_plugin("correlation-id", echo_downstream=True)

    assert re.fullmatch(rf"{UUID}#\d+", gateway().headers["Kong-Request-ID"])
