"""An act as data: what is done to what. Each language writes it in its own way."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from django.conf import settings

from kongadmin.entities import Entity
from realms.models import ControlPlane, Realm


class Verb(StrEnum):
    LIST = "list"
    READ = "read"
    CREATE = "create"
    CHANGE = "change"
    SET = "set"
    DELETE = "delete"
    MOVE = "move"
    ASK = "ask"


METHODS = {
    Verb.LIST: "GET",
    Verb.READ: "GET",
    Verb.CREATE: "POST",
    Verb.CHANGE: "PATCH",
    Verb.SET: "PUT",
    Verb.DELETE: "DELETE",
    Verb.MOVE: "POST",
    Verb.ASK: "POST",
}

# What an entity is called by: the first of these that it has.
NAMING = ("username", "custom_id", "name")


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is left to a variable, unless it is `told` because somebody asked.

    `field` is what the page's form calls it.
    """

    field: str
    told: str | None = None

    @property
    def variable(self) -> str:
        """What the variable is called: config.redis.password is redis_password.

        It is a name in every language, whatever the field is called.
        """
        name = re.sub(r"[^A-Za-z0-9_]", "_", self.field.removeprefix("config."))
        return f"_{name}" if name[:1].isdigit() else name


@dataclass(frozen=True, slots=True)
class Thing:
    """Another entity that an act is about: whose credential, of which group."""

    kind: str
    id: str
    name: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """One act on one kind of entities.

    `path` is that of the API, below the place; `values` are in Kong's terms, where None
    clears what is stored. `id` and `name` are those of the entity, "" if there is none.
    `scope` is where it happens: None is the organization, which has the places.
    Requests say `sends` where that is less: what the gateway makes up, or keeps as it
    is, they leave out.
    `unsaid` says why a language cannot say this very act, by the language's name.
    """

    verb: Verb
    kind: str
    path: str
    scope: ControlPlane | Realm | None
    values: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    name: str = ""
    refs: tuple[Thing, ...] = ()
    sends: dict[str, Any] | None = None
    unsaid: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """What kind of place it happens in, as the languages' sentences have it."""
        if self.scope is None:
            return "organization"
        return "realm" if isinstance(self.scope, Realm) else "control_plane"

    @property
    def is_konnect(self) -> bool:
        """Say whether it goes to one of Konnect's APIs, not to the Admin API."""
        return not isinstance(self.scope, ControlPlane)

    @property
    def workspace(self) -> str:
        """The control plane as paths name it, "" if they need not."""
        is_elsewhere = not self.is_konnect and not self.scope.is_default
        return str(self.scope) if is_elsewhere else ""

    @property
    def url(self) -> str:
        prefix = f"/{self.workspace}" if self.workspace else ""
        return f"{settings.ADMIN_LISTEN.url}{prefix}{self.path}"

    @property
    def method(self) -> str:
        return METHODS[self.verb]

    @property
    def sent(self) -> dict[str, Any]:
        """What a request says."""
        return self.values if self.sends is None else self.sends

    @property
    def has_body(self) -> bool:
        return self.method not in ("GET", "DELETE") and bool(
            self.sent or self.is_konnect
        )

    @property
    def declared(self) -> dict[str, Any]:
        """What a declaration says: nothing that is empty."""
        return {n: v for n, v in self.values.items() if v not in (None, [], {})}

    def ref(self, kind: str) -> Thing | None:
        return next((thing for thing in self.refs if thing.kind == kind), None)


def said(values: dict[str, Any], stored: dict[str, Any] | None = None) -> dict:
    """Return the values that a request has to say: what is, or is no longer, there."""
    before = stored or {}
    return {n: v for n, v in values.items() if v or v == 0 or before.get(n)}


def listing(kind: str, path: str, scope, tag: str = "") -> Act:
    """Return how one lists what is below a path, or that of it that has a tag."""
    query = f"?tags={quote(tag, safe='')}" if tag else ""
    values = {"tags": [tag]} if tag else {}
    return Act(Verb.LIST, kind, f"{path}{query}", scope, values)


def on_entity(
    verb: Verb,
    entity: Entity,
    paths: tuple[str, str],
    scope,
    stored: dict[str, Any],
    typed: dict[str, Any] | None = None,
    refs: tuple[Thing, ...] = (),
) -> Act:
    """Return what is done to an entity; `typed` are the values typed so far, if any.

    `paths` are that of all entities of its kind, and its own.
    """
    values = stored if typed is None else typed
    is_new = verb == Verb.CREATE
    names = (values.get(name) for name in NAMING)
    return Act(
        verb,
        entity.schema.name,
        paths[0] if is_new else paths[1],
        scope,
        said(values, {} if is_new else stored),
        id="" if is_new else str(entity.pk),
        name=next(filter(None, names), ""),
        refs=refs,
    )


def token_header(act: Act) -> tuple[str, str, str] | None:
    """Return name, beginning and variable of the header that says who one is."""
    if not settings.ENFORCE_RBAC:
        return None
    if act.is_konnect:
        return "Authorization", "Bearer ", "KONNECT_TOKEN"
    return "Kong-Admin-Token", "", "TOKEN"
