"""oauth2, as Kong decides it: access tokens, and the client credentials grant.

A POST to any path that ends in /oauth2/token gets a client a token of its own, on the
proxy listener: a proxy in front takes no answer but a decision. The grants with a user
need a page where they sign in, and a store for codes; they are answered as grants that
are off. Tokens are for everything that the control plane guards: `global_credentials`
is about services.

Source of the rules: kong/plugins/oauth2/access.lua; RFC 6749, RFC 6750.
"""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from kongadmin.gateway.clients import (
    Client,
    Granted,
    new_token,
    octets,
    read_access_token,
    read_client,
    write_access_token,
)
from kongadmin.gateway.credentials import (
    UNSTORABLE,
    Credential,
    find,
    keyring,
    look_up,
)
from kongadmin.gateway.decision import (
    Decision,
    Headers,
    Identity,
    Refusal,
    printable,
    quoted,
)
from kongadmin.gateway.plugins.base import Authentication, Instance
from kongadmin.gateway.plugins.basic_auth import read_login
from kongadmin.gateway.request import Request, as_sent, header_text, header_variable
from kongadmin.peers import is_trusted

TOKEN_PATH = "/oauth2/token"  # noqa: S105
SCHEMES = ("token", "bearer")
UNKEPT = (("Pragma", "no-cache"),)
WITH_BODY = ("POST", "PUT", "PATCH")
# What the service is told of a token, and so nobody else may tell it.
SCOPE, USER = "X-Authenticated-Scope", "X-Authenticated-UserId"
MISSING = {
    "error": "invalid_request",
    "error_description": "The access token is missing",
}
INVALID = {
    "error": "invalid_token",
    "error_description": "The access token is invalid or has expired",
}


class Denied(Exception):
    """A request for a token that is not granted."""

    def __init__(self, error: str, description: str, challenge: str = "") -> None:
        self.document = {"error": error, "error_description": description}
        self.challenge = challenge


class OAuth2(Authentication):
    """An access token in a header, the query or the body."""

    is_repeatable = False

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        self.config = config = instance.config
        realm = config.get("realm")
        self.challenge = f'Bearer realm="{quoted(realm)}"' if realm else "Bearer"
        self.missing = refusal(401, MISSING, self.challenge)
        self.invalid = self.refusal(401, INVALID)
        self.header = config.get("auth_header_name") or "authorization"
        self.variable = header_variable(self.header)
        self.hides = config.get("hide_credentials", False)
        self.seconds = int(config.get("token_expiration", 7200))

    def refusal(self, status: int, document: dict[str, str]) -> Refusal:
        """Return a refusal with a challenge that says the same as its document."""
        error, description = document["error"], quoted(document["error_description"])
        return refusal(
            status,
            document,
            f'{self.challenge} error="{error}" error_description="{description}"',
        )

    def access(self, decision: Decision) -> Refusal | None:
        if decision.request.path.removesuffix("/").endswith(TOKEN_PATH):
            return self.token_endpoint(decision)
        refused = super().access(decision)
        told = {name for name, _ in decision.upstream}
        decision.hidden += tuple(n for n in (SCOPE, USER) if n not in told)
        return refused

    def identify(self, decision: Decision) -> Identity | Refusal:
        token = self.find_token(decision)
        if not token:
            return self.missing
        credential = token_owner(decision, token)
        if credential is None:
            return self.invalid
        granted = {SCOPE: credential.secret.scope, USER: credential.secret.user}
        decision.upstream += tuple(
            (n, printable(text)) for n, text in granted.items() if text
        )
        return credential.identity

    def find_token(self, decision: Decision) -> str | None:
        """Return the token that a request carries; a header beats a parameter."""
        request = decision.request
        value = request.headers.get(self.variable)
        if value is None:
            place, name = "query", "access_token"
            token = parameters(request).get(name)
        else:
            place, name = "header", self.header
            text = header_text(value)
            scheme, *rest = text.split() or [""]
            is_usual = len(rest) == 1 and scheme.lower() in SCHEMES
            token = rest[0] if is_usual else text
            if is_usual and self.hides:
                decision.hidden += (as_sent(name),)
        if not token or not isinstance(token, str):
            names, places = [self.header, "access_token"], ["header", "query"]
            decision.tell("missing", what="token", places=places, names=names)
            return None
        decision.tell("found", what="token", place=place, name=name)
        return token

    def token_endpoint(self, decision: Decision) -> Refusal:
        """Return what a client that asks for a token is answered."""
        request = decision.request
        if request.method != "POST":
            text = f"The HTTP method {request.method} is invalid for the token endpoint"
            document = {"error": "invalid_method", "error_description": text}
            return self.refusal(405, document)
        asked = parameters(request)
        state = asked.get("state")
        extra = {"state": state} if isinstance(state, str) else {}
        try:
            document = self.issue(decision, asked)
        except Denied as denied:
            status = 401 if denied.challenge else 400
            challenge, document = denied.challenge, denied.document
            return refusal(status, document | extra, challenge, UNKEPT)
        return refusal(200, document | extra, headers=UNKEPT)

    def issue(self, decision: Decision, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Write a token for the client that asks, and return it as it is answered."""
        if not self.is_secure(decision.request):
            raise Denied("access_denied", "You must use HTTPS")
        client = self.client(decision, asked)
        is_on = self.config.get("enable_client_credentials", False)
        if not is_on or asked.get("grant_type") != "client_credentials":
            raise Denied("unsupported_grant_type", "Invalid grant_type")
        granted = Granted(user=self.user(asked), scope=self.scope(asked))
        token = new_token()
        decision.identity = client.identity
        if decision.counts:
            decision.known.ask(
                write_access_token,
                decision.plane.id,
                client.identity.credential_id,
                token,
                granted,
                decision.now,
                self.seconds,
                self.seconds and int(self.config.get("refresh_token_ttl") or 0),
            )
        answer = {"access_token": token, "token_type": "bearer"}
        return answer | ({"expires_in": self.seconds} if self.seconds else {})

    def is_secure(self, request: Request) -> bool:
        """Say whether the client's connection is encrypted, as far as can be known."""
        sent = request.headers
        if sent.get("wsgi.url_scheme") == "https":
            return True
        return (
            self.config.get("accept_http_if_already_terminated", False)
            and is_trusted(sent.get("REMOTE_ADDR", ""))
            and sent.get("HTTP_X_FORWARDED_PROTO", "").lower() == "https"
        )

    def client(self, decision: Decision, asked: Mapping[str, Any]) -> Credential:
        """Return the client that asks; Denied if it does not prove to be one."""
        client_id, secret, challenge = self.sent_by_client(decision.request, asked)
        credential = client_id and find(decision, read_client, client_id)
        known: Client = credential.secret if credential else Client("", False, True)
        if not known.knows(secret) or not credential:
            raise Denied("invalid_client", "Invalid client authentication", challenge)
        return credential

    def sent_by_client(
        self, request: Request, asked: Mapping[str, Any]
    ) -> tuple[str, str, str]:
        """Return client ID and secret, and the challenge if they were in a header."""
        client_id, secret = asked.get("client_id"), asked.get("client_secret")
        if isinstance(client_id, str) and isinstance(secret, str):
            return client_id, secret, ""
        value = request.headers.get(self.variable)
        if value is None:
            return "", "", ""
        login = read_login(value)
        challenge = 'Basic realm="OAuth2.0"'
        if login is None:
            return "", "", challenge
        return login.username, login.password.decode(errors="replace"), challenge

    def user(self, asked: Mapping[str, Any]) -> str | None:
        """Return the user that a token is for; only who knows a key may name one."""
        user = asked.get("authenticated_userid")
        if user is None:
            return None
        if not knows(asked.get("provision_key"), self.config.get("provision_key")):
            raise Denied("invalid_provision_key", "Invalid provision_key")
        if not isinstance(user, str) or UNSTORABLE.search(user):
            raise Denied("invalid_authenticated_userid", "Invalid authenticated_userid")
        return user

    def scope(self, asked: Mapping[str, Any]) -> str | None:
        """Return the scopes that a token is for, separated by spaces."""
        scope, known = asked.get("scope"), self.config.get("scopes")
        if scope is None and self.config.get("mandatory_scope"):
            raise Denied("invalid_scope", "You must specify a scope")
        if scope is None or not known:
            return None
        if not isinstance(scope, str):
            raise Denied("invalid_scope", "scope must be a string")
        for name in scope.split():
            if name not in known:
                raise Denied("invalid_scope", f'"{name}" is an invalid scope')
        return " ".join(scope.split()) or None


def knows(given: Any, secret: str | None) -> bool:
    """Say whether somebody has sent a secret."""
    if not isinstance(given, str) or not secret:
        return False
    return compare_digest(octets(given), octets(secret))


def parameters(request: Request) -> Mapping[str, Any]:
    """Return what a request says in its query, and in its body if it may have one."""
    if request.method in WITH_BODY:
        return request.arguments | request.members
    return request.arguments


def token_owner(decision: Decision, token: str) -> Credential | None:
    """Return whose token it is, and what for, unless it has ended."""
    if UNSTORABLE.search(token):
        return None
    return look_up(decision, read_access_token, *keyring.digests(token))


def refusal(
    status: int,
    document: dict[str, Any],
    challenge: str = "",
    headers: Headers = (),
) -> Refusal:
    """Return an answer with a challenge, if there is one."""
    if challenge:
        headers += (("WWW-Authenticate", challenge),)
    message = document.get("error_description", "")
    return Refusal.plain(status, document, headers, message)
