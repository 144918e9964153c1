"""Requests that are described: in JSON, or as the curl command that would send them."""

import pytest

from kongadmin.entities import Violation
from kongadmin.explain import curl
from kongadmin.explain.described import read, request_of
from kongadmin.gateway.plugins import Instance
from kongadmin.gateway.plugins.key_auth import KeyAuth


def test_a_description_becomes_the_request_a_server_would_hand_over() -> None:
    sent = {"method": "PUT", "uri": "/x?y=1", "headers": {"apikey": ["a", "b"]}}

    request = request_of(read(sent), peer="192.0.2.1")

    assert (request.method, request.target, request.query) == ("PUT", "/x?y=1", "y=1")
    assert request.headers["HTTP_APIKEY"] == "a,b"
    assert request.client_ip == "192.0.2.1"


@pytest.mark.parametrize(
    ("name", "sent", "found"),
    [
        ("x_key", "x-key", True),
        ("x_key", "X_Key", True),
        ("x-key", "x_key", False),
        ("x-key", "X-Key", True),
    ],
)
def test_a_key_name_with_an_underscore_matches_a_hyphen_and_not_the_reverse(
    name: str, sent: str, found: bool
) -> None:
    described = read({"uri": "/", "headers": {sent: "k"}})
    plugin = KeyAuth(Instance("key-auth", {"key_names": [name]}))

    _, key, _ = plugin.find(request_of(described, peer=""))

    assert bool(key) is found


def test_text_that_is_not_ascii_is_sent_as_its_bytes() -> None:
    sent = {"uri": "/straße", "headers": {"x-name": "Jürgen"}, "body": "ö"}

    request = request_of(read(sent), peer="")

    assert request.target == "/stra%C3%9Fe"
    assert request.headers["HTTP_X_NAME"] == "Jürgen".encode().decode("latin-1")
    assert (request.body, request.headers["CONTENT_LENGTH"]) == ("ö".encode(), "2")


def test_a_whole_url_also_names_the_host() -> None:
    request = request_of(read({"uri": "http://api.example.test:8000/x?a=b"}), peer="")

    assert request.target == "/x?a=b"
    assert request.headers["HTTP_HOST"] == "api.example.test:8000"


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, {"uri": "required field missing"}),
        ({"uri": "x"}, {"uri": "should start with: /"}),
        ({"uri": "/", "method": "GET /"}, {"method": "must be the name of a method"}),
        ({"uri": "/", "headers": []}, {"headers": "expected a map"}),
        ({"uri": "/", "headers": {"a": 1}}, {"headers": "expected an array"}),
        (
            {"uri": "/", "client_ip": "me"},
            {"client_ip": "invalid ip or cidr range: 'me'"},
        ),
        ({"uri": "/", "colour": "red"}, {"colour": "unknown field"}),
        ({"curl": 1}, {"curl": "expected a string"}),
        ({"curl": "curl 'x"}, {"curl": "a quote is not closed"}),
        ({"curl": "curl"}, {"curl": "there must be exactly one URL"}),
    ],
)
def test_a_wrong_description_is_refused(sent: dict, wrong: dict) -> None:
    with pytest.raises(Violation) as raised:
        read(sent)

    assert raised.value.fields == wrong


ANY = {"Accept": ["*/*"], "User-Agent": ["curl"]}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("curl http://h/x", {"uri": "http://h/x", "headers": ANY}),
        ("curl h:8000/x", {"uri": "http://h:8000/x"}),
        (
            "$ curl \\\n  -H 'apikey: k' \\\n  http://h/",
            {"headers": ANY | {"apikey": ["k"]}},
        ),
        ("curl -sSH apikey:k http://h/", {"headers": ANY | {"apikey": ["k"]}}),
        ("curl -H 'a: 1' -H 'A: 2' http://h", {"headers": ANY | {"a": ["1", "2"]}}),
        ("curl -H 'apikey;' http://h", {"headers": ANY | {"apikey": [""]}}),
        ("curl -H Accept: http://h", {"headers": {"User-Agent": ["curl"]}}),
        ("curl -XDELETE http://h", {"method": "DELETE"}),
        ("curl -I http://h", {"method": "HEAD"}),
        ("curl --request PUT --url http://h", {"method": "PUT"}),
        ("curl -d a=1 -d b=2 http://h", {"method": "POST", "body": "a=1&b=2"}),
        ("curl --data-urlencode 'a=b c' http://h", {"body": "a=b+c"}),
        ("curl -G -d a=1 http://h/x", {"method": "GET", "uri": "http://h/x?a=1"}),
        ("curl --json '{}' http://h", {"method": "POST", "body": "{}"}),
        ("curl --compressed -o /dev/null -k http://h", {"method": "GET"}),
    ],
)
def test_a_curl_command_is_read_as_curl_does(command: str, expected: dict) -> None:
    described = curl.read(command)

    assert described | expected == described


def test_a_name_and_password_become_basic_authentication() -> None:
    headers = curl.read("curl -u alex:secret http://h")["headers"]

    assert headers["Authorization"] == ["Basic YWxleDpzZWNyZXQ="]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("curl -d @file http://h", "a body from a file"),
        ("curl --wibble http://h", "--wibble"),
        ("curl http://a http://b", "exactly one URL"),
        ("curl -H", "expected one argument"),
        ("x" * 200_000, "too long"),
    ],
)
def test_what_cannot_be_read_is_said(command: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        curl.read(command)
