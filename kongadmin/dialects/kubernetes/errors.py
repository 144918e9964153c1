"""Failures as Kubernetes tells them: a Status, whose parts kubectl's words are made of.

Contract kubernetes.md §3.4.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from kongadmin.dialects.kubernetes.kinds import Kind

META = "meta.k8s.io"
NIL = "<nil>"  # where a rule is about the whole object


class Cause(NamedTuple):
    """One thing that is wrong: `field` is its path."""

    reason: str
    field: str
    message: str


@dataclass
class Failure(Exception):
    """An answer that ends the request."""

    code: int
    reason: str
    message: str
    details: dict[str, Any] | None = None

    @property
    def status(self) -> dict[str, Any]:
        said = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        return said | ({"details": self.details} if self.details else {})


def success(details: dict[str, Any]) -> dict[str, Any]:
    """Return the Status of what went well and left nothing to show."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }


def details_of(kind: Kind, name: str, **more: Any) -> dict[str, Any]:
    group = {"group": kind.group} if kind.group else {}
    return {"name": name, **group, "kind": kind.plural, **more}


def not_found(kind: Kind, name: str) -> Failure:
    message = f'{kind.qualified} "{name}" not found'
    return Failure(404, "NotFound", message, details_of(kind, name))


def no_such_path() -> Failure:
    message = "the server could not find the requested resource"
    return Failure(404, "NotFound", message)


def already_exists(kind: Kind, name: str) -> Failure:
    message = f'{kind.qualified} "{name}" already exists'
    return Failure(409, "AlreadyExists", message, details_of(kind, name))


def conflict(kind: Kind, name: str, why: str = "") -> Failure:
    why = why or (
        "the object has been modified; please apply your changes to the latest "
        "version and try again"
    )
    message = f'Operation cannot be fulfilled on {kind.qualified} "{name}": {why}'
    return Failure(409, "Conflict", message, details_of(kind, name))


def apply_conflict(causes: list[Cause]) -> Failure:
    """Return what server-side apply answers where others own what it would change."""
    count = len(causes)
    if count == 1:
        text = f"1 conflict: {causes[0].message}: {causes[0].field}"
    else:
        text = f"{count} conflicts: {by_manager(causes)}"
    details = {"causes": [cause._asdict() for cause in causes]}
    return Failure(409, "Conflict", f"Apply failed with {text}", details)


def by_manager(causes: list[Cause]) -> str:
    """Return conflicts as a list of fields below each of those who own them."""
    fields: dict[str, list[str]] = {}
    for cause in causes:
        owner = cause.message.replace("conflict", "conflicts", 1)
        fields.setdefault(owner, []).append(f"- {cause.field}")
    return "\n".join(
        line for owner in sorted(fields) for line in (f"{owner}:", *fields[owner])
    )


def invalid(kind: Kind, name: str, causes: list[Cause]) -> Failure:
    told = [f"{cause.field}: {cause.message}" for cause in causes]
    text = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    qualified = f"{kind.name}.{kind.group}" if kind.group else kind.name
    group = {"group": kind.group} if kind.group else {}
    details = {
        "name": name,
        **group,
        "kind": kind.name,
        "causes": [cause._asdict() for cause in causes],
    }
    return Failure(422, "Invalid", f'{qualified} "{name}" is invalid: {text}', details)


def wrong_options(name: str, causes: list[Cause]) -> Failure:
    """Return what is answered where the options of a request are wrong."""
    told = ", ".join(f"{cause.field}: {cause.message}" for cause in causes)
    message = f'{name}.{META} "" is invalid: {told}'
    details = {
        "group": META,
        "kind": name,
        "causes": [cause._asdict() for cause in causes],
    }
    return Failure(422, "Invalid", message, details)


def bad_request(message: str) -> Failure:
    return Failure(400, "BadRequest", message)


def unauthorized() -> Failure:
    return Failure(401, "Unauthorized", "Unauthorized")


def forbidden(kind: Kind, user: str, verb: str, namespace: str, name: str) -> Failure:
    group = kind.group
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    about = f'{kind.qualified} "{name}"' if name else kind.qualified
    message = (
        f'{about} is forbidden: User "{user}" cannot {verb} resource '
        f'"{kind.plural}" in API group "{group}"{where}'
    )
    return Failure(403, "Forbidden", message, details_of(kind, name))


def method_not_allowed() -> Failure:
    message = "the server does not allow this method on the requested resource"
    return Failure(405, "MethodNotAllowed", message)


def unsupported_media_type(accepted: tuple[str, ...]) -> Failure:
    message = (
        "the body of the request was in an unknown format - accepted media types "
        f"include: {', '.join(accepted)}"
    )
    return Failure(415, "UnsupportedMediaType", message)


def expired(
    message: str = "The provided resource version is too old; list again",
) -> Failure:
    return Failure(410, "Expired", message)
