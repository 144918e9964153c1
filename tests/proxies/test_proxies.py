"""What a client and the upstream service meet, whichever proxy is between them."""

import http.client
import json
from dataclasses import dataclass, field
from itertools import chain, product
from urllib.parse import urlsplit

import pytest

from servers import Answer

pytestmark = pytest.mark.one_database

JSON = "application/json; charset=utf-8"
KEY = {"apikey": "the-key-of-carl"}


def spellings() -> list[str]:
    """Return what a service behind WSGI or CGI takes for the names of identity."""
    return [
        "".join(chain.from_iterable(zip(words, (*marks, ""), strict=True)))
        for words in (name.split("-") for name in IDENTITY)
        for marks in product("-_", repeat=len(words) - 1)
        if "_" in marks
    ]


IDENTITY = """
    X-Consumer-ID X-Consumer-Custom-ID X-Consumer-Username X-Credential-Identifier
    X-Anonymous-Consumer X-Consumer-Groups X-Authenticated-Groups
""".split()
SPOOFED = dict.fromkeys(IDENTITY, "spoofed")
# What a service behind WSGI or CGI takes for the same names.
SPELT_OTHERWISE = dict.fromkeys(spellings(), "spoofed")
# Proxies may leave behind what Connection names (RFC 9110 §7.6.1), but not these.
LEFT_BEHIND = {"Connection": f"keep-alive, {', '.join(IDENTITY)}"}
OTHER_REQUEST = {
    "X-Forwarded-Uri": "/x?apikey=the-key-of-carl",
    "X-Original-URI": "/x?apikey=the-key-of-carl",
    "X-Forwarded-Method": "OPTIONS",
    "X-Original-Method": "OPTIONS",
}


@dataclass(frozen=True)
class Sent:
    """A request of a client."""

    method: str = "GET"
    target: str = "/"
    headers: dict = field(default_factory=dict)
    body: bytes | list[bytes] | None = None


ALLOWED = {
    "a key in a header": Sent(headers=KEY),
    "a key in the query": Sent(target="/a%20b/c?x=1&apikey=the-key-of-carl&y=%2F"),
    "a key, and the names of somebody else": Sent(headers=KEY | SPOOFED),
    "the same, spelt otherwise": Sent(headers=KEY | SPELT_OTHERWISE),
    "a key, and names to be left behind": Sent(headers=KEY | LEFT_BEHIND),
    "a form": Sent("POST", "/form", KEY, b"a=1&b=2"),
    "a body in chunks": Sent("PUT", "/chunks", KEY, [b"a=1", b"&", b"b=2"]),
    "another verb": Sent("DELETE", "/it", KEY),
    "only the head": Sent("HEAD", "/", KEY),
}
REFUSED = {
    "no key": (Sent(), "No API key found in request"),
    "no key, only the head": (Sent("HEAD"), None),
    "no key, a form": (Sent("POST", body=b"a=1"), "No API key found in request"),
    "no key, headers about another request": (
        Sent(headers=OTHER_REQUEST),
        "No API key found in request",
    ),
    "a wrong key": (Sent(headers={"apikey": "wrong"}), "Unauthorized"),
    "a wrong key in the query": (Sent(target="/?apikey=wrong"), "Unauthorized"),
}


def send(url: str, sent: Sent) -> Answer:
    """Send a request to a proxy as it stands, and return the answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        chunked = isinstance(sent.body, list)
        headers = {"Transfer-Encoding": "chunked"} if chunked else {}
        connection.request(
            sent.method,
            sent.target,
            sent.body,
            sent.headers | headers,
            encode_chunked=chunked,
        )
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def test_whom_the_authorizer_knows_the_upstream_service_meets(front, subtests):
    for what, sent in ALLOWED.items():
        with subtests.test(what):
            answer = send(front, sent)

            assert answer.status == 200, answer.text
            assert answer.headers["X-Upstream"] == sent.method
            if sent.method != "HEAD":
                met = answer.json()
                assert met["target"] == sent.target
                assert met["body"] == b"".join(as_list(sent.body)).decode()
                assert identity_in(met["headers"]) == "carl"


def test_whom_it_does_not_know_the_proxy_refuses_in_its_words(front, subtests):
    for what, (sent, message) in REFUSED.items():
        with subtests.test(what):
            answer = send(front, sent)

            assert answer.status == 401
            assert answer.headers.get_all("WWW-Authenticate") == ["Key"]
            assert answer.headers.get_all("Content-Type") == [JSON]
            assert "X-Upstream" not in answer.headers
            if sent.method != "HEAD":
                assert answer.json()["message"] == message
                assert len(answer.json()["request_id"]) == 32


def test_a_refusal_comes_in_the_type_that_the_client_prefers(front):
    answer = send(front, Sent(headers={"Accept": "text/html"}))

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "No API key found in request." in answer.text


def test_who_has_asked_too_often_is_told_when_to_come_again(front, spent):
    answer = send(front, Sent(headers=spent))

    assert answer.status == 429
    assert answer.json()["message"] == "API rate limit exceeded"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["RateLimit-Limit"] == "1"
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert "X-Upstream" not in answer.headers


def test_who_may_not_is_refused_without_a_challenge(front, strangers_only):
    answer = send(front, Sent(headers=KEY))

    assert answer.status == 403
    assert answer.json()["message"] == "You cannot consume this service"
    assert "WWW-Authenticate" not in answer.headers
    assert "X-Upstream" not in answer.headers


@pytest.mark.parametrize("name", ["haproxy", "apache"])
def test_a_hidden_key_does_not_reach_the_upstream_service(front_of, hidden, name):
    answer = send(front_of(name), Sent(headers=KEY))

    assert identity_in(answer.json()["headers"]) == "carl"
    assert "apikey" not in answer.json()["headers"]


def test_what_no_plugin_asks_about_passes_without_a_name(front):
    answer = send(front, Sent("OPTIONS", "/x", SPOOFED | SPELT_OTHERWISE))

    assert answer.status == 200
    assert identity_in(answer.json()["headers"]) is None


def test_while_the_authorizer_is_away_nobody_passes(
    front_of, authorizer, running_fronts, subtests
):
    fronts = {name: front_of(name) for name in running_fronts}
    authorizer.stop()

    for name, front in fronts.items():
        with subtests.test(name):
            answer = send(front, Sent(headers=KEY))
            assert answer.status in (500, 502, 503)
            assert "X-Upstream" not in answer.headers

    authorizer.start()
    for name, front in fronts.items():
        with subtests.test(f"{name}, when it is back"):
            assert send(front, Sent(headers=KEY)).status == 200


def as_list(body: bytes | list[bytes] | None) -> list[bytes]:
    return body if isinstance(body, list) else [body or b""]


def identity_in(headers: dict[str, list[str]]) -> str | None:
    """Return the username that the upstream service was told, and nothing else of it.

    Fails if it was told what the authorizer did not say.
    """
    told = {name: values for name, values in headers.items() if any(values)}
    assert "spoofed" not in json.dumps(told)
    names = {name.lower() for name in IDENTITY} & set(told)
    if not names:
        return None
    assert names == {
        "x-consumer-id",
        "x-consumer-username",
        "x-credential-identifier",
    }
    [username] = told["x-consumer-username"]
    return username
