"""How a client gets an access token, and what that opens."""

import json
from base64 import b64encode
from urllib.parse import urlencode

import pytest

from consumers.models import OAuth2Token
from factories import make_consumer, make_credential, make_oauth2_token, make_plugin
from judging import GUEST, NOW, Known, judged, plugin
from kongadmin.gateway.clients import (
    Client,
    Granted,
    read_access_token,
    read_client,
    write_access_token,
)
from kongadmin.gateway.credentials import Credential, keyring
from kongadmin.gateway.decision import Identity

FORM = "application/x-www-form-urlencoded"
APP = Identity("id-1", "carl", None, "id-2", "oauth2", "app")


class Clients(Known):
    """Knows a few clients, and the tokens that they have been given."""

    def __init__(self) -> None:
        clients = {
            "app": Client("s3cr3t", False, False),
            "public": Client("s3cr3t", False, True),
            "bare": Client(None, False, False),
        }
        found = {name: Credential(APP, client) for name, client in clients.items()}
        super().__init__({read_client: found})
        self.tokens: dict[bytes, Credential] = {}
        self.written: list[tuple] = []

    def recall(self, read, plane, *values):
        if read is read_access_token:
            return self.tokens.get(values[0])
        return super().recall(read, plane, *values)

    def ask(self, read, scope_id, *values):
        if read is write_access_token:
            self.written.append(values)
            return None
        return super().ask(read, scope_id, *values)

    def give(self, token: str, end: float | None, granted: Granted) -> None:
        who = Identity("id-1", "carl", None, "id-2", "oauth2", "app", end)
        self.tokens[keyring.digest(token)] = Credential(who, granted)


def asking(
    config: dict | None = None,
    known: Known | None = None,
    target: str = "/any/oauth2/token",
    method: str = "POST",
    headers: dict | None = None,
    scheme: str = "https",
    **form,
) -> tuple[int, dict]:
    """Ask for a token; return status and document of the answer."""
    config = {"enable_client_credentials": True, **(config or {})}
    refusal = judged(
        plugin("oauth2", **config),
        target=target,
        method=method,
        headers={"Content-Type": FORM, **(headers or {})},
        body=urlencode(form).encode(),
        known=known or Clients(),
        REMOTE_ADDR="127.0.0.1",
        **{"wsgi.url_scheme": scheme},
    ).refusal
    return refusal.status, json.loads(refusal.body)


GRANT = {"grant_type": "client_credentials"}
MINE = {**GRANT, "client_id": "app", "client_secret": "s3cr3t"}


def test_a_client_gets_a_token_of_its_own():
    known = Clients()

    status, answer = asking({"token_expiration": 60}, known, **MINE, state="x")

    token = answer.pop("access_token")
    assert (status, answer) == (
        200,
        {"token_type": "bearer", "expires_in": 60, "state": "x"},
    )
    granted = Granted(None, None)
    assert known.written == [("id-2", token, granted, NOW, 60, 1_209_600)]


def test_a_token_may_last_for_ever():
    known = Clients()

    _, answer = asking({"token_expiration": 0}, known, **MINE)

    assert "expires_in" not in answer
    assert known.written[0][-2:] == (0, 0)


def basic(text: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}


@pytest.mark.parametrize(
    ("headers", "form", "expected"),
    [
        ({}, MINE, 200),
        (basic("app:s3cr3t"), GRANT, 200),
        (basic("app:wrong"), MINE, 200),
        ({}, {**MINE, "client_secret": "wrong"}, 400),
        ({}, {**MINE, "client_id": "nobody"}, 400),
        ({}, {**MINE, "client_id": "public"}, 400),
        ({}, {**GRANT, "client_id": "bare", "client_secret": ""}, 400),
        ({}, {**GRANT, "client_id": "app"}, 400),
        ({}, GRANT, 400),
        (basic("app:wrong"), GRANT, 401),
        (basic("nobody:s3cr3t"), GRANT, 401),
        ({"Authorization": "Bearer x"}, GRANT, 401),
    ],
)
def test_a_client_proves_to_be_one(headers, form, expected):
    status, answer = asking(headers=headers, **form)

    assert status == expected
    assert status == 200 or answer == {
        "error": "invalid_client",
        "error_description": "Invalid client authentication",
    }


@pytest.mark.parametrize(
    ("config", "more", "error", "description"),
    [
        ({}, {"grant_type": "x"}, "unsupported_grant_type", "Invalid grant_type"),
        (
            {"enable_client_credentials": False, "enable_password_grant": True},
            {},
            "unsupported_grant_type",
            "Invalid grant_type",
        ),
        (
            {"scopes": ["a"], "mandatory_scope": True},
            {},
            "invalid_scope",
            "You must specify a scope",
        ),
        (
            {"scopes": ["a"]},
            {"scope": "a b"},
            "invalid_scope",
            '"b" is an invalid scope',
        ),
        (
            {},
            {"authenticated_userid": "u"},
            "invalid_provision_key",
            "Invalid provision_key",
        ),
    ],
)
def test_what_is_not_granted_is_told_why(config, more, error, description):
    status, answer = asking(config, **{**MINE, **more})

    assert status == 400
    assert answer == {"error": error, "error_description": description}


def test_a_token_is_for_scopes_and_for_a_user_that_the_sign_in_page_names():
    known = Clients()
    config = {"scopes": ["a", "b"], "provision_key": "p"}

    asking(config, known, **MINE, scope=" b  a")
    asking(config, known, **MINE, authenticated_userid="u", provision_key="p")
    asking({}, known, **MINE, scope="anything")

    assert [values[2] for values in known.written] == [
        Granted("b a", None),
        Granted(None, "u"),
        Granted(None, None),
    ]


def test_nobody_asks_for_a_token_without_encryption():
    terminated = {"accept_http_if_already_terminated": True}
    https = {"X-Forwarded-Proto": "https"}

    def status(config, headers):
        return asking(config, headers=headers, scheme="http", **MINE)[0]

    assert status({}, https) == 400
    assert status(terminated, {}) == 400
    assert status(terminated, https) == 200


def test_a_token_is_asked_for_by_post_under_any_path():
    assert asking(target="/oauth2/token/", **MINE)[0] == 200
    assert asking(target="/oauth2/tokens", **MINE)[1]["error"] == "invalid_request"
    status, answer = asking(method="GET")
    assert (status, answer["error"]) == (405, "invalid_method")


def test_nothing_is_written_for_a_request_that_does_not_count():
    known = Clients()

    decision = judged(
        plugin("oauth2", enable_client_credentials=True),
        target="/oauth2/token",
        method="POST",
        headers={"Content-Type": FORM},
        body=urlencode(MINE).encode(),
        known=known,
        counts=False,
        **{"wsgi.url_scheme": "https"},
    )

    assert decision.status == 200
    assert known.written == []


def bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"Authorization": f"{scheme} {token}"}


@pytest.fixture
def known():
    clients = Clients()
    clients.give("t", NOW + 60, Granted("a b", "u"))
    clients.give("old", NOW, Granted(None, None))
    clients.give("plain", None, Granted(None, None))
    return clients


@pytest.mark.parametrize(
    ("headers", "target", "expected"),
    [
        (bearer("t"), "/", ""),
        (bearer("t", "bearer"), "/", ""),
        (bearer("t", "token"), "/", ""),
        ({"Authorization": "t"}, "/", ""),
        ({}, "/?access_token=t", ""),
        (bearer("plain"), "/", ""),
        (bearer("t", "Basic"), "/", "invalid_token"),
        (bearer("x"), "/?access_token=t", "invalid_token"),
        (bearer("old"), "/", "invalid_token"),
        (bearer("x\0"), "/", "invalid_token"),
        ({}, "/", "invalid_request"),
        ({}, "/?access_token=", "invalid_request"),
        ({}, "/?access_token", "invalid_request"),
        ({}, "/?access_token=t&access_token=t", "invalid_request"),
        ({"Authorization": ""}, "/?access_token=t", "invalid_request"),
    ],
)
def test_a_token_opens_until_it_ends(known, headers, target, expected):
    decision = judged(plugin("oauth2"), headers=headers, target=target, known=known)

    error = json.loads(decision.refusal.body)["error"] if decision.refusal else ""
    assert error == expected


def test_a_token_may_be_in_a_body_that_a_request_has(known):
    def status(method):
        return judged(
            plugin("oauth2"),
            method=method,
            headers={"Content-Type": FORM},
            body=b"access_token=t",
            known=known,
        ).status

    assert [status(method) for method in ("POST", "PUT", "GET")] == [200, 200, 401]


@pytest.mark.parametrize(
    ("realm", "challenge"), [(None, "Bearer"), ("x", 'Bearer realm="x"')]
)
def test_the_challenge_says_what_was_wrong(known, realm, challenge):
    oauth2 = plugin("oauth2", realm=realm)

    missing = judged(oauth2, known=known).refusal
    invalid = judged(oauth2, headers=bearer("x"), known=known).refusal

    assert missing.headers == (("WWW-Authenticate", challenge),)
    assert invalid.headers == (
        (
            "WWW-Authenticate",
            f'{challenge} error="invalid_token" '
            'error_description="The access token is invalid or has expired"',
        ),
    )


def test_the_service_is_told_what_a_token_is_for_and_by_nobody_else(known):
    told = judged(plugin("oauth2"), headers=bearer("t"), known=known)
    other = judged(plugin("oauth2"), headers=bearer("plain"), known=known)
    guest = judged(plugin("oauth2", anonymous="guest"), known=known)

    assert told.upstream == (
        ("X-Authenticated-Scope", "a b"),
        ("X-Authenticated-UserId", "u"),
    )
    assert dict(told.upstream_headers)["X-Credential-Identifier"] == "app"
    assert told.until == NOW + 60
    for decision in (other, guest):
        assert decision.hidden == ("X-Authenticated-Scope", "X-Authenticated-UserId")
    assert guest.identity is GUEST


def test_the_token_can_be_hidden(known):
    hiding = plugin("oauth2", hide_credentials=True, auth_header_name="x-token")

    decision = judged(hiding, headers={"X-Token": "Bearer t"}, known=known)

    assert decision.hidden == ("x-token",)


TERMINATED = {"X-Forwarded-Proto": "https", "Content-Type": FORM}


@pytest.mark.parametrize("hash_secret", [False, True])
def test_a_stored_client_gets_a_token_that_is_stored(gateway, hash_secret):
    make_plugin(
        "oauth2",
        scopes=["read"],
        enable_client_credentials=True,
        accept_http_if_already_terminated=True,
    )
    carl = make_consumer(username="carl")
    client = make_credential(
        "oauth2",
        carl,
        client_id="app",
        client_secret="s3cr3t",
        hash_secret=hash_secret,
    )
    form = urlencode({**MINE, "scope": "read"}).encode()

    wrong = gateway("/oauth2/token", "POST", TERMINATED, form.replace(b"s3", b"s4"))
    answer = gateway("/oauth2/token", "POST", TERMINATED, form)
    given = json.loads(answer.body)
    opened = gateway(headers=bearer(given["access_token"]))

    assert (wrong.status, answer.status, opened.status) == (400, 200, 200)
    assert answer.headers["Cache-Control"] == "no-store"
    assert opened.headers["X-Consumer-ID"] == str(carl.pk)
    assert opened.headers["X-Authenticated-Scope"] == "read"
    stored = OAuth2Token.objects.get(**OAuth2Token.named(given["access_token"]))
    assert stored.access_token == given["access_token"]
    assert (stored.credential, stored.expires_in) == (client, 7200)
    assert (stored.expires_at - stored.created_at).total_seconds() == 1_209_600
    assert stored.to_dict()["scope"] == "read"

    stored.delete()
    assert gateway(headers=bearer(given["access_token"])).status == 401


def test_a_token_ends_by_itself_though_it_is_remembered(gateway, monkeypatch):
    make_plugin("oauth2")
    client = make_credential("oauth2", make_consumer())
    token = make_oauth2_token(client, access_token="t", expires_in=60)
    assert gateway(headers=bearer("t")).status == 200

    end = token.created_at.timestamp() + 60
    monkeypatch.setattr("kongadmin.gateway.wsgi.time.time", lambda: end)

    assert gateway(headers=bearer("t")).status == 401


def test_the_provision_key_is_known_though_it_is_kept_encrypted(gateway):
    make_plugin(
        "oauth2",
        provision_key="p",
        enable_client_credentials=True,
        accept_http_if_already_terminated=True,
    )
    make_credential("oauth2", make_consumer(), client_id="app", client_secret="s3cr3t")

    def asked(provision_key: str) -> dict:
        form = {**MINE, "authenticated_userid": "u", "provision_key": provision_key}
        body = urlencode(form).encode()
        return json.loads(gateway("/oauth2/token", "POST", TERMINATED, body).body)

    token = asked("p")["access_token"]
    told = gateway(headers=bearer(token)).headers

    assert told["X-Authenticated-UserId"] == "u"
    assert asked("x")["error"] == "invalid_provision_key"
