"""What is told of an object: its conditions and the ids behind it.

Contract kubernetes.md §2.2 says which kind has which, and in what order.
"""

from collections.abc import Iterable
from typing import NamedTuple

from kongadmin.conflicts import Conflict
from kongadmin.entities import Violation
from kongadmin.schema import violation_message

TRUE, FALSE, UNKNOWN = "True", "False", "Unknown"
PROGRAMMED = "Programmed"
PLANE_REF, CONSUMER_REF = "ControlPlaneRefValid", "KongConsumerRefValid"
SECRET_REFS, GROUP_REFS = "CredentialSecretRefsValid", "KongConsumerGroupRefsValid"
AUTH_VALID = "APIAuthValid"
SOME_FALSE = "Some conditions have status set to False"
CONFIGURED = "Object was successfully configured in Kong."
NOT_ATTACHED = "FailedToAttachConsumerToConsumerGroup"


class Condition(NamedTuple):
    """One of them, but for when it came to hold."""

    type: str
    status: str
    reason: str
    message: str = ""


PENDING = Condition(PROGRAMMED, UNKNOWN, "Pending", "Waiting for controller")


class Refusal(NamedTuple):
    """That an entity could not be made what its object says, and why."""

    reason: str
    message: str


def valid(type_: str) -> Condition:
    return Condition(type_, TRUE, "Valid")


def invalid(type_: str, message: str) -> Condition:
    return Condition(type_, FALSE, "Invalid", message)


def either(type_: str, wrong: str) -> Condition:
    """Return the condition: valid unless something is `wrong`."""
    return invalid(type_, wrong) if wrong else valid(type_)


def programmed(
    others: Iterable[Condition], refusal: Refusal | None = None, message: str = ""
) -> Condition:
    """Return Programmed as the other conditions and the gateway's answer have it."""
    if refusal:
        return Condition(PROGRAMMED, FALSE, *refusal)
    wrong = {one.type: one.message for one in others if one.status == FALSE}
    if GROUP_REFS in wrong and PLANE_REF not in wrong:
        return Condition(PROGRAMMED, FALSE, NOT_ATTACHED, wrong[GROUP_REFS])
    if wrong:
        return Condition(
            PROGRAMMED, FALSE, "ConditionWithStatusFalseExists", SOME_FALSE
        )
    return Condition(PROGRAMMED, TRUE, "Programmed", message)


def refusal_of(error: Violation | Conflict, is_new: bool) -> Refusal:
    """Return why an entity was not made, or not changed. No secret is told."""
    reason = "FailedToCreate" if is_new else "FailedToUpdate"
    if isinstance(error, Violation):
        return Refusal(reason, violation_message(error.fields))
    names = ", ".join(error.values)
    kind = "foreign" if error.kind == "foreign" else "unique"
    text = f"data constraint error: {names} (type: {kind}) constraint failed"
    return Refusal(reason, text)


def merged(
    stored: Iterable[dict], wanted: Iterable[Condition], generation: int, now: str
) -> list[dict]:
    """Return conditions as they are kept; the time moves only with the status."""
    before = {one["type"]: one for one in stored}
    return [
        {
            **one._asdict(),
            "lastTransitionTime": since(before.get(one.type), one, now),
            "observedGeneration": generation,
        }
        for one in wanted
    ]


def since(before: dict | None, one: Condition, now: str) -> str:
    is_same = before is not None and before["status"] == one.status
    return before["lastTransitionTime"] if is_same else now


def is_true(status: dict | None, type_: str) -> bool:
    """Say whether a stored status has a condition that holds."""
    found = (status or {}).get("conditions") or ()
    return any(one["type"] == type_ and one["status"] == TRUE for one in found)
