"""What is answered in place of the service."""

import json

import pytest

from factories import make_control_plane, make_plugin
from judging import judged, plugin


def answer(**config) -> tuple[int, str, bytes]:
    refusal = judged(plugin("request-termination", **config)).refusal
    return refusal.status, refusal.content_type, refusal.body


JSON = "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, (503, JSON, b'{"message":"Service unavailable"}')),
        ({"status_code": 404}, (404, JSON, b'{"message":"Not found"}')),
        ({"message": 'So "long"'}, (503, JSON, b'{"message":"So \\"long\\""}')),
        ({"status_code": 418}, (418, "", b"")),
        ({"body": "[]", "status_code": 200}, (200, JSON, b"[]")),
        ({"body": "<p>", "content_type": "text/html"}, (503, "text/html", b"<p>")),
    ],
)
def test_the_answer_is_as_configured(config, expected):
    assert answer(**config) == expected


def test_with_a_trigger_only_requests_that_have_it_end_here():
    triggered = plugin("request-termination", trigger="x-stop")

    assert judged(triggered).status == 200
    assert judged(triggered, headers={"X-Stop": ""}).status == 503
    assert judged(triggered, target="/?x-stop").status == 503


def test_the_request_can_be_sent_back():
    echoing = plugin("request-termination", echo=True, status_code=400, message="m")

    refusal = judged(
        echoing,
        target="/a%20b?x=1&y",
        method="POST",
        headers={"Host": "example.com:8000", "Content-Type": "application/json"},
        body=b'{"a": [1]}',
    ).refusal
    told = json.loads(refusal.body)

    assert (refusal.status, told["message"]) == (400, "m")
    assert told["request"] == {
        "scheme": "http",
        "host": "example.com",
        "port": 8000,
        "headers": {"host": "example.com:8000", "content-type": "application/json"},
        "query": {"x": "1", "y": True},
        "body": {"a": [1]},
        "raw_body": '{"a": [1]}',
        "method": "POST",
        "path": "/a%20b",
    }


def test_a_client_gets_the_answer(gateway):
    make_plugin("request-termination", status_code=200, body="Hello")

    answer = gateway()

    assert (answer.status, answer.body) == (200, b"Hello")


def test_no_proxy_takes_the_answer_for_a_leave_to_pass(gateway):
    plane = make_control_plane()
    make_plugin("request-termination", plane, status_code=200, body="Hello")

    answer = gateway(f"/dataplane/v1/{plane.name}/auth/envoy/x")

    assert answer.status == 403
    assert answer.headers["X-Auth-Decision"] == "deny"
    assert answer.headers["X-Auth-Status"] == "200"


@pytest.mark.parametrize("host", ["", "a:x", "a:" + "9" * 5000])
def test_a_host_that_is_none_is_no_fault(host):
    refusal = judged(
        plugin("request-termination", echo=True), headers={"Host": host}
    ).refusal

    assert json.loads(refusal.body)["request"]["port"] is None
