"""Kong's error answers: one table of codes, one place that writes them.

Source: contract §2; kong/db/errors.lua.
"""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse, UnreadablePostError
from rest_framework.exceptions import APIException, MethodNotAllowed

from kongadmin import outages
from kongadmin.conflicts import Conflict
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.entities import Entity, Violation
from kongadmin.error_bodies import word
from kongadmin.schema import lua, violation_message

logger = logging.getLogger(__name__)

# code: (name, status)
CODES = {
    1: ("invalid primary key", 400),
    2: ("schema violation", 400),
    3: ("primary key violation", 400),
    4: ("foreign key violation", 400),
    5: ("unique constraint violation", 409),
    6: ("not found", 404),
    7: ("invalid offset", 400),
    9: ("invalid size", 400),
    10: ("invalid unique {}", 400),
    11: ("invalid options", 400),
    13: ("foreign keys unresolved", 400),
    14: ("invalid declarative configuration", 400),
}
NOT_FOUND = {"message": "Not found"}
METHOD_NOT_ALLOWED = {"message": "Method not allowed"}
TOO_LARGE = {"message": "Request body too large"}
CUT_OFF = {"message": "The request body ended too early"}
UNEXPECTED = {"message": "An unexpected error occurred"}


class Refusal(Exception):
    """An answer that ends the request: Kong's envelope, or a bare message.

    Before routing it may be mere text.
    """

    def __init__(self, status: int, body: dict | str) -> None:
        self.status, self.body = status, body

    @classmethod
    def coded(
        cls, code: int, message: str, about: str = "", **details: Any
    ) -> "Refusal":
        """Return the refusal of Kong's error `code`; `details` joins the envelope."""
        name, status = CODES[code]
        name = name.format(about)
        return cls(status, {"code": code, "name": name, "message": message, **details})

    @classmethod
    def plain(cls, status: int, message: str) -> "Refusal":
        return cls(status, {"message": message})


class Worded404(Exception):
    """A miss that Kong answers with its generic error page, as two routes do."""


def invalid_options(**problems: str) -> Refusal:
    """Refuse what is wrong in the query or in an option such as ttl."""
    texts = "; ".join(f"{name}: {problems[name]}" for name in sorted(problems))
    count = len(problems)
    many = f"{count} option violations" if count > 1 else "invalid option"
    return Refusal.coded(11, f"{many} ({texts})", options=problems)


def invalid_primary_key() -> Refusal:
    fields = {"id": "expected a valid UUID"}
    return Refusal.coded(1, f"invalid primary key: '{lua(fields)}'", fields=fields)


def no_such_entity(key: dict) -> Refusal:
    """Refuse a change of an entity that is not there; `key` is how it was named."""
    by_id = "primary key " if "id" in key else ""
    message = f"could not find the entity with {by_id}'{lua(key)}'"
    return Refusal.coded(6, message, fields=key)


def no_parent(key: dict, model: type[Entity]) -> str:
    """Return what is wrong with a reference by a unique field that nothing has."""
    return (
        f"the foreign key cannot be resolved with '{lua(key)}' "
        f"for an existing '{model.schema.name}' entity"
    )


def unresolved(fields: dict[str, dict[str, str]]) -> Refusal:
    """Refuse references by unique fields that nothing has, by field and its key."""
    texts = [
        f"{field}.{name}: {keys[name]}"
        for field, keys in sorted(fields.items())
        for name in sorted(keys)
    ]
    count = len(texts)
    many = f"{count} foreign keys unresolved" if count > 1 else "foreign key unresolved"
    return Refusal.coded(13, f"{many} ({'; '.join(texts)})", fields=fields)


def missing_foreign(field: str, key: dict, entity_type: str) -> Refusal:
    """Refuse a reference by id that nothing has."""
    message = (
        f"the foreign key '{lua(key)}' does not reference "
        f"an existing '{entity_type}' entity."
    )
    return Refusal.coded(4, message, fields={field: key})


def from_violation(violation: Violation) -> Refusal:
    fields = violation.fields
    return Refusal.coded(2, violation_message(fields), fields=fields)


TAKEN = {"id": 3, "unique": 5}


def taken(code: int, values: dict) -> Refusal:
    """Refuse what another entity already is or has: code 3 for an id, else 5."""
    text = {3: "primary key violation on key", 5: "UNIQUE violation detected on"}[code]
    return Refusal.coded(code, f"{text} '{lua(values)}'", fields=values)


def from_conflict(conflict: Conflict) -> Refusal:
    values = conflict.values
    if conflict.kind in TAKEN:
        return taken(TAKEN[conflict.kind], values)
    ((field, key),) = values.items()
    target = conflict.entity.schema.fields[field]["reference"]
    return missing_foreign(field, key, target)


def worded(status: int, message: str, request) -> HttpResponse:
    accept = request.META.get("HTTP_ACCEPT", "")
    content_type, body = word(message, request.request_id, accept)
    return HttpResponse(body, status=status, content_type=content_type)


PLAIN = {
    Http404: (404, NOT_FOUND),
    MethodNotAllowed: (405, METHOD_NOT_ALLOWED),
    RequestDataTooBig: (413, TOO_LARGE),
    UnreadablePostError: (400, CUT_OFF),
}


def unavailable(error: Exception, text: str) -> Answer:
    """Ask to come back; the log gets the kind of failure, not its words and values."""
    logger.warning("%s (%s)", text, type(error.__cause__).__name__)
    retry = {"Retry-After": str(outages.RETRY_SECONDS)}
    return Answer({"message": text}, 503, headers=retry)


def handle(error: Exception, context: dict) -> Answer:
    """Return Kong's answer to any exception; a surprise is logged, never described."""
    if isinstance(error, Conflict):
        error = from_conflict(error)
    elif isinstance(error, Violation):
        error = from_violation(error)
    if isinstance(error, Refusal):
        return Answer(error.body, error.status)
    if isinstance(error, Worded404):
        return worded(404, "Not found", context["request"])
    for kind, (status, body) in PLAIN.items():
        if isinstance(error, kind):
            return Answer(body, status)
    if isinstance(error, PermissionDenied):
        return Answer({"message": str(error)}, 403)
    if isinstance(error, APIException):
        return Answer({"message": str(error.detail)}, error.status_code)
    if text := outages.in_words(error):
        return unavailable(error, text)
    logger.error(
        "unexpected error in %s", type(context["view"]).__name__, exc_info=error
    )
    return Answer(UNEXPECTED, 500)
