"""The frame around every page: navigation and the control-plane switcher, as data."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from realms.models import ControlPlane


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation; `section` marks it current below its pages."""

    label: str
    view: str
    section: str


NAVIGATION = [
    ("", [Link("Overview", "manager:overview", "overview")]),
    (
        "API Gateway",
        [
            Link("Consumers", "consumers:list", "consumers"),
            Link("Plugins", "plugins:list", "plugins"),
        ],
    ),
    (
        "Operations",
        [
            Link("Activity", "manager:activity", "activity"),
            Link("API tokens", "access:tokens", "access"),
            Link("API reference", "manager:reference", "reference"),
        ],
    ),
]
SECTIONS = {
    "consumers": "consumers",
    "plugins": "plugins",
    "access": "access",
    "manager": None,
}


def shell(request: HttpRequest) -> dict:
    """Return what base.html shows around a page."""
    user, match = getattr(request, "user", None), request.resolver_match
    if not getattr(user, "is_authenticated", False) or not hasattr(request, "scope"):
        return {}
    # An address that leads nowhere has no match, but a frame all the same.
    section = match and (SECTIONS.get(match.app_name) or match.url_name)
    groups = [
        (
            title,
            [
                {
                    "label": link.label,
                    "url": reverse(link.view),
                    "is_current": link.section == section,
                }
                for link in links
            ],
        )
        for title, links in NAVIGATION
    ]
    return {"navigation": groups, "control_planes": control_planes(request)}


def control_planes(request: HttpRequest) -> list[dict]:
    """Return the control planes one can switch to, and where the switch leads."""
    # The prefix /@name of another control plane is not part of what reverse() adds.
    root = request.META.get("SCRIPT_NAME", "").partition("/@")[0]
    return [
        {
            "name": plane.name,
            "url": f"{root}/" if plane.is_default else f"{root}/@{plane.name}/",
            "is_current": plane.pk == request.scope.pk,
        }
        for plane in ControlPlane.objects.order_by("name")[:50]
    ]
