"""What kubectl asks about oneself: `auth can-i`, also `--list`, and `auth whoami`."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from kongadmin.dialects.kubernetes.access import allows
from kongadmin.dialects.kubernetes.discovery import STATUS_VERBS, verbs_of
from kongadmin.dialects.kubernetes.kinds import KINDS, Kind

ANY = "*"
AUTHORIZATION, AUTHENTICATION = "authorization.k8s.io", "authentication.k8s.io"
ACCESS, RULES, SELF = (
    *("SelfSubjectAccessReview", "SelfSubjectRulesReview"),
    "SelfSubjectReview",
)
# What whoever has a token may do: ask about themselves, and find out what is served.
OWN_REVIEWS = ((AUTHORIZATION, ACCESS), (AUTHORIZATION, RULES), (AUTHENTICATION, SELF))
OPEN_PATHS = [
    *("/api", "/api/*", "/apis", "/apis/*"),
    *("/openapi", "/openapi/*", "/version"),
]


def access(user, review: dict) -> dict[str, Any]:
    """Answer a SelfSubjectAccessReview."""
    spec = part(review, "spec")
    is_allowed = may_get(part(spec, "nonResourceAttributes")) or may_do(
        user, part(spec, "resourceAttributes")
    )
    return say(AUTHORIZATION, ACCESS, spec=spec, status={"allowed": is_allowed})


def part(value: dict, name: str) -> dict:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def may_get(asked: dict) -> bool:
    """Say whether a path that is no object's may be read."""
    path = asked.get("path") or ""
    is_open = any(fnmatchcase(path, pattern) for pattern in OPEN_PATHS)
    return is_open and asked.get("verb") == "get"


def may_do(user, asked: dict) -> bool:
    kinds = kinds_of(asked)
    verb, subresource = asked.get("verb") or "", asked.get("subresource") or ""
    return bool(kinds) and all(
        verb in (ANY, *verbs_on(kind, subresource)) and allows(user, verb, kind)
        for kind in kinds
    )


def kinds_of(asked: dict) -> list[Kind]:
    """Return the kinds that a question is about; none where nothing is served so."""
    group, plural = asked.get("group", ""), asked.get("resource", "")
    return [
        kind
        for kind in KINDS
        if group in (ANY, kind.group) and plural in (ANY, kind.plural)
    ]


def verbs_on(kind: Kind, subresource: str) -> list[str]:
    """Return what may be done to objects of a kind, or to a part of them."""
    if not subresource:
        return verbs_of(kind)
    return STATUS_VERBS if subresource == "status" and kind.has_status else []


def rules(user, review: dict) -> dict[str, Any]:
    """Answer a SelfSubjectRulesReview; nothing depends on a namespace."""
    status = {
        "resourceRules": [*rules_about(user), *map(own_review, OWN_REVIEWS)],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": OPEN_PATHS}],
        "incomplete": False,
    }
    return say(AUTHORIZATION, RULES, spec=part(review, "spec"), status=status)


def rules_about(user) -> Iterator[dict[str, Any]]:
    for kind in KINDS:
        for subresource in ("", "status"):
            verbs = [v for v in verbs_on(kind, subresource) if allows(user, v, kind)]
            if verbs:
                named = "/".join(filter(None, (kind.plural, subresource)))
                yield rule(kind.group, named, verbs)


def own_review(named: tuple[str, str]) -> dict[str, Any]:
    group, kind = named
    return rule(group, f"{kind.lower()}s", ["create"])


def rule(group: str, resource: str, verbs: list[str]) -> dict[str, Any]:
    return {"verbs": verbs, "apiGroups": [group], "resources": [resource]}


def self_of(user, review: dict) -> dict[str, Any]:
    """Answer a SelfSubjectReview."""
    info = {"username": user.username, "groups": ["system:authenticated"]}
    return say(AUTHENTICATION, SELF, status={"userInfo": info})


def say(group: str, kind: str, **parts: dict) -> dict[str, Any]:
    return {"kind": kind, "apiVersion": f"{group}/v1", "metadata": {}, **parts}


REVIEWS = {
    f"{group}/v1/{kind.lower()}s": answer
    for (group, kind), answer in zip(OWN_REVIEWS, (access, rules, self_of), strict=True)
}
