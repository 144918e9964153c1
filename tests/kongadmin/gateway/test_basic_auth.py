"""How a username and a password are found and verified."""

from base64 import b64encode

import pytest

from factories import make_consumer, make_credential, make_plugin
from judging import CARL, GUEST, Known, judged, outcome, plugin
from kongadmin.gateway.credentials import Credential
from kongadmin.gateway.decision import Identity
from kongadmin.gateway.plugins.basic_auth import password_digest, read_basic_auth

ANNA = Identity("id-5", "anna", None, "id-6", "basic-auth", "änna")


def credential(who: Identity, password: str) -> Credential:
    return Credential(who, password_digest(password.encode(), who.consumer_id))


KNOWN = Known(
    {read_basic_auth: {"carl": credential(CARL, "a:b"), "änna": credential(ANNA, "")}}
)
FINE, REFUSED = (200, ""), (401, "Unauthorized")


def basic(text: str, scheme: str = "Basic") -> str:
    return f"{scheme} {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (basic("carl:a:b"), FINE),
        (basic("carl:a:b", "basic"), FINE),
        (basic("carl:a:b", "  Basic   "), FINE),
        (basic("carl:a:b").rstrip("="), FINE),
        (basic("änna:"), FINE),
        (basic("carl:a:b", "BASIC"), REFUSED),
        (basic("carl:a:b", "Bearer"), REFUSED),
        (basic("carl:wrong"), REFUSED),
        (basic("carl:"), REFUSED),
        (basic("carl"), REFUSED),
        (basic(":a:b"), REFUSED),
        (basic("Carl:a:b"), REFUSED),
        (basic("nobody:a:b"), REFUSED),
        (basic("ca\0rl:a:b"), REFUSED),
        ("Basic " + b64encode(b"\xff:x").decode(), REFUSED),
        ("Basic ###", REFUSED),
        ("Basic", REFUSED),
        ("", REFUSED),
    ],
)
def test_every_failure_looks_alike(sent, expected):
    headers = {"Authorization": sent}

    assert outcome(plugin("basic-auth"), headers=headers, known=KNOWN) == expected


def test_the_challenge_names_the_realm():
    plain, own = (
        judged(plugin("basic-auth", **config), known=KNOWN).refusal.headers
        for config in ({}, {"realm": 'a"b'})
    )

    assert plain == (("WWW-Authenticate", 'Basic realm="service"'),)
    assert own == (("WWW-Authenticate", r'Basic realm="a\"b"'),)


@pytest.mark.parametrize(
    ("proxy", "own", "expected"),
    [
        ("carl:a:b", "nobody:x", FINE),
        ("nobody:x", "carl:a:b", FINE),
        ("carl:wrong", "carl:a:b", REFUSED),
        ("nobody:x", "carl:wrong", REFUSED),
    ],
)
def test_the_header_for_proxies_comes_first_if_its_user_is_known(proxy, own, expected):
    headers = {"Proxy-Authorization": basic(proxy), "Authorization": basic(own)}

    assert outcome(plugin("basic-auth"), headers=headers, known=KNOWN) == expected


def test_only_the_headers_that_were_looked_at_are_hidden():
    hiding = plugin("basic-auth", hide_credentials=True, anonymous="guest")
    proxy = {"Proxy-Authorization": basic("carl:a:b"), "Authorization": "x"}
    both = {"Proxy-Authorization": "x", "Authorization": basic("carl:wrong")}

    assert judged(hiding, headers=proxy, known=KNOWN).hidden == ("Proxy-Authorization",)
    assert judged(hiding, headers=both, known=KNOWN).hidden == tuple(both)
    assert judged(hiding, known=KNOWN).hidden == ()


def test_several_ways_to_log_in_are_all_asked_for_unless_somebody_may_be_anonymous():
    key, login = {"apikey": "k"}, {"Authorization": basic("änna:")}
    every = plugin("key-auth"), plugin("basic-auth")
    any_of = [plugin(kind, anonymous="guest") for kind in ("key-auth", "basic-auth")]

    assert outcome(*every, headers=key, known=KNOWN) == REFUSED
    assert judged(*every, headers=key | login, known=KNOWN).identity is ANNA
    assert judged(*any_of, headers=key, known=KNOWN).identity is CARL
    assert judged(*any_of, headers=login, known=KNOWN).identity is ANNA
    assert judged(*any_of, known=KNOWN).identity is GUEST


def test_a_stored_password_is_verified(gateway):
    make_plugin("basic-auth")
    carl = make_consumer(username="carl")
    make_credential("basic-auth", carl, username="login", password="pa:ss")

    answer = gateway(headers={"Authorization": basic("login:pa:ss")})

    assert answer.status == 200
    assert answer.headers["X-Consumer-ID"] == str(carl.pk)
    assert answer.headers["X-Credential-Identifier"] == "login"
    for wrong in ("login:wrong", "nobody:pa:ss", "x" * 5000 + ":pa:ss"):
        assert gateway(headers={"Authorization": basic(wrong)}).status == 401
