"""key-auth, as Kong decides it, with the realms that Konnect adds.

Source of the rules: kong/plugins/key-auth/handler.lua; data-plane contract §1.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from kongadmin.gateway.decision import (
    AWAY,
    MISCONFIGURED,
    Decision,
    Identity,
    Refusal,
    quoted,
)
from kongadmin.gateway.plugins.base import Authentication, Instance
from kongadmin.gateway.request import (
    Request,
    as_sent,
    header_text,
    header_variable,
    underscored_variable,
)
from kongadmin.gateway.unavailable import Unavailable

HEADER, QUERY, BODY = "header", "query", "body"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """Where keys are looked for: the control plane itself, or a realm."""

    scope: str = "cp"
    id: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class KeyName:
    """A configured key name, and the header it matches in CGI's spelling.

    A name with `_` matches the header with `-` as well, but not the other way round.
    """

    text: str
    variable: str
    underscored: str | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        underscored = underscored_variable(text) if "_" in text else None
        return cls(text, header_variable(text), underscored)

    def header(self, headers: Mapping[str, str]) -> str | None:
        value = headers.get(self.variable)
        if value is None and self.underscored:
            return headers.get(self.underscored)
        return value


@lru_cache(1000)
def warn_of_leak(plugin_id: str, place: str) -> None:
    """Say, once, that a key reaches the service though it is to be hidden."""
    logger.warning("key-auth %s cannot take a key out of the %s.", plugin_id, place)


def tell_unread(decision: Decision, source: Source, result: str) -> None:
    """Add to the story what is known of a source from which nothing was read."""
    about = {"source": source.scope, "realm_id": source.id}
    decision.tell("source", **about, result=result, cache="miss")


class KeyAuth(Authentication):
    """A key in a header, the query or the body."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        config = instance.config
        realm = config.get("realm")
        self.challenge = f'Key realm="{quoted(realm)}"' if realm else "Key"
        self.missing = self.refusal("No API key found in request")
        self.duplicate = self.refusal("Duplicate API key found")
        self.unknown = self.refusal("Unauthorized")
        names = config.get("key_names")
        self.names = names and [KeyName.of(name) for name in names]
        self.in_header = config.get("key_in_header", True)
        if self.names and self.in_header:
            self.credential_headers = tuple(as_sent(name.text) for name in self.names)
        self.in_query = config.get("key_in_query", True)
        self.in_body = config.get("key_in_body", False)
        places = {HEADER: self.in_header, QUERY: self.in_query, BODY: self.in_body}
        self.places = [place for place, is_searched in places.items() if is_searched]
        self.hides = config.get("hide_credentials", False)
        sources = config.get("identity_realms")
        if sources is None:
            sources = [{}]
        self.sources = [
            Source(s.get("scope") or "cp", s.get("id"), s.get("region"))
            for s in sources
        ]

    def refusal(self, message: str) -> Refusal:
        return Refusal(401, message, (("WWW-Authenticate", self.challenge),))

    def identify(self, decision: Decision) -> Identity | Refusal:
        if self.names is None:
            return MISCONFIGURED
        name, key, place = self.find(decision.request)
        if decision.story is not None:
            self.tell_find(decision, name, place)
        if self.hides and name:
            if place != HEADER:
                warn_of_leak(self.instance.id, place)
            decision.hidden += tuple(dict.fromkeys((as_sent(name.text), name.text)))
        if not isinstance(key, str):
            return self.duplicate
        if not key:
            return self.missing
        # WSGI joins headers of one name with commas: such a value may be one key or
        # many.
        return self.recognise(decision, key) or (
            self.duplicate if place == HEADER and "," in key else self.unknown
        )

    def tell_find(self, decision: Decision, name: KeyName | None, place: str) -> None:
        """Add to the story where a key was, or where none was."""
        if name:
            decision.tell("found", what="key", place=place, name=name.text)
        else:
            names = [each.text for each in self.names]
            decision.tell("missing", what="key", places=self.places, names=names)

    def find(self, request: Request) -> tuple[KeyName | None, str | list | dict, str]:
        """Return the name under which a key came, the key or keys, and where it was.

        The order of names beats that of places. Text ends the search, even "".
        """
        for name in self.names:
            value = name.header(request.headers) if self.in_header else None
            if value is not None:
                return name, header_text(value), HEADER
            place = QUERY
            if self.in_query and request.query:
                value = request.arguments.get(name.text)
            if value is None and self.in_body:
                value, place = request.members.get(name.text), BODY
            if isinstance(value, str | list | dict):
                return name, value, place
        return None, "", ""

    def refuse_own(self, decision: Decision) -> Refusal | None:
        """Return why keys of the control plane are unknown where only realms count."""
        if any(source.scope == "cp" for source in self.sources):
            return None
        for source in self.sources:
            tell_unread(decision, source, "miss")
        return self.unknown

    def recognise(self, decision: Decision, key: str) -> Identity | Refusal | None:
        """Return who the first source that knows `key` says it is; None if none does.

        A source that cannot be asked is passed over, but then nobody is a stranger.
        """
        known, failed = decision.known, None
        for source in self.sources:
            try:
                if source.scope == "cp":
                    identity = known.key(decision, key)
                else:
                    identity = known.realm_key(decision, source, key)
            except Unavailable:
                failed = AWAY
                tell_unread(decision, source, "error")
                continue
            if identity:
                return identity
        return failed
