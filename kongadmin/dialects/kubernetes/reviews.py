"""What kubectl asks about oneself: `auth can-i` and `auth whoami`."""

from typing import Any

from kongadmin.dialects.kubernetes.access import allows
from kongadmin.dialects.kubernetes.kinds import KINDS, Kind

ANY = "*"


def access(user, review: dict) -> dict[str, Any]:
    """Answer a SelfSubjectAccessReview."""
    spec = review.get("spec")
    asked = spec.get("resourceAttributes") if isinstance(spec, dict) else None
    asked = asked if isinstance(asked, dict) else {}
    kinds = list(kinds_of(asked))
    verb = asked.get("verb") or ""
    is_allowed = bool(kinds) and all(allows(user, verb, kind) for kind in kinds)
    return {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": spec or {},
        "status": {"allowed": is_allowed},
    }


def kinds_of(asked: dict) -> list[Kind]:
    """Return the kinds that a question is about; none where nothing is served so."""
    group, plural = asked.get("group", ""), asked.get("resource", "")
    return [
        kind
        for kind in KINDS
        if group in (ANY, kind.group) and plural in (ANY, kind.plural)
    ]


def self_of(user) -> dict[str, Any]:
    """Answer a SelfSubjectReview."""
    return {
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {},
        "status": {
            "userInfo": {"username": user.username, "groups": ["system:authenticated"]}
        },
    }
