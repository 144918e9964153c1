"""Envoy's page: its program cannot be had here, so what it would send is sent.

`Envoy` does with docs/deployment/envoy.md what the contract says that Envoy does (its
ext_authz.proto and ext_authz_http_impl.cc). The authorizer is the real one.
"""

import pytest
import yaml

from proxies import fronts
from servers import Answer, Server, ask

pytestmark = pytest.mark.one_database

KEY = {"apikey": "the-key-of-carl"}
SPOOFED = {
    "X-Consumer-ID": "spoofed",
    "X-Consumer-Custom-ID": "spoofed",
    "X-Consumer_Username": "spoofed",
    "X-Credential-Identifier": "spoofed",
    "X-Anonymous-Consumer": "true",
    "X-Consumer-Groups": "spoofed",
    "X-Authenticated-Groups": "spoofed",
}


class Envoy:
    """What the filters of the page make of a request."""

    def __init__(self, admin: str) -> None:
        self.admin = admin
        self.whole = yaml.safe_load(fronts.block("envoy", "yaml"))
        [listener] = self.whole["static_resources"]["listeners"]
        [chain] = listener["filter_chains"]
        self.manager = chain["filters"][0]["typed_config"]
        filters = {f["name"]: f for f in self.manager["http_filters"]}
        self.order = [name.rpartition(".")[2] for name in filters]
        mutation, authz, _ = (f["typed_config"] for f in filters.values())
        removed = mutation["mutations"]["request_mutations"]
        self.removed = {each["remove"].lower() for each in removed}
        self.authz = authz
        self.response = authz["http_service"]["authorization_response"]

    def ask(self, method: str, target: str, headers: dict) -> Answer:
        """Ask the authorizer as ext_authz asks: its own headers, no body."""
        kept = self.cleaned(headers)
        allowed = self.authz["allowed_headers"]["patterns"]
        sent = {
            name: value
            for name, value in kept.items()
            if name in ("authorization", "host") or matches(name, allowed)
        }
        prefix = self.authz["http_service"]["path_prefix"]
        return ask(f"{self.admin}{prefix}{target}", method, headers=sent)

    def upstream_headers(self, headers: dict, answer: Answer) -> dict:
        """Return what the upstream service gets of a request that may pass."""
        assert answer.status == 200
        patterns = self.response["allowed_upstream_headers"]["patterns"]
        removed = answer.headers["x-envoy-auth-headers-to-remove"].lower().split(",")
        kept = {n: v for n, v in self.cleaned(headers).items() if n not in removed}
        said = {
            name.lower(): value
            for name, value in answer.headers.items()
            if matches(name.lower(), patterns)
        }
        return kept | said

    def cleaned(self, headers: dict) -> dict:
        """Return the headers as they come to ext_authz."""
        options = self.manager["common_http_protocol_options"]
        assert options["headers_with_underscores_action"] == "DROP_HEADER"
        headers = {n.lower(): v for n, v in headers.items() if "_" not in n}
        headers["x-forwarded-for"] = "127.0.0.1"
        return {n: v for n, v in headers.items() if n not in self.removed}


def matches(name: str, patterns: list[dict]) -> bool:
    return any(
        name == pattern.get("exact") or name.startswith(pattern.get("prefix", "\0"))
        for pattern in patterns
    )


@pytest.fixture
def envoy(authorizer: Server) -> Envoy:
    return Envoy(authorizer.admin)


def test_the_filters_stand_in_the_order_that_keeps_spoofed_names_out(envoy):
    assert envoy.order == ["header_mutation", "ext_authz", "router"]
    assert envoy.authz["failure_mode_allow"] is False
    assert envoy.manager["use_remote_address"] is True
    for cluster in envoy.whole["static_resources"]["clusters"]:
        assert cluster["name"] in ("kongadmin", "api")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD"])
def test_whom_the_authorizer_knows_the_upstream_service_meets(envoy, method):
    headers = KEY | SPOOFED

    answer = envoy.ask(method, "/a%2Fb//c?x=1", headers)

    met = envoy.upstream_headers(headers, answer)
    assert met["x-consumer-username"] == "carl"
    assert "spoofed" not in met.values()
    assert "x-anonymous-consumer" not in met


def test_a_key_in_the_query_is_the_original_one(envoy):
    answer = envoy.ask("GET", "/x?apikey=the-key-of-carl", {})

    assert envoy.upstream_headers({}, answer)["x-consumer-username"] == "carl"


def test_refusals_are_what_envoy_hands_on_and_no_error_of_the_filter(envoy):
    elsewhere = {
        "X-Original-URI": "/?apikey=the-key-of-carl",
        "X-Forwarded-Uri": "/?apikey=the-key-of-carl",
    }

    for headers in ({}, {"apikey": "wrong"}, elsewhere):
        answer = envoy.ask("GET", "/x", headers)

        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Key"
        assert len(answer.json()["request_id"]) == 32


def test_a_limit_is_handed_on_with_its_headers(envoy, spent):
    answer = envoy.ask("GET", "/x", spent)

    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    shown = envoy.response["allowed_client_headers_on_success"]["patterns"]
    assert matches("ratelimit-limit", shown)
    assert matches("x-ratelimit-limit-minute", shown)
