"""What is explained is what is decided, whatever is configured and sent."""

import base64
import json
import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import (
    default_control_plane,
    make_consumer,
    make_credential,
    make_group,
    make_key,
    make_plugin,
    make_realm,
)
from kongadmin.explain import answers, engine
from kongadmin.explain.described import read, request_of
from kongadmin.gateway import usage, wsgi
from kongadmin.plugins.models import Plugin

NOW = 1_700_000_000.25
REALM = "01890a5d-ac96-774b-bcce-b302099a8057"
LIMITS = {"minute": 2, "hour": 3}
WINDOWS = {"limit": [1, 2], "window_size": [10, 60], "namespace": "shared"}
ANONYMOUS = ({}, {"anonymous": "guest"}, {"anonymous": "nobody"})
BY_IP = {"limit_by": "ip"}
# What plugins may be configured as; the same is chosen often, so that scopes compete.
CONFIGS = {
    "key-auth": [
        *ANONYMOUS,
        {"key_names": ["x_key", "apikey"], "key_in_body": True, "realm": "r"},
        {"hide_credentials": True, "run_on_preflight": False},
        {"identity_realms": [{"scope": "realm", "id": REALM}, {"scope": "cp"}]},
    ],
    "basic-auth": [*ANONYMOUS, {"hide_credentials": True}],
    "jwt": [*ANONYMOUS, {"cookie_names": ["t"], "claims_to_verify": ["exp"]}],
    "oauth2": [{"enable_client_credentials": True, "anonymous": "guest"}],
    "acl": [
        {"allow": ["ops"]},
        {"deny": ["gold"], "include_consumer_groups": True},
        {"allow": ["ops", "gold"], "include_consumer_groups": True},
    ],
    "rate-limiting": [
        LIMITS,
        {**LIMITS, **BY_IP, "error_code": 420},
        {"second": 1, "limit_by": "header", "header_name": "apikey"},
        {**LIMITS, "limit_by": "path", "path": "/x", "hide_client_headers": True},
    ],
    "rate-limiting-advanced": [
        WINDOWS,
        {**WINDOWS, "window_type": "fixed", "identifier": "ip"},
        {**WINDOWS, "disable_penalty": True, "identifier": "credential"},
    ],
    "ip-restriction": [{"deny": ["192.0.2.0/25"]}],
    "request-size-limiting": [{"allowed_payload_size": 4, "size_unit": "bytes"}],
    "request-termination": [{"trigger": "end", "status_code": 418, "body": "bye"}],
    "bot-detection": [{"deny": ["evil"]}],
}
SCOPED = ("acl", "rate-limiting", "rate-limiting-advanced")
PLUGINS = st.lists(
    st.sampled_from(sorted(CONFIGS)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.sampled_from(CONFIGS[name]),
            st.sampled_from(("", "carl", "gold") if name in SCOPED else ("",)),
            st.sampled_from((True, True, True, False)),
        )
    ),
    max_size=6,
    unique_by=lambda drawn: (drawn[0], drawn[2]),
)
TOKEN = (
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJjYXJsIn0."
    "fEDM15qOAef-SzgwiVdrMPLCivuNAJGgfHRpRDXfjnU"
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "apikey": st.sampled_from(["k", "of-realm", "no", "", "k,k"]),
        "x-key": st.sampled_from(["k", "no"]),
        "authorization": st.sampled_from(
            [
                *(f"Basic {base64.b64encode(s).decode()}" for s in (b"carl:p", b"x:")),
                f"Bearer {TOKEN}",
                "Bearer no",
            ]
        ),
        "cookie": st.just(f"t={TOKEN}"),
        "content-type": st.sampled_from(
            ["application/json", "application/x-www-form-urlencoded"]
        ),
        "user-agent": st.sampled_from(["evil", "curl"]),
        "end": st.just("1"),
    },
)
REQUESTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "OPTIONS"]),
        "uri": st.sampled_from(
            ["/x", "/x?apikey=k", "/y?apikey=k&apikey=k", "/oauth2/token", "//a/b?end"]
        ),
        "headers": HEADERS,
        "body": st.sampled_from(["", '{"apikey":"k"}', "apikey=k"]),
        "client_ip": st.sampled_from(["192.0.2.1", "192.0.2.200"]),
    }
)


@pytest.fixture
def people(gateway, own_counters, monkeypatch):
    """Consumers with credentials of each kind, in a world whose clock stands still."""
    monkeypatch.setattr(wsgi, "time", SimpleNamespace(time=lambda: NOW))
    recorder = usage.Usage()
    recorder.thread = threading.current_thread()  # and so none that writes
    monkeypatch.setattr(wsgi, "usage", recorder)
    realm = make_realm(
        id=REALM, allow_all_control_planes=True, consumer_groups=["gold"]
    )
    make_key(make_consumer(realm, username="ariel"), key="of-realm")
    make_consumer(username="guest")
    carl = make_consumer(username="carl", custom_id="c")
    make_key(carl, key="k")
    make_credential("basic-auth", carl, username="carl", password="p")
    make_credential("jwt", carl, key="carl", secret="secret")
    make_credential("acl", carl, group="ops")
    gold = make_group(carl, name="gold")
    return {"": {}, "carl": {"consumer": carl}, "gold": {"consumer_group": gold}}


def told(decision) -> dict:
    """Return what is explained of a decision, as its proxy should see it."""
    outcome = answers.outcome(decision)
    given = outcome["upstream_headers"] | outcome["response_headers"]
    return {
        "status": outcome["status"],
        "headers": given,
        "removed": ",".join(outcome["remove_headers"]),
        "body": without_chance(outcome["body"]),
    }


def seen(answer: Any, known: dict) -> dict:
    """Return what a proxy sees of a decision; of the headers, those `known`."""
    headers = answer.headers
    body = answer.body.decode()
    is_denied = headers["X-Auth-Decision"] == "deny"
    return {
        "status": int(headers["X-Auth-Status"]) if is_denied else answer.status,
        "headers": {name: headers.get(name) for name in known},
        "removed": headers.get("x-envoy-auth-headers-to-remove", ""),
        "body": without_chance(body) if is_denied else None,
    }


def counted() -> float:
    """Return how many requests were counted so far."""
    return sum(sum(counts[: usage.LAST]) for counts in wsgi.usage.pending.values())


def without_chance(body: Any) -> Any:
    """Return a body without what is new in each answer."""
    with suppress(ValueError, TypeError):
        body = json.loads(body)
    if not isinstance(body, dict):
        return body
    return {k: v for k, v in body.items() if k not in ("request_id", "access_token")}


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(plugins=PLUGINS, requests=st.lists(REQUESTS, min_size=1, max_size=5))
def test_what_is_explained_is_what_is_decided_and_asking_counts_nothing(
    gateway, people, plugins, requests
):
    Plugin.objects.all().delete()
    for name, config, scope, enabled in plugins:
        make_plugin(name, enabled=enabled, **people[scope], **config)
    plane = default_control_plane()

    for sent in requests:
        before = counted()
        explained = told(engine.explain(plane, request_of(read(sent), "")))
        again = told(engine.explain(plane, request_of(read(sent), "")))
        unchanged = counted()
        answer = gateway(
            f"/dataplane/v1/{plane.pk}/auth/envoy{sent['uri']}",
            sent["method"],
            sent["headers"] | {"X-Forwarded-For": sent["client_ip"]},
            sent["body"].encode(),
        )

        assert (unchanged, counted()) == (before, before + 1)
        assert explained == again == seen(answer, explained["headers"])
