"""Signed tokens (RFC 7515, RFC 7519): reading them, and verifying their signatures."""

import hmac
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from kongadmin.gateway.credentials import from_base64

URL_SAFE = bytes.maketrans(b"-_", b"+/")


class BadToken(Exception):
    """Text that is no token; the reason is Kong's."""


class Token(NamedTuple):
    """A token's two documents, and the signature of what was signed."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def parse(text: str) -> Token:
    """Return what a token says; BadToken if it is none that could be verified."""
    head, _, rest = text.encode(errors="replace").partition(b".")
    body, dot, tail = rest.partition(b".")
    header, claims = document(head), document(body)
    if not dot or not isinstance(header, dict):
        raise BadToken("invalid JSON")
    if not isinstance(name := header.get("alg"), str) or name not in ALGORITHMS:
        raise BadToken("invalid alg")
    if not isinstance(claims, dict):
        raise BadToken("invalid claims")
    signature = from_base64url(tail)
    if signature is None:
        raise BadToken("invalid signature")
    return Token(header, claims, b"%b.%b" % (head, body), signature)


def document(part: bytes) -> Any:
    """Return the JSON document that a part of a token is."""
    try:
        return orjson.loads(from_base64url(part) or b"")
    except orjson.JSONDecodeError as error:
        raise BadToken("invalid JSON") from error


def from_base64url(digits: bytes) -> bytes | None:
    return from_base64(digits.translate(URL_SAFE))


type Verify = Callable[[Any, bytes, bytes], bool]


class Algorithm(NamedTuple):
    """How a signature is verified, and with what kind of key (None: a secret)."""

    verify: Verify
    keys: tuple[type, ...] = ()


def with_secret(digest: str) -> Algorithm:
    def verify(key: bytes, signed: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(key, signed, digest), signature)

    return Algorithm(verify)


def with_rsa(digest: HashAlgorithm) -> Algorithm:
    def verify(key: rsa.RSAPublicKey, signed: bytes, signature: bytes) -> None:
        key.verify(signature, signed, padding.PKCS1v15(), digest)

    return Algorithm(unless_invalid(verify), (rsa.RSAPublicKey,))


def with_pss(digest: HashAlgorithm) -> Algorithm:
    scheme = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)

    def verify(key: rsa.RSAPublicKey, signed: bytes, signature: bytes) -> None:
        key.verify(signature, signed, scheme, digest)

    return Algorithm(unless_invalid(verify), (rsa.RSAPublicKey,))


def with_curve(digest: HashAlgorithm, length: int) -> Algorithm:
    """The signature is two numbers of equal length, one after the other."""

    def verify(key: ec.EllipticCurvePublicKey, signed: bytes, signature: bytes) -> None:
        if len(signature) != length:
            raise InvalidSignature
        halves = signature[: length // 2], signature[length // 2 :]
        encoded = encode_dss_signature(*(int.from_bytes(half) for half in halves))
        key.verify(encoded, signed, ec.ECDSA(digest))

    return Algorithm(unless_invalid(verify), (ec.EllipticCurvePublicKey,))


def with_edwards_curve() -> Algorithm:
    def verify(key: ed25519.Ed25519PublicKey, signed: bytes, signature: bytes) -> None:
        key.verify(signature, signed)

    kinds = ed25519.Ed25519PublicKey, ed448.Ed448PublicKey
    return Algorithm(unless_invalid(verify), kinds)


def unless_invalid(verify: Callable[[Any, bytes, bytes], None]) -> Verify:
    """Return a function that says what `verify` raises."""

    def verifies(key: Any, signed: bytes, signature: bytes) -> bool:
        try:
            verify(key, signed, signature)
        except InvalidSignature:
            return False
        return True

    return verifies


ALGORITHMS = {
    "HS256": with_secret("sha256"),
    "HS384": with_secret("sha384"),
    "HS512": with_secret("sha512"),
    "RS256": with_rsa(SHA256()),
    "RS384": with_rsa(SHA384()),
    "RS512": with_rsa(SHA512()),
    "ES256": with_curve(SHA256(), 64),
    "ES384": with_curve(SHA384(), 96),
    "ES512": with_curve(SHA512(), 132),
    "PS256": with_pss(SHA256()),
    "PS384": with_pss(SHA384()),
    "PS512": with_pss(SHA512()),
    "EdDSA": with_edwards_curve(),
    # What Konnect and Kong 3.15 have besides.
    "ES256K": with_curve(SHA256(), 64),
    "ESB256": with_curve(SHA256(), 64),
    "ESB320": with_curve(SHA384(), 80),
    "ESB384": with_curve(SHA384(), 96),
    "ESB512": with_curve(SHA512(), 128),
    "ESP256": with_curve(SHA256(), 64),
    "ESP384": with_curve(SHA384(), 96),
    "ESP512": with_curve(SHA512(), 132),
    "Ed25519": with_edwards_curve(),
    "Ed448": with_edwards_curve(),
}


def public_key(text: str | None, algorithm: str) -> Any:
    """Return the key in a PEM text that an algorithm verifies with; None if none is."""
    try:
        key = load_pem_public_key((text or "").encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ALGORITHMS[algorithm].keys) else None
