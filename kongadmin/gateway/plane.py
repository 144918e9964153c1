"""A control plane's plugins in the order in which they judge a request.

Source of the rules: data-plane contract §0.1 and §3.4.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import product

from kongadmin.gateway.decision import Decision
from kongadmin.gateway.plugins import HANDLERS, Handler, Instance, Override, Scope

# Which instance of a plugin runs for a request: that of the first scope that has one.
PRECEDENCE = (
    ("consumer", "route", "service"),
    ("group", "route", "service"),
    ("consumer", "route"),
    ("consumer", "service"),
    ("group", "route"),
    ("group", "service"),
    ("route", "service"),
    ("consumer",),
    ("group",),
    ("route",),
    ("service",),
    (),
)
NO_INSTANCES: Mapping[Scope, Handler] = {}


class Slot:
    """A plugin's place in the order, with all its instances by what they are for."""

    def __init__(self, name: str, instances: Mapping[Scope, Handler]) -> None:
        self.name = name
        self.instances = instances
        # What most requests meet: one instance, and it is for everything.
        self.only = instances.get(Scope()) if len(instances) == 1 else None

    def pick(self, decision: Decision, own: Mapping[Scope, Handler]) -> Handler | None:
        """Return the instance for a request; `own` are those of its consumer."""
        for scope in scopes_of(decision):
            if handler := self.instances.get(scope) or own.get(scope):
                return handler
        return None

    def others(
        self, decision: Decision, own: Mapping[Scope, Handler], chosen: Handler
    ) -> list[Handler]:
        """Return the instances that a request meets beside the one that runs."""
        found = (
            self.instances.get(scope) or own.get(scope) for scope in scopes_of(decision)
        )
        return [handler for handler in found if handler and handler is not chosen]


def scopes_of(decision: Decision) -> Iterable[Scope]:
    """Yield what an instance may be for so that it meets the request, best first.

    A realm's consumer is nobody in a control plane, its groups' names are.
    """
    identity, request = decision.identity, decision.request
    is_local = identity and identity.realm_id is None
    met = {
        "consumer": (identity.consumer_id,) if is_local else (),
        "group": identity.groups if identity else (),
        "route": (request.route,) if request.route else (),
        "service": (request.service,) if request.service else (),
    }
    for names in PRECEDENCE:
        for values in product(*(met[name] for name in names)):
            yield Scope(**dict(zip(names, values, strict=True)))


class Plane:
    """A control plane and its plugins.

    `has_own` says whether there are instances for single consumers, which are asked
    for one by one: there may be as many as consumers. `overrides` are found by their
    group's name and by its id.
    """

    def __init__(
        self,
        id: str,
        instances: Iterable[Instance] = (),
        has_own: bool = False,
        overrides: Mapping[str, Override] | None = None,
        name: str = "",
        region: str = "",
    ) -> None:
        self.id = id
        self.name = name
        self.region = region
        self.has_own = has_own
        self.overrides = overrides or {}
        found = by_name(instances)
        self.slots = [
            Slot(name, found.get(name, {}))
            for name in HANDLERS
            if name in found or has_own
        ]

    @property
    def is_repeatable(self) -> bool:
        """Say whether a like request is decided alike as long as nothing changes."""
        return not self.has_own and all(h.is_repeatable for h in self.handlers)

    @property
    def handlers(self) -> Iterable[Handler]:
        """Every instance but those for single consumers."""
        return (h for slot in self.slots for h in slot.instances.values())

    @cached_property
    def credential_headers(self) -> tuple[str, ...]:
        """The headers in which credentials are looked for, in lower case, each once."""
        names = (n.lower() for h in self.handlers for n in h.credential_headers)
        return tuple(dict.fromkeys(names))


def by_name(instances: Iterable[Instance]) -> dict[str, dict[Scope, Handler]]:
    """Return the handlers of plugins that are decided here, by name and scope."""
    found: dict[str, dict[Scope, Handler]] = {}
    for instance in instances:
        if handler := HANDLERS.get(instance.name):
            found.setdefault(instance.name, {})[instance.scope] = handler(instance)
    return found


def decide(decision: Decision) -> Decision:
    """Let every plugin of the control plane that meets the request judge it."""
    plane = decision.plane
    for slot in plane.slots:
        handler, own = slot.only, NO_INSTANCES
        if handler is None or plane.has_own:
            own = own_instances(decision, slot.name)
            handler = slot.pick(decision, own)
        if handler is None:
            continue
        if decision.story is not None:
            tell_choice(decision, handler, slot.others(decision, own, handler))
        decision.refusal = handler.access(decision)
        if decision.story is not None:
            tell_outcome(decision, handler)
        if decision.refusal is not None:
            break
    return decision


def own_instances(decision: Decision, name: str) -> Mapping[Scope, Handler]:
    """Return the instances of a plugin for the request's consumer alone."""
    identity, plane = decision.identity, decision.plane
    if not plane.has_own or identity is None or identity.realm_id:
        return NO_INSTANCES
    return decision.known.own_instances(plane, identity.consumer_id).get(name, {})


def tell_choice(decision: Decision, handler: Handler, others: list[Handler]) -> None:
    """Add to the story which instance runs, and which that meets the request do not."""
    decision.tell(
        "chosen",
        **described(handler),
        others=[described(other) for other in others],
    )


def tell_outcome(decision: Decision, handler: Handler) -> None:
    """Add to the story what an instance made of the request."""
    outcome = "deny" if decision.refusal else "pass"
    decision.tell("judged", **described(handler), outcome=outcome)


def described(handler: Handler) -> dict:
    """Return which instance it is, and what for."""
    instance = handler.instance
    scope = {name: value for name, value in instance.scope._asdict().items() if value}
    return {"name": instance.name, "id": instance.id, "scope": scope}
