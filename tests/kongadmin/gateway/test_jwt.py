"""How a signed token is found, verified, and told whose it is."""

import hmac
import json
from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from factories import make_consumer, make_credential, make_plugin
from judging import CARL, GUEST, NOW, Known, judged, outcome, plugin
from kongadmin.gateway.credentials import Credential
from kongadmin.gateway.jws import public_key
from kongadmin.gateway.plugins.jwt import Issuer, read_jwt

SECRET = "jwt-secret"
RSA = rsa.generate_private_key(65537, 2048)
CURVES = {
    "ES256": (ec.generate_private_key(ec.SECP256R1()), SHA256(), 32),
    "ES384": (ec.generate_private_key(ec.SECP384R1()), SHA384(), 48),
    "ES512": (ec.generate_private_key(ec.SECP521R1()), SHA512(), 66),
    "ES256K": (ec.generate_private_key(ec.SECP256K1()), SHA256(), 32),
    "ESB256": (ec.generate_private_key(ec.BrainpoolP256R1()), SHA256(), 32),
    "ESB384": (ec.generate_private_key(ec.BrainpoolP384R1()), SHA384(), 48),
    "ESB512": (ec.generate_private_key(ec.BrainpoolP512R1()), SHA512(), 64),
    "ESP256": (ec.generate_private_key(ec.SECP256R1()), SHA256(), 32),
}
ED = ed25519.Ed25519PrivateKey.generate()
HASHES = {"256": SHA256(), "384": SHA384(), "512": SHA512()}


def part(document) -> str:
    return encoded(json.dumps(document).encode())


def encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


def sign(algorithm: str, signed: bytes, secret: str) -> bytes:
    kind, size = algorithm[:2], algorithm[2:]
    match kind:
        case "HS":
            return hmac.digest(secret.encode(), signed, f"sha{size}")
        case "RS":
            return RSA.sign(signed, padding.PKCS1v15(), HASHES[size])
        case "PS":
            digest = HASHES[size]
            scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
            return RSA.sign(signed, scheme, digest)
        case "ES":
            key, digest, length = CURVES[algorithm]
            numbers = decode_dss_signature(key.sign(signed, ec.ECDSA(digest)))
            return b"".join(number.to_bytes(length) for number in numbers)
    return ED.sign(signed)


def token(
    claims: dict | None = None,
    algorithm: str = "HS256",
    secret: str = SECRET,
    **header,
) -> str:
    """Make a token of the issuer `jo`."""
    head = part({"typ": "JWT", "alg": algorithm} | header)
    signed = f"{head}.{part({'iss': 'jo'} if claims is None else claims)}"
    return f"{signed}.{encoded(sign(algorithm, signed.encode(), secret))}"


def pem(private_key) -> str:
    form = PublicFormat.SubjectPublicKeyInfo
    return private_key.public_key().public_bytes(Encoding.PEM, form).decode()


def issuer(algorithm: str, key) -> Credential:
    return Credential(CARL, Issuer(algorithm, public_key=public_key(key, algorithm)))


KEYS = {
    **{name: pem(RSA) for name in ("RS256", "RS384", "RS512")},
    **{name: pem(RSA) for name in ("PS256", "PS384", "PS512")},
    **{name: pem(key) for name, (key, *_) in CURVES.items()},
    "EdDSA": pem(ED),
    "Ed25519": pem(ED),
}
SECRETS = {name: Credential(CARL, Issuer(name, SECRET)) for name in ("HS384", "HS512")}
KNOWN = Known(
    {
        read_jwt: {
            "jo": Credential(CARL, Issuer("HS256", SECRET)),
            "base64": Credential(CARL, Issuer("HS256", encoded(SECRET.encode()))),
            "bare": Credential(CARL, Issuer("HS256", "")),
            "keyless": issuer("RS256", None),
            "wrong-key": issuer("ES256", pem(RSA)),
            **SECRETS,
            **{name: issuer(name, key) for name, key in KEYS.items()},
        }
    }
)
FINE, MISSING = (200, ""), (401, "Unauthorized")
MULTIPLE = (401, "Multiple tokens provided")
GOOD, OTHER = token(), token({"iss": "who"})


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def asked(text: str, now: float = NOW, **config) -> tuple[int, str]:
    """Return the outcome for a request with a token."""
    return outcome(plugin("jwt", **config), headers=bearer(text), known=KNOWN, now=now)


@pytest.mark.parametrize(
    ("config", "headers", "query", "expected"),
    [
        ({}, {}, "", MISSING),
        ({}, bearer(GOOD), "", FINE),
        ({}, {"Authorization": f"  bearer   {GOOD}"}, "", FINE),
        ({}, {"Authorization": f"BEARER {GOOD}"}, "", MISSING),
        ({}, {"Authorization": f"Bearer{GOOD}"}, "", MISSING),
        ({}, {"Authorization": f"Bearer {GOOD},Bearer {OTHER}"}, "", FINE),
        ({}, {"Authorization": "Basic eDp5"}, "", MISSING),
        ({}, {}, f"jwt={GOOD}", FINE),
        ({}, {}, "jwt=", MISSING),
        ({}, {}, "jwt", MISSING),
        ({}, {}, f"jwt={GOOD}&jwt={GOOD}", FINE),
        ({}, {}, f"jwt={GOOD}&jwt={OTHER}", MULTIPLE),
        ({}, bearer(GOOD), f"jwt={GOOD}", FINE),
        ({}, bearer(GOOD), f"jwt={OTHER}", MULTIPLE),
        ({}, {"Cookie": f"jwt={GOOD}"}, "", MISSING),
        ({"cookie_names": ["tok"]}, {"Cookie": f"a=b; tok={GOOD}"}, "", FINE),
        ({"cookie_names": ["tok"]}, {"Cookie": f"TOK={GOOD};tok={OTHER}"}, "", FINE),
        ({"cookie_names": ["tok"]}, {"Cookie": "tok="}, "", MISSING),
        ({"header_names": ["x-a", "x-b"]}, {"X-B": f"Bearer {GOOD}"}, "", FINE),
        ({"header_names": ["x-a"]}, bearer(GOOD), "", MISSING),
        ({"uri_param_names": ["t"]}, {}, f"t={GOOD}", FINE),
    ],
)
def test_tokens_are_collected_from_everywhere(config, headers, query, expected):
    jwt = plugin("jwt", **config)

    assert outcome(jwt, target=f"/?{query}", headers=headers, known=KNOWN) == expected


HEAD, CLAIMS, SIGNATURE = GOOD.split(".")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("abc", "invalid JSON"),
        (f"{HEAD}.{CLAIMS}", "invalid JSON"),
        (f"{part([])}.{CLAIMS}.{SIGNATURE}", "invalid JSON"),
        (f"{HEAD}.{encoded(b'{')}.{SIGNATURE}", "invalid JSON"),
        (f"{HEAD}.{encoded(b'[' * 100_000)}.{SIGNATURE}", "invalid JSON"),
        (f"{HEAD}.{encoded(b'{"exp": NaN}')}.{SIGNATURE}", "invalid JSON"),
        (f"{HEAD}.ä.{SIGNATURE}", "invalid JSON"),
        (f"{part({'alg': 'none'})}.{CLAIMS}.", "invalid alg"),
        (f"{part({'alg': ['HS256']})}.{CLAIMS}.{SIGNATURE}", "invalid alg"),
        (f"{part({})}.{CLAIMS}.{SIGNATURE}", "invalid alg"),
        (f"{HEAD}.{part([])}.{SIGNATURE}", "invalid claims"),
        (f"{GOOD}.x", "invalid signature"),
        (f"{HEAD}.{CLAIMS}.#", "invalid signature"),
    ],
)
def test_what_is_no_token_is_told_why(text, reason):
    assert asked(text) == (401, f"Bad token; {reason}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (token({"sub": "1"}), (401, "No mandatory 'iss' in claims")),
        (token({"sub": "1"}, iss="jo"), FINE),
        (token({"iss": ""}), (401, "Invalid 'iss' in claims")),
        (token({"iss": 5}), (401, "Invalid 'iss' in claims")),
        (token({"iss": "who"}), (401, "No credentials found for given 'iss'")),
        (token({"iss": "\0"}), (401, "No credentials found for given 'iss'")),
        (token(algorithm="HS512"), (401, "Invalid algorithm")),
        (token({"iss": "RS256"}), (401, "Invalid algorithm")),
        (token({"iss": "bare"}, secret=""), (401, "Invalid key/secret")),
        (token({"iss": "keyless"}, "RS256"), (401, "Invalid key/secret")),
        (token({"iss": "wrong-key"}, "ES256"), (401, "Invalid key/secret")),
        (token(secret="other"), (401, "Invalid signature")),
        (f"{HEAD}.{CLAIMS}.", (401, "Invalid signature")),
        (token({"iss": "ES256"}, "ES256") + "AAAA", (401, "Invalid signature")),
    ],
)
def test_a_token_comes_from_an_issuer(text, expected):
    assert asked(text) == expected


@pytest.mark.parametrize("algorithm", [*SECRETS, *KEYS])
def test_every_algorithm_verifies(algorithm):
    good = token({"iss": algorithm}, algorithm)
    signed, _, signature = good.rpartition(".")
    other = token({"iss": algorithm, "x": 1}, algorithm).rpartition(".")[2]

    assert asked(f"{signed}.{signature}") == FINE
    assert asked(f"{signed}.{other}") == (401, "Invalid signature")


def test_a_secret_may_be_written_in_base64():
    text = token({"iss": "base64"})

    assert asked(text, secret_is_base64=True) == FINE
    assert asked(text) == (401, "Invalid signature")


def test_another_claim_may_name_the_issuer():
    text = token({"kid": "jo"})

    assert asked(text, key_claim_name="kid") == FINE
    assert asked(GOOD, key_claim_name="kid") == (401, "No mandatory 'kid' in claims")


def claims_answer(claims: dict, **config) -> dict:
    """Return the body for a token with these claims; nothing if it is accepted."""
    jwt = plugin("jwt", **{"claims_to_verify": ["exp", "nbf"], **config})
    text = token({"iss": "jo", **claims})
    decision = judged(jwt, headers=bearer(text), known=KNOWN)
    return json.loads(decision.refusal.body) if decision.refusal else {}


TIMELY = {"exp": NOW + 1, "nbf": NOW}
EXPIRED = {"exp": "token expired"}
EARLY = {"nbf": "token not valid yet"}
TOO_LONG = {"exp": "exceeds maximum allowed expiration"}


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        (TIMELY, {}),
        ({"exp": NOW, "nbf": NOW}, EXPIRED),
        ({"exp": NOW + 1, "nbf": NOW + 1}, EARLY),
        ({"exp": NOW, "nbf": NOW + 1}, EXPIRED | EARLY),
        ({"exp": "x", "nbf": True}, dict.fromkeys(TIMELY, "must be a number")),
        ({}, dict.fromkeys(TIMELY, "must be a number")),
        ({"exp": NOW + 0.5, "nbf": NOW - 0.5}, {}),
    ],
)
def test_dates_are_looked_at_if_the_plugin_says_so(claims, expected):
    assert claims_answer(claims) == expected
    assert claims_answer(claims, claims_to_verify=None) == {}


def test_a_token_may_not_last_longer_than_the_plugin_allows():
    only = {"claims_to_verify": ["exp"], "maximum_expiration": 120}

    assert claims_answer({"exp": NOW + 120}, **only) == {}
    assert claims_answer({"exp": NOW + 121}, **only) == TOO_LONG
    assert claims_answer({"exp": NOW}, **only) == EXPIRED
    anything = {"claims_to_verify": None, "maximum_expiration": 120}
    assert claims_answer({}, **anything) == TOO_LONG


def test_a_decision_holds_until_a_date_that_changes_it():
    jwt = plugin("jwt", claims_to_verify=["exp", "nbf"])

    def until(**claims):
        text = token({"iss": "jo", **claims})
        return judged(jwt, headers=bearer(text), known=KNOWN).until

    assert until(exp=NOW + 60, nbf=NOW) == NOW + 60
    assert until(exp=NOW + 60, nbf=NOW + 5) == NOW + 5
    assert until(exp=1e300, nbf=NOW) < NOW + 1e9


@pytest.mark.parametrize(
    ("realm", "missing", "invalid"),
    [
        (None, "Bearer", 'Bearer error="invalid_token"'),
        ("x", 'Bearer realm="x"', 'Bearer realm="x" error="invalid_token"'),
    ],
)
def test_the_challenge_says_what_was_wrong(realm, missing, invalid):
    jwt = plugin("jwt", realm=realm)

    without = judged(jwt).refusal
    wrong = judged(jwt, headers=bearer("abc")).refusal

    assert without.headers == (("WWW-Authenticate", missing),)
    assert without.body == b'{"message":"Unauthorized"}'
    assert wrong.headers == (("WWW-Authenticate", invalid),)
    assert wrong.body == b'{"message":"Bad token; invalid JSON"}'


def test_preflight_and_strangers_pass_where_the_plugin_lets_them():
    lenient = plugin("jwt", run_on_preflight=False)

    assert outcome(lenient, method="OPTIONS") == FINE
    assert outcome(lenient) == MISSING
    assert judged(plugin("jwt", anonymous="guest")).identity is GUEST


def test_stored_issuers_verify(gateway):
    make_plugin("jwt", claims_to_verify=["exp"])
    jo = make_consumer(username="jo")
    make_credential("jwt", jo, key="jo", secret=SECRET)
    make_credential("jwt", jo, key="EdDSA", algorithm="EdDSA", rsa_public_key=pem(ED))
    make_credential("jwt", jo, key="plain", algorithm=None, secret=SECRET)

    for algorithm, key in (("HS256", "jo"), ("EdDSA", "EdDSA"), ("HS256", "plain")):
        text = token({"iss": key, "exp": 4e9}, algorithm)
        answer = gateway(headers=bearer(text))
        assert answer.status == 200
        assert answer.headers["X-Consumer-ID"] == str(jo.pk)
        assert answer.headers["X-Credential-Identifier"] == key

    answer = gateway(headers=bearer(token({"iss": "jo"})) | {"Accept": "text/html"})
    assert (answer.status, json.loads(answer.body)) == (
        401,
        {"exp": "must be a number"},
    )
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def test_a_genuine_token_is_remembered_until_something_changes(gateway):
    make_plugin("jwt", claims_to_verify=["exp"])
    credential = make_credential("jwt", make_consumer(), key="jo", secret=SECRET)
    text = token({"iss": "jo", "exp": 4e9})
    assert [gateway(headers=bearer(text)).status for _ in range(2)] == [200, 200]

    credential.secret = "another"
    credential.save()

    assert gateway(headers=bearer(text)).status == 401
