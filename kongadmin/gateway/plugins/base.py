"""What all plugins have in common, and what those that authenticate have."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from kongadmin.gateway.decision import AWAY, FAILED, Decision, Identity, Refusal
from kongadmin.gateway.unavailable import Unavailable


class Scope(NamedTuple):
    """What an instance of a plugin is for; everything where nothing is named.

    Consumers are known by their id, groups by their name.
    """

    consumer: str | None = None
    group: str | None = None
    route: str | None = None
    service: str | None = None


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Instance:
    """A plugin as it is configured."""

    name: str
    config: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    scope: Scope = EVERYTHING


class Override(NamedTuple):
    """The limits that the members of a group have instead of a plugin's."""

    group: str
    config: dict[str, Any]


class Handler(ABC):
    """An instance of a plugin, made ready to judge requests.

    `is_repeatable` says whether like requests are judged alike: it counts nothing and
    looks at nothing but the credential. `credential_headers` are those it looks into.
    """

    is_repeatable: ClassVar[bool] = True
    credential_headers: tuple[str, ...] = ()

    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    @abstractmethod
    def access(self, decision: Decision) -> Refusal | None:
        """Judge a request: fill in `decision`, or return why it goes no further."""


class Authentication(Handler):
    """A plugin that tells who sends a request.

    With `anonymous` set, several are alternatives: one passes over a request that
    another has recognised, and a stranger becomes that consumer. Without, each has to
    recognise it. Source: data-plane contract §0.1.
    """

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        self.anonymous = instance.config.get("anonymous")
        self.skips_preflight = instance.config.get("run_on_preflight") is False

    def access(self, decision: Decision) -> Refusal | None:
        if self.skips_preflight and decision.request.method == "OPTIONS":
            decision.tell("skipped", why="preflight")
            return None
        known = decision.identity
        if self.anonymous and known and known.credential_id:
            decision.tell("skipped", why="recognised")
            return None
        try:
            found = self.identify(decision)
        except Unavailable:
            found = AWAY
        if isinstance(found, Identity):
            decision.identity = found
            decision.hold_until(found.expires_at)
            if decision.story is not None:
                decision.tell("identified", identity=found)
            return None
        return self.admit_stranger(decision, found) if self.anonymous else found

    @abstractmethod
    def identify(self, decision: Decision) -> Identity | Refusal:
        """Return who sent the request, or why that is not accepted."""

    def refuse_own(self, decision: Decision) -> Refusal | None:
        """Return why no consumer of the control plane itself is ever recognised."""
        return None

    def admit_stranger(self, decision: Decision, reason: Refusal) -> Refusal | None:
        """Take the request for one of the anonymous consumer."""
        decision.tell("stranger", reason=reason.message, consumer=self.anonymous)
        decision.identity = decision.known.consumer(decision.plane, self.anonymous)
        return None if decision.identity else FAILED
