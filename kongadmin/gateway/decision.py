"""What is decided about a request: who sent it, if it is refused, what is passed on."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from kongadmin.gateway.plane import Plane
    from kongadmin.gateway.request import Request
    from kongadmin.gateway.store import View

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Identity:
    """A consumer, and the credential that proved it; the anonymous one needs none.

    `identifier` is what the upstream is told of the credential. `groups` are names of
    consumer groups, sorted: those of its realm and its own. `expires_at` is in seconds
    since 1970.
    """

    consumer_id: str
    username: str | None
    custom_id: str | None
    credential_id: str | None = None
    kind: str | None = None
    identifier: str | None = None
    expires_at: float | None = None
    groups: tuple[str, ...] = ()
    realm_id: str | None = None

    @cached_property
    def headers(self) -> Headers:
        """What the upstream service is told about the caller."""
        values = {
            "X-Consumer-ID": self.consumer_id,
            "X-Consumer-Custom-ID": self.custom_id,
            "X-Consumer-Username": self.username,
            "X-Credential-Identifier": self.identifier,
            "X-Anonymous-Consumer": None if self.credential_id else "true",
        }
        return tuple((name, printable(text)) for name, text in values.items() if text)

    @cached_property
    def groups_header(self) -> Headers:
        """What the upstream service is told about the consumer's groups."""
        return groups_header(self.groups)


def groups_header(names: tuple[str, ...]) -> Headers:
    """Return the header that names groups; none for no groups."""
    return (("X-Consumer-Groups", printable(", ".join(names))),) if names else ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request goes no further, and what its client is told.

    `body` is the whole answer where it is not Kong's generic error page (which is
    worded in the type that the client prefers, with `message` in it). `is_limit` says
    that there were too many requests, whatever status an operator has for that.
    """

    status: int
    message: str = ""
    headers: Headers = ()
    body: bytes | None = None
    content_type: str = "application/json; charset=utf-8"
    is_limit: bool = False

    @classmethod
    def plain(
        cls, status: int, document: dict, headers: Headers = (), message: str = ""
    ) -> Self:
        """Return the refusal that is a JSON document, whatever its client prefers."""
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        body = text.encode(errors="replace")
        return cls(status, message or document.get("message") or "", headers, body)


FORBIDDEN = Refusal(403, "Forbidden")
NOT_FOUND = Refusal(404, "Not found")
UNKNOWN_PLANE = Refusal(404, "Forbidden")
MISCONFIGURED = Refusal(500, "Invalid plugin configuration")
FAILED = Refusal(500, "An unexpected error occurred")
AWAY = Refusal(503, "An unexpected error occurred", (("Retry-After", "1"),))


class Decision:
    """A request on its way through a control plane's plugins, and what they decided.

    `request`, `plane`, `known` (what can be asked) and `now` (seconds since 1970) are
    given. The plugins fill in the rest: `headers` go to the client, `upstream` to the
    service, `hidden` names headers that must not get there, `groups` is the header
    that acl made (None: no acl has run), and `until` is when it may become another.
    `story` collects what happened, if it is a list (see `tell`); `counts` says whether
    the request is one, or only asks what would become of one.
    """

    # Most requests leave most of this as it is.
    plane: "Plane | None" = None
    known: "View | None" = None
    identity: Identity | None = None
    headers: Headers = ()
    upstream: Headers = ()
    hidden: tuple[str, ...] = ()
    groups: Headers | None = None
    until: float | None = None
    story: list[dict[str, Any]] | None = None
    counts = True

    def __init__(
        self,
        request: "Request | None",
        refusal: Refusal | None = None,
        *,
        now: float = 0.0,
        request_id: str = "",
        **given: Any,
    ) -> None:
        self.request = request
        self.refusal = refusal
        self.now = now
        self.request_id = request_id
        if given:
            self.__dict__.update(given)

    @property
    def status(self) -> int:
        return self.refusal.status if self.refusal else 200

    @property
    def upstream_headers(self) -> Headers:
        """Every header that the upstream service gets beside the client's own."""
        identity, groups = self.identity, self.groups
        if identity is None:
            return self.upstream + (groups or ())
        if groups is None:
            groups = identity.groups_header
        return self.upstream + identity.headers + groups

    def put_headers(self, headers: Headers) -> None:
        """Answer the client with these headers, in place of others of their names."""
        kept = self.headers
        if kept:
            names = {name for name, _ in headers}
            kept = tuple(h for h in kept if h[0] not in names)
        self.headers = kept + headers

    def hold_until(self, moment: float | None) -> None:
        """Note that from `moment` on the decision may be another."""
        if moment is not None and (self.until is None or moment < self.until):
            self.until = moment

    def tell(self, event: str, **details: Any) -> None:
        """Add to the story what happened, where one is told.

        `event` is what kind of thing: a plugin's instance was `chosen`, did something
        of its own (`found`, `source`, `skipped`, …), and `judged` the request.
        kongadmin.explain.words has a sentence for each. No secret is among `details`.
        """
        if self.story is not None:
            self.story.append({"event": event, **details})


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
