"""From a request to an identity: key-auth, as Kong decides it.

Everything here is a function of a control plane's plugins, a request, the time and what
is `known` about keys and consumers; where that knowledge comes from is not its concern.
Source of the rules: kong/plugins/key-auth/handler.lua.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kongadmin.gateway.request import Request, header_text, header_variable

if TYPE_CHECKING:
    from kongadmin.gateway.store import View


@dataclass(frozen=True)
class Identity:
    """A consumer, and the credential that proved it; the anonymous one needs none."""

    consumer_id: str
    username: str | None
    custom_id: str | None
    credential_id: str | None = None
    expires_at: float | None = None

    @cached_property
    def allowed(self) -> "Decision":
        return Decision(identity=self)

    @cached_property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What the upstream service is told about the caller."""
        values = {
            "X-Consumer-ID": self.consumer_id,
            "X-Consumer-Custom-ID": self.custom_id,
            "X-Consumer-Username": self.username,
            "X-Credential-Identifier": self.credential_id,
            "X-Anonymous-Consumer": None if self.credential_id else "true",
        }
        return tuple((name, printable(text)) for name, text in values.items() if text)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a request; the header `hidden` is kept from upstream."""

    status: int = 200
    message: str = ""
    challenge: str | None = None
    identity: Identity | None = None
    hidden: str | None = None


PASSED = Decision()
FORBIDDEN = Decision(403, "Forbidden")
NOT_FOUND = Decision(404, "Not found")
UNKNOWN_PLANE = Decision(404, "Forbidden")
MISCONFIGURED = Decision(500, "Invalid plugin configuration")
FAILED = Decision(500, "An unexpected error occurred")


@dataclass(frozen=True, slots=True)
class Source:
    """Where keys are looked for: the control plane itself, or a realm."""

    scope: str = "cp"
    id: str | None = None


@dataclass(frozen=True, slots=True)
class KeyName:
    """A configured key name, and the header it matches in CGI's spelling."""

    text: str
    variable: str


class KeyAuth:
    """A key-auth plugin's configuration, made ready to judge requests."""

    def __init__(self, config: dict[str, Any]) -> None:
        realm = config.get("realm")
        self.challenge = f'Key realm="{quoted(realm)}"' if realm else "Key"
        self.missing = self.refusal("No API key found in request")
        self.duplicate = self.refusal("Duplicate API key found")
        self.unknown = self.refusal("Unauthorized")
        names = config.get("key_names")
        self.names = names and [KeyName(name, header_variable(name)) for name in names]
        self.in_header = config.get("key_in_header", True)
        self.in_query = config.get("key_in_query", True)
        self.in_body = config.get("key_in_body", False)
        self.hides = config.get("hide_credentials", False)
        self.anonymous = config.get("anonymous")
        self.skips_preflight = config.get("run_on_preflight") is False
        sources = config.get("identity_realms")
        if sources is None:
            sources = [{}]
        self.sources = [Source(s.get("scope", "cp"), s.get("id")) for s in sources]

    def refusal(self, message: str) -> Decision:
        return Decision(401, message, self.challenge)

    def judge(
        self, plane: "Plane", request: Request, known: "View", now: float
    ) -> Decision:
        """Decide about a request to `plane` at `now`, in seconds since 1970."""
        if self.skips_preflight and request.method == "OPTIONS":
            return PASSED
        if self.names is None:
            name, decision = None, MISCONFIGURED
        else:
            name, key, joined = self.find(request)
            decision = self.recognise(plane, key, joined, known, now)
        if self.anonymous and decision.status != 200:
            consumer = known.consumer(plane, self.anonymous)
            decision = consumer.allowed if consumer else FAILED
        if self.hides and name:
            return replace(decision, hidden=name.text)
        return decision

    def find(self, request: Request) -> tuple[KeyName | None, str | list | dict, bool]:
        """Return the name under which a key came, the key or keys, and if it is joined.

        The order of names beats that of places. Text ends the search, even "". WSGI
        joins headers of one name with commas: such a value may be one key or many.
        """
        for name in self.names:
            value = request.headers.get(name.variable) if self.in_header else None
            if value is not None:
                return name, header_text(value), "," in value
            if self.in_query and request.query:
                value = request.arguments.get(name.text)
            if value is None and self.in_body:
                value = request.members.get(name.text)
            if isinstance(value, str | list | dict):
                return name, value, False
        return None, "", False

    def recognise(
        self,
        plane: "Plane",
        key: str | list | dict,
        joined: bool,
        known: "View",
        now: float,
    ) -> Decision:
        """Decide by the first source that knows `key`."""
        if not isinstance(key, str):
            return self.duplicate
        if not key:
            return self.missing
        for source in self.sources:
            identity = known.credential(plane, source, key)
            if identity and (identity.expires_at is None or now < identity.expires_at):
                return identity.allowed
        return self.duplicate if joined else self.unknown


@dataclass(frozen=True, slots=True)
class Plane:
    """A control plane and its plugins."""

    id: str
    key_auth: KeyAuth | None = None


def decide(plane: Plane, request: Request, known: "View", now: float) -> Decision:
    """Return what becomes of a request to a control plane."""
    if plane.key_auth is None:
        return PASSED
    return plane.key_auth.judge(plane, request, known, now)


def quoted(text: str) -> str:
    """Return `text` for use between the quotes of a header parameter."""
    return printable(text).replace("\\", r"\\").replace('"', r"\"")


def printable(text: str) -> str:
    """Return `text` with control characters percent-encoded, as in Kong's headers."""
    if text.isprintable():
        return text
    return "".join(
        f"%{ord(char):02X}" if ord(char) < 32 or ord(char) == 127 else char
        for char in text
    )
