"""How a key is found and told whose it is; every rule without server and database."""

import json

import pytest

from kongadmin.gateway.decision import Decision, Identity
from kongadmin.gateway.plane import Plane, decide
from kongadmin.gateway.plugins import Instance, key_auth
from kongadmin.gateway.request import Request, header_variable
from kongadmin.gateway.store import is_over

NOW = 1_700_000_000.0
CARL = Identity("id-1", "carl", "c-7", "id-2", "key-auth", "id-2")
GUEST = Identity("id-3", "guest", None)
SHORT = Identity("id-1", "carl", "c-7", "id-4", expires_at=NOW)
COMMA = Identity("id-1", "carl", "c-7", "id-5")
UMLAUT = Identity("id-1", "carl", "c-7", "id-6")
NO_KEY = (401, "No API key found in request")
DUPLICATE = (401, "Duplicate API key found")
UNKNOWN = (401, "Unauthorized")
FINE = (200, "")


class Known:
    """A control plane with a few keys, and a consumer who may be anonymous."""

    keys = {"k": CARL, "short": SHORT, "a,b": COMMA, "schlüssel": UMLAUT}
    consumers = {"guest": GUEST}

    def key(self, decision, key):
        identity = self.keys.get(key)
        is_live = identity and not is_over(identity.expires_at, decision.now)
        return identity if is_live else None

    def realm_key(self, decision, source, key):
        return None

    def consumer(self, plane, ref):
        return self.consumers.get(ref)


def judged(
    config: dict | None = None,
    headers: dict | None = None,
    query: str = "",
    method: str = "GET",
    body: bytes = b"",
    content_type: str = "",
    now: float = NOW,
):
    config = {"key_names": ["apikey"], **(config or {})}
    plane = Plane("id-9", [Instance("key-auth", config)])
    given = {header_variable(name): value for name, value in (headers or {}).items()}
    given["CONTENT_TYPE"] = content_type
    request = Request(method, given, query, lambda _: body)
    return decide(Decision(request, plane=plane, known=Known(), now=now))


def outcome(*args, **kwargs) -> tuple[int, str]:
    decision = judged(*args, **kwargs)
    return decision.status, decision.refusal.message if decision.refusal else ""


@pytest.mark.parametrize(
    ("config", "headers", "query", "expected"),
    [
        ({}, {}, "", NO_KEY),
        ({}, {"apikey": "k"}, "", FINE),
        ({}, {"APIKEY": "k"}, "", FINE),
        ({}, {"apikey": "wrong"}, "", UNKNOWN),
        ({}, {"apikey": ""}, "", NO_KEY),
        ({}, {"apikey": ""}, "apikey=k", NO_KEY),
        ({}, {"apikey": "wrong"}, "apikey=k", UNKNOWN),
        ({}, {"apikey": "a,b"}, "", FINE),
        ({}, {"apikey": "k,k"}, "", DUPLICATE),
        ({}, {"apikey": "k,other"}, "", DUPLICATE),
        ({}, {"apikey": "schlüssel".encode().decode("latin-1")}, "", FINE),
        ({}, {"apikey": "schlüssel"}, "", FINE),
        ({}, {}, "apikey=k", FINE),
        ({}, {}, "a=b&apikey=k&c", FINE),
        ({}, {}, "apikey=%6B", FINE),
        ({}, {}, "apike%79=k", FINE),
        ({}, {}, "apikey=schl%C3%BCssel", FINE),
        ({}, {}, "apikey=%FF", UNKNOWN),
        ({}, {}, "APIKEY=k", NO_KEY),
        ({}, {}, "apikey", NO_KEY),
        ({}, {}, "apikey=", NO_KEY),
        ({}, {}, "apikey[]=k", NO_KEY),
        ({}, {}, "apikey[1]=k", NO_KEY),
        ({}, {}, "apikey=k&apikey=k", DUPLICATE),
        ({}, {}, "apikey=k&apikey=x", DUPLICATE),
        ({}, {}, "apikey&apikey=k", DUPLICATE),
        ({}, {}, "apikey=k,k", UNKNOWN),
        ({"key_in_header": False}, {"apikey": "k"}, "", NO_KEY),
        ({"key_in_header": False}, {"apikey": "k"}, "apikey=k", FINE),
        ({"key_in_query": False}, {}, "apikey=k", NO_KEY),
        ({"key_names": ["k1", "k2"]}, {"k2": "wrong"}, "k1=k", FINE),
        ({"key_names": ["k1", "k2"]}, {"k2": "k"}, "k1=wrong", UNKNOWN),
        ({"key_names": ["k1", "k2"]}, {"k2": "k"}, "k1", FINE),
        ({"key_names": ["k1", "k2"]}, {"k2": "k"}, "k1=", NO_KEY),
        ({"key_names": ["x_key"]}, {"x-key": "k"}, "", FINE),
        ({"key_names": ["X-Key"]}, {}, "X-Key=k", FINE),
        ({"key_names": ["X-Key"]}, {}, "x-key=k", NO_KEY),
        (
            {"key_names": None},
            {"apikey": "k"},
            "",
            (500, "Invalid plugin configuration"),
        ),
        ({"identity_realms": None}, {"apikey": "k"}, "", FINE),
        ({"identity_realms": []}, {"apikey": "k"}, "", UNKNOWN),
        ({"identity_realms": [{"scope": "cp"}]}, {"apikey": "k"}, "", FINE),
        ({"identity_realms": [{"scope": "realm"}]}, {"apikey": "k"}, "", UNKNOWN),
        (
            {"identity_realms": [{"scope": "realm"}, {"scope": "cp"}]},
            {"apikey": "k"},
            "",
            FINE,
        ),
    ],
)
def test_a_key_is_looked_for_as_kong_looks(config, headers, query, expected):
    assert outcome(config, headers, query) == expected


MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="apikey"\r\n\r\n%s\r\n'
    b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\nk\r\n--x--\r\n'
)
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (JSON, b'{"apikey": "k"}', FINE),
        ("Application/JSON; charset=utf-8", b'{"apikey": "k"}', FINE),
        (JSON, b'{"apikey": ["k", "x"]}', DUPLICATE),
        (JSON, b'{"apikey": {"k": 1}}', DUPLICATE),
        (JSON, b'{"apikey": 5}', NO_KEY),
        (JSON, b'{"apikey": null}', NO_KEY),
        (JSON, b'{"apikey": ""}', NO_KEY),
        (JSON, b'["apikey"]', NO_KEY),
        (JSON, b"{", NO_KEY),
        (JSON, b"\xff", NO_KEY),
        (JSON, b"[" * 100_000, NO_KEY),
        (JSON, b"", NO_KEY),
        (FORM, b"apikey=k", FINE),
        (FORM, b"apikey=k&apikey=x", DUPLICATE),
        (FORM, b"apikey[]=k", NO_KEY),
        ("multipart/form-data; boundary=x", MULTIPART % (b"k", b"other"), FINE),
        ("multipart/form-data; boundary=x", MULTIPART % (b"k", b"apikey"), DUPLICATE),
        ("multipart/form-data; boundary=y", MULTIPART % (b"k", b"other"), NO_KEY),
        ("multipart/form-data", b"apikey=k", NO_KEY),
        ("text/plain", b"apikey=k", NO_KEY),
        ("", b"apikey=k", NO_KEY),
    ],
)
def test_a_key_in_the_body_counts_if_the_plugin_says_so(content_type, body, expected):
    config = {"key_in_body": True}
    assert outcome(config, body=body, content_type=content_type) == expected
    assert outcome({}, body=body, content_type=content_type) == NO_KEY


def test_a_valueless_argument_keeps_the_body_from_being_asked():
    found = outcome(
        {"key_in_body": True}, query="apikey", body=b"apikey=k", content_type=FORM
    )

    assert found == NO_KEY


def test_a_key_ends_in_the_second_its_time_is_over():
    assert outcome({}, {"apikey": "short"}, now=NOW - 0.001) == FINE
    assert outcome({}, {"apikey": "short"}, now=NOW) == UNKNOWN


def test_without_a_plugin_everybody_passes_unknown():
    request = Request("GET", {}, "")
    decision = decide(Decision(request, plane=Plane("id-9"), known=Known(), now=NOW))

    assert (decision.refusal, decision.identity) == (None, None)


@pytest.mark.parametrize("headers", [{}, {"apikey": "wrong"}, {"apikey": "k,x"}])
def test_the_anonymous_consumer_stands_in_for_every_refusal(headers):
    assert judged({"anonymous": "guest"}, headers).identity is GUEST
    assert judged({"anonymous": "guest"}, {"apikey": "k"}).identity is CARL
    assert outcome({"anonymous": "nobody"}, headers)[0] == 500


def test_preflight_passes_only_where_the_plugin_lets_it():
    assert outcome({"run_on_preflight": False}, method="OPTIONS") == FINE
    assert judged({"run_on_preflight": False}, method="OPTIONS").identity is None
    assert outcome({"run_on_preflight": False}) == NO_KEY
    assert outcome({"run_on_preflight": True}, method="OPTIONS") == NO_KEY


@pytest.mark.parametrize(
    ("realm", "challenge"),
    [
        (None, "Key"),
        ("acme", 'Key realm="acme"'),
        ('a"b\\', r'Key realm="a\"b\\"'),
        ("a\nb", 'Key realm="a%0Ab"'),
    ],
)
def test_the_challenge_names_the_realm(realm, challenge):
    refusal = judged({"realm": realm}).refusal

    assert refusal.headers == (("WWW-Authenticate", challenge),)


def test_a_hidden_credential_is_named_whether_it_was_valid_or_not():
    config = {"hide_credentials": True, "key_names": ["k1", "k2"]}

    assert judged(config, {"k2": "k"}).hidden == ("k2",)
    assert judged({**config, "anonymous": "guest"}, {"k2": "no"}).hidden == ("k2",)
    assert judged({**config, "anonymous": "guest"}).hidden == ()
    assert judged({"key_names": ["k1"]}, {"k1": "k"}).hidden == ()


def test_that_a_key_outside_of_the_headers_cannot_be_hidden_is_said_once(caplog):
    key_auth.warn_of_leak.cache_clear()
    config = {"hide_credentials": True}

    judged(config, {"apikey": "secret"})
    assert not caplog.records
    for _ in range(2):
        judged(config, query="apikey=secret")
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text


def test_a_hidden_credential_is_named_as_the_header_was_sent():
    config = {"hide_credentials": True, "key_names": ["x_key"]}

    assert judged(config, {"x-key": "k"}).hidden == ("x-key", "x_key")


def test_the_upstream_service_is_told_who_calls():
    assert dict(CARL.headers) == {
        "X-Consumer-ID": "id-1",
        "X-Consumer-Custom-ID": "c-7",
        "X-Consumer-Username": "carl",
        "X-Credential-Identifier": "id-2",
    }
    assert dict(GUEST.headers) == {
        "X-Consumer-ID": "id-3",
        "X-Consumer-Username": "guest",
        "X-Anonymous-Consumer": "true",
    }


def test_a_name_cannot_smuggle_a_header_in():
    sneaky = Identity("id-1", "a\r\nX-Admin: yes", json.dumps("ü\x7f"))

    assert dict(sneaky.headers)["X-Consumer-Username"] == "a%0D%0AX-Admin: yes"
    assert "\r" not in str(sneaky.headers)
