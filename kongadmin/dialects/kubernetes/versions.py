"""Of which state a list is: resourceVersion, how that is meant, and continue tokens."""

import base64
import json
from typing import Any, NamedTuple, Self

from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.calls import Call
from kongadmin.dialects.kubernetes.errors import (
    Cause,
    Failure,
    bad_request,
    expired,
    wrong_options,
)
from kongadmin.dialects.kubernetes.kinds import Kind, stored_as
from kongadmin.dialects.kubernetes.models import Event
from kongadmin.fields import can_store

MATCH = "resourceVersionMatch"
EXACT = "Exact"
MATCHES = (EXACT, "NotOlderThan")
TOO_LARGE = "Too large resource version"


class Place(NamedTuple):
    """Where a page of a list ends, and of which version the whole list is."""

    version: int
    namespace: str
    name: str

    @property
    def token(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(self).encode()).decode()

    @classmethod
    def read(cls, token: str) -> Self:
        """Return the place that a token names; 400 where it names none."""
        try:
            place = cls(*json.loads(base64.urlsafe_b64decode(token)))
        except (ValueError, TypeError, RecursionError) as error:
            raise no_token() from error
        if type(place.version) is not int or not all(map(is_name, place[1:])):
            raise no_token()
        return place


def no_token() -> Failure:
    return bad_request("continue key is not valid")


def is_name(value: Any) -> bool:
    return isinstance(value, str) and can_store(value)


def place_of(call: Call) -> Place | None:
    """Return where a list goes on, None if it begins.

    What has changed since it began is missing from it or is in it twice; a watch from
    its version tells, as long as that is kept.
    """
    if not (token := call.given("continue")):
        return None
    if call.number("resourceVersion"):
        raise bad_request(
            "specifying resource version is not allowed when using continue"
        )
    place = Place.read(token)
    if store.is_forgotten(place.version):
        raise expired("The provided continue parameter is too old; list again")
    return place


def check_match(call: Call) -> None:
    """Refuse what cannot be meant by the version that a list or a watch names."""
    match, version = call.given(MATCH), call.given("resourceVersion")
    if not match:
        return
    if call.is_set("watch"):
        why = "is forbidden for watch unless sendInitialEvents is provided"
    elif not version:
        why = "is forbidden unless resourceVersion is provided"
    elif call.given("continue"):
        why = "is forbidden when continue is provided"
    elif match == EXACT and version == "0":
        why = '"exact" is forbidden for resourceVersion "0"'
    elif match not in MATCHES:
        known = ", ".join(f'"{name}"' for name in MATCHES)
        text = f'Unsupported value: "{match}": supported values: {known}'
        cause = Cause("FieldValueNotSupported", MATCH, text)
        raise wrong_options("ListOptions", [cause])
    else:
        return
    cause = Cause("FieldValueForbidden", MATCH, f"Forbidden: {MATCH} {why}")
    raise wrong_options("ListOptions", [cause])


def version_of(call: Call) -> int:
    """Return of which version a list that begins now is.

    One that is still to come cannot be waited for; one gone by can be told exactly as
    long as nothing of the kind has changed since.
    """
    current, wanted = store.current_version(), call.number("resourceVersion")
    if wanted > current:
        raise too_large(wanted, current)
    if call.given(MATCH) != EXACT:
        return current
    if store.is_forgotten(wanted) or has_changed(call.kind, wanted):
        raise expired()
    return wanted


def has_changed(kind: Kind, since: int) -> bool:
    stored = stored_as(kind.plural)
    events = Event.objects.filter(group=stored.group, plural=stored.plural)
    return events.filter(pk__gt=since).exists()


def too_large(wanted: int, current: int) -> Failure:
    message = f"Timeout: {TOO_LARGE}: {wanted}, current: {current}"
    causes = [{"reason": "ResourceVersionTooLarge", "message": TOO_LARGE}]
    details = {"causes": causes, "retryAfterSeconds": 1}
    return Failure(504, "Timeout", message, details)
