"""The frame around every page: navigation and the control-plane switcher, as data."""

from dataclasses import dataclass

from django.http import HttpRequest

from kongadmin.access.permissions import ACCOUNT, READ, may, seen_by
from realms.models import ControlPlane, Realm
from realms.places import front_door, outside


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation, for those who may read what it is about.

    `section` marks it current below its pages.
    """

    label: str
    view: str
    section: str
    about: str = "node"


NAVIGATION = [
    ("", [Link("Overview", "manager:overview", "overview")]),
    (
        "API Gateway",
        [
            Link("Consumers", "consumers:list", "consumers", "consumers"),
            Link("Consumer Groups", "groups:list", "groups", "consumer_groups"),
            Link("Plugins", "plugins:list", "plugins", "plugins"),
            Link("Try a request", "explain:try", "explain", "plugins consumers"),
        ],
    ),
    (
        "Organization",
        [
            Link("Control Planes", "planes:list", "planes", ACCOUNT),
            Link("Realms", "realms:list", "realms", "realms"),
        ],
    ),
    (
        "Operations",
        [
            Link("Import and export", "declarative:start", "declarative"),
            Link("Activity", "manager:activity", "activity", "changes"),
            Link("API reference", "manager:reference", "reference", "node"),
        ],
    ),
    (
        "Access",
        [
            Link("Users", "access:users", "users", "users"),
            Link("Roles", "access:roles", "roles", ACCOUNT),
            Link("API tokens", "access:tokens", "tokens", ACCOUNT),
        ],
    ),
]
SECTIONS = {
    "consumers": "consumers",
    "groups": "groups",
    "memberships": "consumers",
    "consumer_plugins": "consumers",
    "group_plugins": "groups",
    "plugins": "plugins",
    "explain": "explain",
    "declarative": "declarative",
    "planes": "planes",
    "realms": "realms",
    "manager": None,
}


class Can(dict[str, bool]):
    """What the person on the page may do, for templates: `can.write_consumers`."""

    def __init__(self, request: HttpRequest) -> None:
        self.user, self.scope = request.user, request.scope

    def __missing__(self, name: str) -> bool:
        verb, _, entity_type = name.partition("_")
        self[name] = may(self.user, verb, entity_type, self.scope)
        return self[name]


def shell(request: HttpRequest) -> dict:
    """Return what base.html shows around a page."""
    user, match = getattr(request, "user", None), request.resolver_match
    if not getattr(user, "is_authenticated", False) or not hasattr(request, "scope"):
        return {}
    # An address that leads nowhere has no match, but a frame all the same.
    realm = request.scope if isinstance(request.scope, Realm) else None
    section = "realms" if realm else match and section_of(match)
    groups = [
        (
            title,
            [
                {
                    "label": link.label,
                    "url": outside(link.view),
                    "is_current": link.section == section,
                }
                for link in links
                if all(
                    may(user, READ, kind, request.plane) for kind in link.about.split()
                )
            ],
        )
        for title, links in NAVIGATION
    ]
    return {
        "navigation": [(title, links) for title, links in groups if links],
        "control_planes": control_planes(request),
        "can": Can(request),
        "realm": realm,
    }


def section_of(match) -> str:
    """Return which entry of the navigation a page belongs to."""
    if match.app_name == "access":  # access/users/1 → users
        return match.route.partition("/")[2].partition("/")[0]
    return SECTIONS.get(match.app_name) or match.url_name


def control_planes(request: HttpRequest) -> list[dict]:
    """Return the control planes one may see, and where the switch to them leads."""
    return [
        {
            "name": plane.name,
            "url": front_door(plane),
            "is_current": plane.pk == request.plane.pk,
        }
        for plane in seen_by(
            request.user, ControlPlane.objects.ours().order_by("name")
        )[:50]
    ]
