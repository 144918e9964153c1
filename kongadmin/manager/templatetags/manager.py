"""Filters of the Manager's templates. None of them asks the database."""

import json
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from consumers.credentials import CREDENTIALS
from consumers.models import Credential
from kongadmin.manager.paging import Page
from kongadmin.masks import mask
from realms import places

register = template.Library()
register.filter("mask", mask)
register.simple_tag(places.outside, name="outside")
register.simple_tag(places.inside, name="inside")
register.filter("switch", places.front_door)

DIALECTS = {
    "manager": "Manager",
    "admin_api": "Admin API",
    "konnect": "Konnect API",
    "django_admin": "Django admin",
    "kubernetes": "kubectl",
    "deck": "decK",
    "command": "Command",
}
DONE = {
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "reveal": "revealed",
    "bulk": "wrote",
    "purge": "purged the cache of",
}
NOUNS = {
    "consumers": "consumer",
    "consumer_groups": "consumer group",
    "consumer_group_consumers": "membership",
    "consumer_group_overrides": "override",
    "plugins": "plugin",
    "realms": "realm",
    "tokens": "API token",
    "users": "user",
    "workspaces": "control plane",
} | {declared.model.schema.name: declared.word for declared in CREDENTIALS.values()}
# The page about what was changed, and which of a change's ids is in its address.
PLACES = {
    "consumers": ("consumers:show", "subject_id"),
    "consumer_groups": ("groups:show", "subject_id"),
    "consumer_group_consumers": ("groups:consumers", "related_id"),
    "consumer_group_overrides": ("groups:rate_limiting", "subject_id"),
    "plugins": ("plugins:show", "entity_id"),
}
PLACE_OF_OTHERS = "consumers:credentials", "subject_id"
UNITS = (
    ("year", 31_536_000),
    ("month", 2_592_000),
    ("day", 86_400),
    ("h", 3600),
    ("min", 60),
)


def distance(seconds: float) -> str:
    """Return a length of time in its largest unit: `3 days`, `2 h`, `5 min`."""
    for name, length in UNITS:
        if seconds >= length:
            count = round(seconds / length)
            plural = "s" if count > 1 and name not in ("h", "min") else ""
            return f"{count} {name}{plural}"
    return ""


@register.filter
def ago(time: datetime | None) -> str:
    """Say how far a time lies from now; the exact time is in the title."""
    if time is None:
        return ""
    said, title, text = time.isoformat(), exactly(time), ago_alone(time)
    return SafeString(f'<time datetime="{said}" title="{title}">{text}</time>')


@register.filter
def ago_alone(time: datetime) -> str:
    """Say the same without an element, for lists that have to stay light."""
    seconds = (timezone.now() - time).total_seconds()
    near = distance(abs(seconds))
    return "just now" if not near else f"{near} ago" if seconds > 0 else f"in {near}"


@register.filter
def exactly(time: datetime) -> str:
    return f"{time:%-d %b %Y, %H:%M:%S} UTC"


@register.filter
def beside(page: Page, name: str) -> str:
    """Return what follows `?name=…` in the address of a list that this narrows."""
    others = page.query(name)
    return f"&{others}" if others else ""


@register.filter
def days_left(time: datetime | None) -> int | None:
    """Return the whole days until a time; None for never."""
    return None if time is None else (time - timezone.now()).days


@register.filter
def own_tags(entity) -> list[str]:
    """Return the tags somebody gave, not those that a badge in the same row repeats."""
    tags, managed = entity.tags or [], getattr(entity, "managed", None)
    return [tag for tag in tags if not (managed and tag.startswith(managed.tags))]


@register.filter
def dialect(name: str) -> str:
    return DIALECTS.get(name, name)


@register.filter
def done(verb: str) -> str:
    return DONE.get(verb, verb)


@register.filter
def noun(entity_type: str) -> str:
    return NOUNS.get(entity_type, entity_type)


@register.filter
def place(change) -> str:
    """Return the address of the page about what was changed, if it may have one."""
    is_gone = change.verb == "delete" and change.subject_id == change.entity_id
    if is_gone or not change.subject_id:
        return ""
    if change.entity_type in ("users", "tokens"):  # Django's numbers as UUIDs
        return places.here("access:user", change.subject_id.int)
    if change.entity_type in ("realms", "workspaces"):
        app = "realms" if change.entity_type == "realms" else "planes"
        return places.outside(f"{app}:show", change.entity_id)
    if change.entity_type == "plugins" and change.verb == "delete":
        return ""
    view, id_ = PLACES.get(change.entity_type, PLACE_OF_OTHERS)
    return places.here(view, getattr(change, id_))


@register.filter
def label(credential: Credential, name: str) -> str:
    return credential._meta.get_field(name).verbose_name


@register.filter
def cell(credential: Credential, name: str) -> str:
    """Return a field of a credential as a table shows it; a secret masked."""
    text = credential.seen(name)
    if text is None:
        return format_html('<span class="dim">{}</span>', shown(None))
    if name not in credential.secret_fields:
        return text
    if name not in credential.readable_secrets:
        return format_html('<span class="dim">{}</span>', text)
    return format_html("<code>{}</code>", text)


@register.filter
def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def shown(value: Any) -> str:
    """Return a stored value as a person reads it."""
    if value is None or value == []:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def differences(change) -> list[tuple[str, Any, Any]]:
    """Return (field, before, after) for every field that a change touched."""
    before, after = change.before or {}, change.after or {}
    # On the page of its owner, whose a credential is goes without saying.
    is_child = change.subject_id != change.entity_id
    owners = ("consumer", "consumer_group") if is_child else ()
    hidden = ("id", "created_at", "scope", *owners)
    names = dict.fromkeys([*after, *before])
    return [
        (name, before.get(name), after.get(name))
        for name in names
        if name not in hidden and before.get(name) != after.get(name)
    ]


@register.filter
def about(count: int) -> str:
    """Return a bounded count in words: past the bound it is `more than 1,000`."""
    return f"{count:,}" if count <= 1000 else "more than 1,000"
