"""Traefik's page where its program is not built: what it would send is sent.

What ForwardAuth does is as in Traefik's pkg/middlewares/auth/forward.go; the program
itself is run by test_proxies, once tests/install-traefik.sh has built it.
"""

import pytest
import yaml

from proxies import fronts
from servers import Answer, Server, ask

pytestmark = pytest.mark.one_database

IDENTITY = """
    X-Consumer-ID X-Consumer-Custom-ID X-Consumer-Username X-Credential-Identifier
    X-Anonymous-Consumer X-Consumer-Groups X-Authenticated-Groups
""".split()


@pytest.fixture(scope="module")
def middlewares() -> dict:
    http = yaml.safe_load(fronts.block("traefik", "yaml"))["http"]
    [router] = http["routers"].values()
    assert router["middlewares"] == ["spellings", "kongadmin"]
    return http["middlewares"]


def forward(
    authorizer: Server, middlewares: dict, method: str, target: str, headers: dict
) -> Answer:
    """Ask as ForwardAuth asks: by GET, with the client's headers and its own."""
    auth = middlewares["kongadmin"]["forwardAuth"]
    assert auth["trustForwardHeader"] is False
    url = auth["address"].replace("http://127.0.0.1:8001", authorizer.admin)
    own = {
        "X-Forwarded-Method": method,
        "X-Forwarded-Uri": target,
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "api.example.com",
        "X-Forwarded-For": "203.0.113.9",
    }
    return ask(url, headers=headers | own)


def test_every_name_of_identity_is_taken_from_the_answer_alone(middlewares):
    taken = middlewares["kongadmin"]["forwardAuth"]["authResponseHeaders"]
    dropped = middlewares["spellings"]["headers"]["customRequestHeaders"]

    assert taken == IDENTITY
    assert set(dropped.values()) == {""}
    assert {name.replace("_", "-") for name in dropped} == set(IDENTITY)


def test_a_known_key_passes_with_its_consumer(authorizer, middlewares):
    by_header = forward(
        authorizer, middlewares, "POST", "/x", {"apikey": "the-key-of-carl"}
    )
    target = "/x?apikey=the-key-of-carl"
    by_query = forward(authorizer, middlewares, "GET", target, {})

    for answer in (by_header, by_query):
        assert answer.status == 200
        assert answer.headers["X-Consumer-Username"] == "carl"
        assert "X-Anonymous-Consumer" not in answer.headers


def test_what_is_refused_is_ready_to_be_handed_on(authorizer, middlewares, spent):
    original = {"X-Original-URI": "/?apikey=the-key-of-carl"}

    stranger = forward(authorizer, middlewares, "GET", "/x", original)
    too_often = forward(authorizer, middlewares, "GET", "/x", spent)

    assert (stranger.status, too_often.status) == (401, 429)
    assert stranger.headers["WWW-Authenticate"] == "Key"
    assert int(too_often.headers["Retry-After"]) > 0
