"""What happens to the requests of one consumer, with no credential at hand.

The authorizer decides as ever, but for whom it takes the caller: the plugin that asks
for a kind of credential is told that one of this consumer's has come.
"""

import copy
import time
from typing import Any

from django.db.models import OuterRef, Subquery

from consumers.credentials import CREDENTIALS, CredentialType
from consumers.models import Consumer
from groups.models import ConsumerGroup
from kongadmin.explain.context import Context
from kongadmin.explain.engine import look_on
from kongadmin.gateway.answer import new_request_id
from kongadmin.gateway.decision import Decision, Identity, Refusal
from kongadmin.gateway.plane import Plane, Slot, decide
from kongadmin.gateway.plugins.base import Authentication
from kongadmin.gateway.request import Request
from realms.models import ControlPlane


class Presumed(Authentication):
    """An authenticating plugin that recognises one caller without a credential."""

    def __init__(self, handler: Authentication, caller: Identity) -> None:
        super().__init__(handler.instance)
        self.handler, self.caller = handler, caller

    def access(self, decision: Decision) -> Refusal | None:
        if self.instance.name != self.caller.kind:
            return self.handler.access(decision)
        return super().access(decision)

    def identify(self, decision: Decision) -> Identity | Refusal:
        config = self.instance.config
        decision.tell(
            "presumed",
            what=CREDENTIALS[self.caller.kind].word,
            names=config.get("key_names") or [],
            places=getattr(self.handler, "places", []),
            hides=config.get("hide_credentials", False),
        )
        return self.handler.refuse_own(decision) or self.caller


def ways(
    plane: ControlPlane, consumer: Consumer, peer: str
) -> tuple[list[str], list[tuple[CredentialType, Context]]]:
    """Return what is asked for here, and what happens with each kind the consumer has.

    The request is a GET from `peer`.
    """
    view = look_on()
    known = view.plane(str(plane.pk))
    asked = [slot.name for slot in known.slots if authenticates(slot)]
    held = first_of_each(consumer, asked) if asked else {}
    groups = names_of_groups(consumer) if held else ()
    found = []
    for kind, credential_id in held.items():
        caller = Identity(
            str(consumer.pk),
            consumer.username,
            consumer.custom_id,
            str(credential_id),
            kind,
            identifier="…",
            groups=groups,
        )
        request = Request("GET", {"HTTP_USER_AGENT": "curl"}, "", client_ip=peer)
        decision = Decision(
            request,
            plane=presuming(known, caller),
            known=view,
            now=time.time(),
            request_id=new_request_id(),
        )
        decision.story, decision.counts = [], False
        found.append((CREDENTIALS[kind], Context(plane, decide(decision))))
    return asked, found


def authenticates(slot: Slot) -> bool:
    """Say whether a plugin asks for credentials of a kind."""
    handlers = slot.instances.values()
    return any(isinstance(handler, Authentication) for handler in handlers)


def presuming(plane: Plane, caller: Identity) -> Plane:
    """Return a control plane whose plugins recognise `caller`."""
    plane = copy.copy(plane)
    plane.slots = [
        Slot(
            slot.name,
            {
                scope: Presumed(handler, caller)
                if isinstance(handler, Authentication)
                else handler
                for scope, handler in slot.instances.items()
            },
        )
        for slot in plane.slots
    ]
    return plane


def first_of_each(consumer: Consumer, kinds: list[str]) -> dict[str, Any]:
    """Return the id of one live credential of each kind the consumer has; one query."""
    declared = [CREDENTIALS[kind] for kind in kinds if kind in CREDENTIALS]
    held = {}
    for each in declared:
        rows = each.model.objects.filter(consumer=OuterRef("pk"))
        rows = rows.live() if hasattr(rows, "live") else rows
        held[each.model.__name__] = Subquery(rows.order_by("pk").values("pk")[:1])
    row = Consumer.objects.filter(pk=consumer.pk).values(**held).first() or {}
    found = {each.kind: row.get(each.model.__name__) for each in declared}
    return {kind: id_ for kind, id_ in found.items() if id_}


def names_of_groups(consumer: Consumer) -> tuple[str, ...]:
    rows = ConsumerGroup.objects.filter(memberships__consumer=consumer)
    return tuple(sorted(rows.values_list("name", flat=True)))
