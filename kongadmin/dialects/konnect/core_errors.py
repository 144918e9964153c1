"""How core entities refuse: one envelope with details, duplicates as 400.

Source: contract konnect.md §2.4; Kong/koko internal/server/admin.
"""

import re
from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import MethodNotAllowed

from kongadmin.conflicts import Conflict
from kongadmin.dialects.admin_api import errors
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.errors import (
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    Refusal,
    Worded404,
)
from kongadmin.dialects.konnect import problems
from kongadmin.dialects.konnect.problems import Problem
from kongadmin.entities import Violation

DETAIL = "type.googleapis.com/kong.admin.model.v1.ErrorDetail"
FIELD, ENTITY, REFERENCE = (
    f"ERROR_TYPE_{name}" for name in ("FIELD", "ENTITY", "REFERENCE")
)
INVALID, CONSTRAINT = "validation error", "data constraint error"
FAILED = "{} (type: {}) constraint failed"
AT_LEAST_ONE = re.compile(r"at least one of these fields must be non-empty: (.+)")
# The codes of the Admin API's refusals that are about another row.
NO_ENTITY, FOREIGN_CODES = 6, (4, 13)


def envelope(message: str, details: list[dict]) -> Answer:
    return Answer({"code": 3, "message": message, "details": details}, 400)


def detail(kind: str, field: str, *messages: str) -> dict:
    about = {"field": field} if field else {}
    return {"@type": DETAIL, "type": kind, **about, "messages": [*messages]}


def reworded(text: str) -> str:
    """Return a rule about the whole entity in Konnect's words."""
    found = AT_LEAST_ONE.fullmatch(text)
    if not found:
        return text
    *names, last = found[1].replace("'", "").split(", ")
    return f"at-least one of {', '.join(names)} or {last} must be set"


def texts_in(tree: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a tree of errors, each with the field it is about."""
    if isinstance(tree, str):
        yield place, tree
    elif isinstance(tree, dict):
        for text in tree.get("@entity", ()):
            yield place, text
        for name in sorted(tree.keys() - {"@entity"}):
            yield from texts_in(tree[name], f"{place}.{name}" if place else name)
    else:
        for index, branch in enumerate(tree):
            yield from texts_in(branch, f"{place}[{index}]") if branch else ()


def invalid(fields: dict) -> Answer:
    """Answer what a schema refuses: a detail for each field, texts of one together."""
    found: dict[str, list[str]] = {}
    for place, text in texts_in(fields):
        found.setdefault(place, []).append(text)
    details = [
        detail(FIELD, place, *texts)
        if place
        else detail(ENTITY, "", *map(reworded, texts))
        for place, texts in found.items()
    ]
    return envelope(INVALID, details)


def foreign(fields: dict[str, dict]) -> Answer:
    """Answer that references name nothing, by field and by what they name it."""
    named = [f"{field}.{name}" for field, keys in fields.items() for name in keys]
    return envelope(
        CONSTRAINT,
        [detail(REFERENCE, each, FAILED.format(each, "foreign")) for each in named],
    )


def taken(conflict: Conflict) -> Answer:
    """Answer that another entity has what must be unique.

    A constraint over several fields has a name of its own.
    """
    fields, model = conflict.entity.schema.fields, type(conflict.entity)
    own = [name for name in conflict.values if fields[name]["type"] != "foreign"]
    name = "".join(own)
    if len(conflict.values) > 1:
        name = f"unique-{model._meta.verbose_name}-per-entity".replace(" ", "-")
    text = FAILED.format(name, "unique")
    return envelope(CONSTRAINT, [detail(REFERENCE, "".join(own), text)])


def from_conflict(conflict: Conflict) -> Answer:
    if conflict.kind != "foreign":
        return taken(conflict)
    return foreign(conflict.values)


def from_refusal(refusal: Refusal) -> Answer:
    """Answer a refusal of the Admin API in the other envelope."""
    body = refusal.body
    code, fields = body.get("code"), body.get("fields", {})
    if code == NO_ENTITY:
        return Answer(NOT_FOUND, 404)
    if code in FOREIGN_CODES:
        return foreign(fields)
    if refusal.status != 400:
        return Answer(body, refusal.status)
    return invalid(fields or body.get("options") or {"@entity": [body["message"]]})


def unauthorized() -> Answer:
    body = {"message": "Unauthorized", "status": 401}
    return Answer(body, 401, headers={"WWW-Authenticate": "Bearer"})


def handle(error: Exception, context: dict) -> Answer:
    """Return the answer to any exception that a view of core entities raises.

    What is wrong with the control plane itself is told as in the rest of Konnect.
    """
    if isinstance(error, Problem):
        if error.status == 401:
            return unauthorized()
        return problems.answer(error, context["request"])
    if isinstance(error, MethodNotAllowed):
        allowed = {"Allow": ", ".join(context["view"].allowed_methods)}
        return Answer(METHOD_NOT_ALLOWED, 405, headers=allowed)
    if isinstance(error, Conflict):
        return from_conflict(error)
    if isinstance(error, Violation):
        return invalid(error.fields)
    if isinstance(error, Refusal):
        return from_refusal(error)
    if isinstance(error, Worded404):
        return Answer(NOT_FOUND, 404)
    return errors.handle(error, context)
