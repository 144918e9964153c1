"""jwt, as Kong decides it.

Source of the rules: kong/plugins/jwt/{handler,jwt_parser}.lua; contract of the data
plane, §2.3.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from kongadmin.gateway import jws
from kongadmin.gateway.credentials import Credential, decrypted, find, read_named
from kongadmin.gateway.database import Database
from kongadmin.gateway.decision import Decision, Identity, Refusal, quoted
from kongadmin.gateway.plugins.base import Authentication, Instance
from kongadmin.gateway.request import Request, as_sent, header_variable

BEARER = re.compile(r"\s*[Bb]earer\s+(.+)")
# A decision about a token is not held for longer, however late the token ends.
FAR_SECONDS = 31_536_000
MOST_REMEMBERED = 10_000

# Who a genuine token is from, and its claims.
type Verified = tuple[Identity, dict[str, Any]]


class Mistrust(Exception):
    """Why a token says nothing about who sends it."""


class Issuer(NamedTuple):
    """What the tokens of a credential are verified with; None where nothing fits."""

    algorithm: str
    secret: str | None = None
    public_key: Any = None


class JWT(Authentication):
    """A signed token in a header, the query or a cookie."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        config = instance.config
        realm = config.get("realm")
        self.challenge = f'Bearer realm="{quoted(realm)}"' if realm else "Bearer"
        self.missing = Refusal.plain(
            401,
            {"message": "Unauthorized"},
            (("WWW-Authenticate", self.challenge),),
        )
        self.parameters = config.get("uri_param_names") or ()
        self.cookies = frozenset(map(str.lower, config.get("cookie_names") or ()))
        names = config.get("header_names", ())
        self.headers = {name: header_variable(name) for name in names}
        self.credential_headers = tuple(map(as_sent, names))
        if self.cookies:
            self.credential_headers += ("Cookie",)
        self.key_claim = config.get("key_claim_name") or "iss"
        self.secret_is_base64 = config.get("secret_is_base64", False)
        self.verified_claims = config.get("claims_to_verify") or ()
        self.genuine: dict[bytes, Verified] = {}
        self.most_seconds = config.get("maximum_expiration") or 0

    def identify(self, decision: Decision) -> Identity | Refusal:
        tokens = {text: where for text, *where in self.tokens(decision.request)}
        if decision.story is not None:
            self.tell_find(decision, tokens)
        if not tokens:
            return self.missing
        if len(tokens) > 1:
            return self.refusal({"message": "Multiple tokens provided"})
        [text] = tokens
        try:
            identity, claims = self.verified(decision, text)
        except Mistrust as reason:
            return self.refusal({"message": str(reason)})
        errors = self.claim_errors(decision, claims)
        return self.refusal(errors) if errors else identity

    def refusal(self, document: dict[str, str]) -> Refusal:
        challenge = f'{self.challenge} error="invalid_token"'
        return Refusal.plain(401, document, (("WWW-Authenticate", challenge),))

    def tokens(self, request: Request) -> Iterator[tuple[str, str, str]]:
        """Yield the tokens that a request carries, each with its place and name."""
        if request.query:
            for name in self.parameters:
                value = request.arguments.get(name)
                for text in value if isinstance(value, list) else [value]:
                    if text and isinstance(text, str):
                        yield text, "query", name
        if self.cookies:
            sent = cookies(request.headers.get("HTTP_COOKIE", ""), self.cookies)
            for name, text in sent.items():
                yield text, "cookie", name
        for name, variable in self.headers.items():
            # WSGI joins headers of one name with commas; the first one counts.
            value = request.headers.get(variable, "").partition(",")[0]
            if matched := BEARER.match(value):
                yield matched[1], "header", name

    def tell_find(self, decision: Decision, tokens: dict[str, list[str]]) -> None:
        """Add to the story where tokens were, or where none was."""
        for place, name in tokens.values():
            decision.tell("found", what="token", place=place, name=name)
        if not tokens:
            names = {
                "header": self.headers,
                "query": self.parameters,
                "cookie": self.cookies,
            }
            decision.tell(
                "missing",
                what="token",
                places=[place for place, known in names.items() if known],
                names=[name for known in names.values() for name in known],
            )

    def verified(self, decision: Decision, text: str) -> Verified:
        """Return who a token is from, and its claims; Mistrust if it is not genuine.

        What was found out is remembered: it holds as long as this object, which goes
        with any change of a credential. It is not told again, so a story needs it anew.
        """
        digest = sha256(text.encode(errors="replace")).digest()
        found = self.genuine.get(digest)
        if found is None or decision.story is not None:
            found = self.verify(decision, text)
            if len(self.genuine) >= MOST_REMEMBERED:
                self.genuine.clear()
            self.genuine[digest] = found
        return found

    def verify(self, decision: Decision, text: str) -> Verified:
        """Do what `verified` says, without remembering."""
        try:
            token = jws.parse(text)
        except jws.BadToken as error:
            raise Mistrust(f"Bad token; {error}") from error
        credential = find(decision, read_jwt, self.issuer_name(token))
        if credential is None:
            raise Mistrust(f"No credentials found for given '{self.key_claim}'")
        issuer: Issuer = credential.secret
        if token.header["alg"] != issuer.algorithm:
            raise Mistrust("Invalid algorithm")
        key = self.key_of(issuer)
        if not key:
            raise Mistrust("Invalid key/secret")
        verify = jws.ALGORITHMS[issuer.algorithm].verify
        if not verify(key, token.signed, token.signature):
            raise Mistrust("Invalid signature")
        return credential.identity, token.claims

    def issuer_name(self, token: jws.Token) -> str:
        """Return what a token says of its issuer, in its claims or else its header."""
        name = self.key_claim
        for document in (token.claims, token.header):
            key = document.get(name)
            if key is not None and key is not False:
                break
        else:
            raise Mistrust(f"No mandatory '{name}' in claims")
        if not key or not isinstance(key, str):
            raise Mistrust(f"Invalid '{name}' in claims")
        return key

    def key_of(self, issuer: Issuer) -> Any:
        """Return what the issuer's signatures are verified with, if anything."""
        if issuer.secret is None:
            return issuer.public_key
        octets = issuer.secret.encode()
        return jws.from_base64url(octets) if self.secret_is_base64 else octets

    def claim_errors(self, decision: Decision, claims: dict) -> dict[str, str]:
        """Return what is wrong with the dates of a token, by claim."""
        now, errors = int(decision.now), {}
        for name in self.verified_claims:
            if error := date_error(decision, name, claims.get(name), now):
                errors[name] = error
        if not errors and self.most_seconds > 0:
            ends = claims.get("exp")
            if not is_number(ends) or ends - now > self.most_seconds:
                errors["exp"] = "exceeds maximum allowed expiration"
        return errors


def date_error(decision: Decision, name: str, value: Any, now: int) -> str | None:
    """Return what is wrong with `exp` or `nbf`; note when that may change."""
    if not is_number(value):
        return "must be a number"
    if value > now:
        decision.hold_until(min(value, now + FAR_SECONDS))
    if name == "exp":
        return None if value > now else "token expired"
    return "token not valid yet" if value > now else None


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def cookies(text: str, names: frozenset[str]) -> dict[str, str]:
    """Return the first value of each of the cookies; the case of names is ignored."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        if value and name.lower() in names:
            found.setdefault(name.lower(), value)
    return found


def read_jwt(database: Database, scope_id: str, key: str) -> Credential | None:
    """Return the credential of that key with its issuer; one query."""
    columns = "algorithm", "secret", "rsa_public_key"
    found = read_named(database, scope_id, "jwt", ("key", key), *columns)
    if not found:
        return None
    identity, [algorithm, secret, pem] = found
    algorithm = algorithm or "HS256"
    if algorithm.startswith("HS"):
        return Credential(identity, Issuer(algorithm, decrypted(secret) or ""))
    key = jws.public_key(pem, algorithm)
    return Credential(identity, Issuer(algorithm, public_key=key))
