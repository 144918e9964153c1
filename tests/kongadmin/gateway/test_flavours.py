"""The endpoint that proxies ask."""

import hmac
import json
from base64 import b64encode

import pytest

from factories import (
    make_consumer,
    make_control_plane,
    make_credential,
    make_key,
    make_plugin,
)
from kongadmin.gateway import wsgi
from kongadmin.gateway.decision import Decision, Refusal
from kongadmin.gateway.flavours import FLAVOURS

FORWARDED = {"X-Forwarded-Method": "POST", "X-Forwarded-Uri": "/x"}
ORIGINAL = {"X-Original-Method": "POST", "X-Original-URI": "/x"}
ASKING = {
    "nginx": ORIGINAL,
    "haproxy": ORIGINAL,
    "apache": ORIGINAL,
    "traefik": FORWARDED,
    "caddy": FORWARDED,
    "envoy": {},
}
EVERY_FLAVOUR = pytest.mark.parametrize("flavour", ASKING)


@pytest.fixture
def plane(gateway):
    return make_control_plane()


@pytest.fixture
def url(plane):
    return f"/dataplane/v1/{plane.name}/auth/"


@pytest.fixture
def carl(plane):
    carl = make_consumer(plane, username="carl")
    make_key(carl, key="k")
    make_plugin("key-auth", plane)
    return carl


@EVERY_FLAVOUR
def test_who_calls_is_told_by_exactly_200(gateway, url, carl, flavour):
    answer = gateway(url + flavour, headers={**ASKING[flavour], "apikey": "k"})

    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers["X-Consumer-ID"] == str(carl.pk)
    assert answer.headers["X-Auth-Decision"] == "allow"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["x-envoy-auth-headers-to-remove"] == (
        "X-Consumer-Custom-ID,X-Anonymous-Consumer,X-Consumer-Groups,"
        "X-Authenticated-Groups"
    )


@EVERY_FLAVOUR
def test_a_refusal_keeps_challenge_and_body(gateway, url, carl, flavour):
    answer = gateway(url + flavour, headers=ASKING[flavour])

    assert answer.status == 401
    assert json.loads(answer.body)["message"] == "No API key found in request"
    assert answer.headers["WWW-Authenticate"] == "Key"
    assert answer.headers["X-Auth-Decision"] == "deny"
    assert answer.headers["X-Auth-Status"] == "401"


def test_the_key_may_be_in_the_original_query_and_not_in_ours(gateway, url, carl):
    original = {**ORIGINAL, "X-Original-URI": "/x?apikey=k"}

    assert gateway(f"{url}nginx", headers=original).status == 200
    assert gateway(f"{url}nginx?apikey=k", headers=ORIGINAL).status == 401
    assert gateway(f"{url}envoy/some/path/?apikey=k", "DELETE").status == 200


@pytest.mark.parametrize(
    ("flavour", "headers"),
    [
        ("nginx", {}),
        ("nginx", FORWARDED),
        ("nginx", {"X-Original-Method": "GET"}),
        ("traefik", {}),
        ("traefik", ORIGINAL),
        ("caddy", {"X-Forwarded-Uri": "/x"}),
        ("haproxy", FORWARDED),
        ("apache", FORWARDED),
    ],
)
def test_what_the_proxy_does_not_say_is_not_guessed(
    gateway, url, carl, caplog, flavour, headers
):
    answer = gateway(url + flavour, headers={**headers, "apikey": "k"})

    assert answer.status == 500
    assert json.loads(answer.body)["message"] == "Invalid plugin configuration"
    assert flavour in caplog.text


@pytest.mark.parametrize(
    "path", ["nginx/rest", "nginx/", "traefik/x", "squid", "", "envoys/x"]
)
def test_other_paths_do_not_exist(gateway, url, carl, path):
    assert gateway(url + path, headers={**ORIGINAL, "apikey": "k"}).status == 404


@EVERY_FLAVOUR
def test_an_unknown_control_plane_is_forbidden(gateway, flavour):
    for ref in ("nobody", "0f4cd0a6-0000-7000-8000-000000000000", "\0", "é"):
        url = f"/dataplane/v1/{ref}/auth/{flavour}"
        answer = gateway(url, headers=ASKING[flavour])

        assert answer.status == 403
        assert answer.headers["X-Auth-Status"] == "404"
        assert json.loads(answer.body)["message"] == "Forbidden"


def test_a_control_plane_is_named_by_id_too(gateway, plane, carl):
    url = f"/dataplane/v1/{plane.pk}/auth/envoy/"

    assert gateway(url, headers={"apikey": "k"}).status == 200


def test_only_trusted_networks_may_ask(gateway, url, carl):
    answer = gateway(f"{url}envoy/", headers={"apikey": "k"}, peer="203.0.113.9")

    assert answer.status == 403
    assert "X-Consumer-ID" not in answer.headers


def test_the_proxy_listener_believes_no_forwarded_header(gateway, url, carl):
    make_plugin("key-auth")
    headers = {**ASKING["traefik"], "X-Forwarded-Uri": "/x?apikey=k"}

    answer = gateway(f"{url}traefik", headers=headers, application=wsgi.proxy)

    assert answer.status == 401


def test_the_forwarded_method_decides_what_a_preflight_is(gateway, url, plane):
    make_plugin("key-auth", plane, run_on_preflight=False)
    preflight = {**FORWARDED, "X-Forwarded-Method": "OPTIONS"}

    assert gateway(f"{url}caddy", headers=preflight).status == 200
    assert gateway(f"{url}caddy", "OPTIONS", headers=FORWARDED).status == 401
    assert gateway(f"{url}envoy/x", "OPTIONS").status == 200


def test_a_hidden_credential_is_to_be_removed(gateway, url, plane):
    make_key(make_consumer(plane), key="k")
    make_plugin("key-auth", plane, hide_credentials=True)

    answer = gateway(f"{url}envoy/x", headers={"apikey": "k"})

    assert answer.headers["x-envoy-auth-headers-to-remove"].endswith(",apikey")


def test_without_a_plugin_nobody_is_identified(gateway, url, plane):
    answer = gateway(f"{url}envoy/x", headers={"X-Consumer-ID": "me"})

    assert answer.status == 200
    assert "X-Consumer-ID" not in answer.headers
    assert answer.headers["x-envoy-auth-headers-to-remove"].startswith("X-Consumer-ID,")


def test_nginx_meets_no_status_that_it_would_turn_into_500(gateway, url, carl):
    limited = Decision(None, Refusal(429, "API rate limit exceeded"))
    status, headers, _ = FLAVOURS["nginx"].answer(limited, "")
    elsewhere, _, _ = FLAVOURS["envoy"].answer(limited, "")

    assert (status, dict(headers)["X-Auth-Status"]) == ("403 Forbidden", "429")
    assert elsewhere == "429 Too Many Requests"


def test_nginx_gets_the_body_in_one_line_because_it_drops_the_other(gateway, url, carl):
    answer = gateway(f"{url}nginx", headers=ORIGINAL)
    plain = gateway(f"{url}nginx", headers={**ORIGINAL, "Accept": "text/plain"})
    elsewhere = gateway(f"{url}caddy", headers=FORWARDED)

    assert json.loads(answer.headers["X-Auth-Body"]) == json.loads(answer.body)
    assert plain.headers["X-Auth-Body"].startswith("No API key found in request ")
    assert "X-Auth-Body" not in elsewhere.headers


def test_a_body_too_long_for_a_header_stays_a_body():
    refusal = Refusal(403, body=b'"' + b"x" * 5000 + b'"')

    _, headers, _ = FLAVOURS["nginx"].answer(Decision(None, refusal), "")

    assert "X-Auth-Body" not in dict(headers)


@pytest.mark.parametrize("flavour", ["nginx", "haproxy", "apache"])
def test_the_address_is_what_the_proxy_says_and_not_what_its_client_says(flavour):
    asked = {"QUERY_STRING": "", "REMOTE_ADDR": "127.0.0.1"} | {
        "HTTP_X_ORIGINAL_METHOD": "GET",
        "HTTP_X_ORIGINAL_URI": "/x",
        "HTTP_X_FORWARDED_FOR": "203.0.113.9",
    }
    told = {**asked, "HTTP_X_REAL_IP": "198.51.100.7"}

    untold = FLAVOURS[flavour].original(asked, bytes, "")

    assert untold.client_ip == "127.0.0.1"
    assert FLAVOURS[flavour].original(told, bytes, "").client_ip == "198.51.100.7"


def holding(gateway, url, **headers):
    answer = gateway(f"{url}nginx?cache=60", headers={**ORIGINAL, **headers})
    return answer.headers.get("X-Accel-Expires"), answer.headers.get("Vary")


def test_nginx_is_told_how_long_it_may_repeat_a_decision_if_it_asks(
    gateway, url, plane, carl
):
    make_key(carl, key="short", ttl=30)

    assert holding(gateway, url, apikey="k") == ("60", "apikey")
    assert int(holding(gateway, url, apikey="short")[0]) in range(20, 31)
    assert holding(gateway, url, apikey="wrong") == (None, None)
    asked_not = gateway(f"{url}nginx", headers={**ORIGINAL, "apikey": "k"})
    assert "X-Accel-Expires" not in asked_not.headers
    assert asked_not.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["cache", "cache=", "cache=-1", "cache=x"])
def test_a_time_to_hold_that_is_none_is_not_answered(gateway, url, carl, query):
    answer = gateway(f"{url}nginx?{query}", headers={**ORIGINAL, "apikey": "k"})

    assert answer.status == 200
    assert "X-Accel-Expires" not in answer.headers


def test_every_header_with_credentials_tells_decisions_apart(gateway, url, plane, carl):
    make_plugin("basic-auth", plane, anonymous="carl")
    make_plugin("jwt", plane, anonymous="carl", cookie_names=["token"])

    _, vary = holding(gateway, url, apikey="k")

    assert set(vary.split(", ")) == {
        "apikey",
        "authorization",
        "proxy-authorization",
        "cookie",
    }


def test_a_decision_that_counts_is_not_to_be_repeated(gateway, url, plane, carl):
    make_plugin("rate-limiting", plane, minute=5, policy="local")

    assert holding(gateway, url, apikey="k") == ("0", None)


HOSTS = {
    "nginx": {"X-Original-Host": "api.example.com"},
    "traefik": {"X-Forwarded-Host": "api.example.com"},
    "caddy": {"X-Forwarded-Host": "api.example.com"},
    "envoy": {"Host": "api.example.com"},
    "haproxy": {"Host": "api.example.com"},
    "apache": {"Host": "api.example.com"},
}


@EVERY_FLAVOUR
def test_a_signature_is_of_the_host_that_the_client_asked(
    gateway, url, plane, flavour, monkeypatch
):
    monkeypatch.setattr("kongadmin.gateway.wsgi.time.time", lambda: 1_700_000_000.0)
    make_plugin("hmac-auth", plane)
    hal = make_consumer(plane)
    make_credential("hmac-auth", hal, username="hal", secret="s3cr3t")
    headers = {
        "Date": "Tue, 14 Nov 2023 22:13:20 GMT",
        "Authorization": 'hmac username="hal", algorithm="hmac-sha256", '
        'headers="date host", signature="%s"',
    }
    text = f"date: {headers['Date']}\nhost: api.example.com"
    made = b64encode(hmac.digest(b"s3cr3t", text.encode(), "sha256")).decode()
    headers["Authorization"] %= made
    own = {"Host": "authorizer.internal", **ASKING[flavour], **headers}

    assert gateway(url + flavour, headers=own | HOSTS[flavour]).status == 200
    assert gateway(url + flavour, headers=own).status == 401
