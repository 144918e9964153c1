"""How the signature of a request is verified."""

import hashlib
import hmac
from base64 import b64encode

import pytest

from factories import make_consumer, make_credential, make_plugin
from judging import CARL, GUEST, NOW, Known, judged, outcome, plugin
from kongadmin.gateway.credentials import Credential
from kongadmin.gateway.plugins.hmac_auth import parse_date, read_hmac_auth

DATE = "Tue, 14 Nov 2023 22:13:20 GMT"  # NOW
SECRET = "s3cr3t"
KNOWN = Known(
    {read_hmac_auth: {"carl": Credential(CARL, SECRET), "bare": Credential(CARL, None)}}
)
FINE, MISSING = (200, ""), (401, "Unauthorized")
UNVERIFIABLE = (401, "HMAC signature cannot be verified")
OUTDATED = (
    401,
    "HMAC signature cannot be verified, a valid date or x-date header is required for "
    "HMAC Authentication",
)
MISMATCH = (401, "HMAC signature does not match")


def signature(text: str, algorithm: str = "sha256", secret: str = SECRET) -> str:
    return b64encode(hmac.digest(secret.encode(), text.encode(), algorithm)).decode()


def authorization(
    names: str,
    text: str,
    username: str = "carl",
    algorithm: str = "hmac-sha256",
    secret: str = SECRET,
) -> str:
    """Return the header of a client that signs `text` and says it is of `names`."""
    made = signature(text, algorithm.removeprefix("hmac-"), secret)
    return (
        f'hmac username="{username}", algorithm="{algorithm}", '
        f'headers="{names}", signature="{made}"'
    )


SIGNED = authorization("date", f"date: {DATE}")


def asked(sent: str = SIGNED, more: dict | None = None, now: float = NOW, **config):
    headers = {"Date": DATE, "Authorization": sent} | (more or {})
    return outcome(
        plugin("hmac-auth", **config),
        target="/orders?x=%31&y",
        headers=headers,
        known=KNOWN,
        now=now,
    )


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("date", f"date: {DATE}"),
        ("Date", f"Date: {DATE}"),
        ("date @request-target", f"date: {DATE}\n@request-target: get /orders?x=%31&y"),
        ("request-line date", f"GET /orders?x=%31&y HTTP/1.1\ndate: {DATE}"),
        ("x-absent date", f"x-absent:\ndate: {DATE}"),
        ("x-empty date", f"x-empty: \ndate: {DATE}"),
    ],
)
def test_every_kind_of_line_is_signed_as_kong_signs_it(names, text):
    headers = {"X-Empty": ""}

    assert asked(authorization(names, text), headers) == FINE
    assert asked(authorization(names, text + " "), headers) == MISMATCH


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (SIGNED.replace("hmac ", "Hmac ", 1), FINE),
        (SIGNED.replace("hmac ", "  hmac", 1), FINE),
        (SIGNED.replace(", ", ","), FINE),
        (SIGNED.replace("hmac ", "HMAC ", 1), UNVERIFIABLE),
        (SIGNED.replace('username="carl", ', ""), UNVERIFIABLE),
        (SIGNED.replace('username="carl"', 'username=""'), UNVERIFIABLE),
        (SIGNED.replace('algorithm="hmac-sha256", ', ""), UNVERIFIABLE),
        ("Basic eDp5", UNVERIFIABLE),
        ("", UNVERIFIABLE),
        (authorization("date", f"date: {DATE}", "nobody"), UNVERIFIABLE),
        (authorization("date", f"date: {DATE}", "bare", secret=""), UNVERIFIABLE),
        (authorization("date", f"date: {DATE}", secret="other"), MISMATCH),
        (SIGNED.partition("signature=")[0] + 'signature="###"', MISMATCH),
    ],
)
def test_a_signature_has_its_form_and_its_owner(sent, expected):
    assert asked(sent) == expected


@pytest.mark.parametrize("name", ["sha1", "sha256", "sha384", "sha512"])
def test_a_signature_is_made_with_an_algorithm_that_is_asked_for(name):
    sent = authorization("date", f"date: {DATE}", algorithm=f"hmac-{name}")

    assert asked(sent) == FINE
    assert asked(sent, algorithms=[f"hmac-{name}"]) == FINE
    other = "hmac-sha512" if name == "sha1" else "hmac-sha1"
    assert asked(sent, algorithms=[other]) == UNVERIFIABLE


def test_sha224_is_accepted_where_it_is_asked_for():
    sent = authorization("date", f"date: {DATE}", algorithm="hmac-sha224")

    assert asked(sent) == UNVERIFIABLE
    assert asked(sent, algorithms=["hmac-sha224"]) == FINE


def test_headers_can_be_enforced_by_their_exact_names():
    assert asked(enforce_headers=["date"]) == FINE
    assert asked(enforce_headers=["Date"]) == UNVERIFIABLE
    assert asked(enforce_headers=["date", "@request-target"]) == UNVERIFIABLE


def test_the_clock_may_differ_by_the_skew_and_no_more():
    assert asked(now=NOW + 300.9) == FINE
    assert asked(now=NOW - 300) == FINE
    assert asked(now=NOW + 301) == OUTDATED
    assert asked(now=NOW - 301) == OUTDATED
    assert asked(now=NOW + 11, clock_skew=10) == OUTDATED


def test_either_date_will_do():
    old = "Tue, 14 Nov 2023 22:00:00 GMT"
    sent = authorization("x-date", f"x-date: {DATE}")

    assert asked(sent, {"Date": old, "X-Date": DATE}) == FINE
    assert asked(SIGNED, {"X-Date": old}) == FINE
    assert asked(sent, {"Date": old, "X-Date": "yesterday"}) == OUTDATED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DATE, NOW),
        ("Tuesday, 14-Nov-23 22:13:20 GMT", NOW),
        ("Tue Nov 14 22:13:20 2023", NOW),
        ("Tue, 14 Nov 2023 22:13:20 +0100", None),
        ("2023-11-14T22:13:20Z", None),
        ("", None),
    ],
)
def test_a_date_is_one_of_http(text, expected):
    assert parse_date(text) == expected


def test_no_signature_and_no_date_are_told_apart():
    hmac_auth = plugin("hmac-auth", realm="acme")

    decision = judged(hmac_auth, headers={"Date": DATE}, known=KNOWN)
    undated = outcome(hmac_auth, headers={"Authorization": SIGNED}, known=KNOWN)

    assert decision.refusal.message == "Unauthorized"
    assert decision.refusal.headers == (("WWW-Authenticate", 'hmac realm="acme"'),)
    assert undated == OUTDATED
    assert judged(plugin("hmac-auth")).refusal.headers == (
        ("WWW-Authenticate", "hmac"),
    )


def test_the_header_for_proxies_comes_first_if_it_can_be_read():
    wrong = SIGNED.replace("carl", "nobody")

    assert asked(wrong, {"Proxy-Authorization": SIGNED}) == FINE
    assert asked(SIGNED, {"Proxy-Authorization": "x"}) == FINE
    assert asked(SIGNED, {"Proxy-Authorization": wrong}) == UNVERIFIABLE


def test_only_the_headers_that_were_looked_at_are_hidden():
    hiding = plugin("hmac-auth", hide_credentials=True, anonymous="guest")
    headers = {"Date": DATE, "Authorization": SIGNED}
    proxy = headers | {"Proxy-Authorization": SIGNED}

    assert judged(hiding, headers=headers, known=KNOWN).hidden == ("Authorization",)
    assert judged(hiding, headers=proxy, known=KNOWN).hidden == ("Proxy-Authorization",)
    assert judged(hiding, known=KNOWN).identity is GUEST


def test_the_body_is_the_one_whose_digest_was_sent():
    def sent(body: bytes, digest: bytes | None) -> tuple[int, str]:
        headers = {"Date": DATE, "Authorization": SIGNED}
        if digest is not None:
            made = b64encode(hashlib.sha256(digest).digest()).decode()
            headers["Digest"] = f"SHA-256={made}"
        checking = plugin("hmac-auth", validate_request_body=True)
        return outcome(checking, method="POST", headers=headers, body=body, known=KNOWN)

    assert sent(b"body", b"body") == FINE
    assert sent(b"body", b"other") == MISMATCH
    assert sent(b"body", None) == MISMATCH
    assert sent(b"", None) == FINE
    assert sent(b"", b"") == FINE
    assert sent(b"", b"body") == MISMATCH


def test_bytes_beyond_ascii_are_signed_as_they_were_sent():
    text = f"date: {DATE}\nx-name: ä"
    sent = authorization("date x-name", text)

    assert asked(sent, {"X-Name": "ä".encode().decode("latin-1")}) == FINE
    assert asked(sent.replace("carl", "日本"), {"X-Name": "x"}) == UNVERIFIABLE


def test_a_stored_secret_verifies(gateway, monkeypatch):
    monkeypatch.setattr("kongadmin.gateway.wsgi.time.time", lambda: NOW)
    make_plugin("hmac-auth")
    hal = make_consumer(username="hal")
    make_credential("hmac-auth", hal, username="carl", secret=SECRET)
    text = f"date: {DATE}\n@request-target: get /a%20b?x=1"
    headers = {"Date": DATE}

    answer = gateway(
        "/a b?x=1",
        headers=headers
        | {"Authorization": authorization("date @request-target", text)},
    )

    assert answer.status == 200
    assert answer.headers["X-Consumer-ID"] == str(hal.pk)
    assert answer.headers["X-Credential-Identifier"] == "carl"
    assert gateway(headers=headers | {"Authorization": SIGNED}).status == 200
    wrong = authorization("date", f"date: {DATE}", secret="x")
    assert gateway(headers=headers | {"Authorization": wrong}).status == 401
