"""The pages that belong to no single app: overview, search, activity, errors."""

import re
import sys
from datetime import timedelta
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from consumers.credentials import CredentialType
from consumers.holdings import called, holders
from consumers.models import Consumer, Credential, KeyAuth
from groups.models import ConsumerGroup
from kongadmin import outages
from kongadmin.access.permissions import READ, can_see, may, needs, seen_by
from kongadmin.access.views import next_url
from kongadmin.changes import Change
from kongadmin.entities import UUID_TEXT, Entity, EntityQuerySet
from kongadmin.fields import can_store
from kongadmin.manager.middleware import THEMES
from kongadmin.manager.paging import Page, Sort, count_up_to
from kongadmin.manager.render import render_page, see_other
from kongadmin.manager.shell import control_planes
from kongadmin.manager.templatetags.manager import DIALECTS, NOUNS
from kongadmin.plugins.models import Plugin
from realms.models import ControlPlane, Realm

SOON = timedelta(days=30)
SHOWN = 8
MOST_REALMS = 500
OUTSIDE = ("users", "tokens")  # their changes belong to no control plane
# What the log can be narrowed by; there is an index for each.
CHANGES_BY = {"who": "actor", "what": "entity_type", "through": "dialect"}


@require_safe
@needs(READ, "node")
def overview(request: HttpRequest) -> HttpResponse:
    """What is there, what needs attention, and what to do first.

    Who is here for the plugins alone goes on to those.
    """
    if not may(request.user, READ, "consumers", request.scope):
        return see_other(request, reverse("plugins:list"))
    scope, now = request.scope, timezone.now()
    keys = KeyAuth.objects.in_scope(scope)
    expiring = keys.filter(expires_at__gt=now, expires_at__lt=now + SOON)
    consumers = Consumer.objects.in_scope(scope)
    plugins = Plugin.objects.in_scope(scope)
    key_auths = plugins.filter(name="key-auth", enabled=True, consumer=None)
    context = {
        "counts": [
            ("Consumers", count_up_to(consumers), reverse("consumers:list")),
            ("Keys", count_up_to(keys.live()), ""),
            ("Plugins", count_up_to(plugins), reverse("plugins:list")),
            *realm_count(request),
        ],
        "expiring": expiring.select_related("consumer").order_by("expires_at")[:SHOWN],
        "changes": Change.objects.in_scope(scope).order_by("-id")[:SHOWN],
        "listeners": [
            ("Authorizer", settings.PROXY_LISTEN.url),
            ("Admin API", settings.ADMIN_LISTEN.url),
            ("Manager", settings.ADMIN_GUI_URL or settings.ADMIN_GUI_LISTEN.url),
        ],
        "key_auth": key_auths.first(),
        "first_consumer": consumers.order_by("pk").first(),
    }
    return render_page(request, "overview.html", "content", context)


def realm_count(request: HttpRequest) -> list[tuple[str, int, str]]:
    """Return the tile about realms, for whoever may see them."""
    if not may(request.user, READ, "realms"):
        return []
    return [("Realms", count_up_to(Realm.objects.ours()), reverse("realms:list"))]


@require_http_methods(["GET", "HEAD", "POST"])
@needs(READ, Consumer)
def search(request: HttpRequest) -> HttpResponse:
    """Find what is called like that in part, or whose credential is in whole.

    The only one is opened at once. The search box posts, so that a key pasted into it
    lands in no address.
    """
    if request.method == "POST":
        return find(request, request.POST.get("q", "").strip())
    text = request.GET.get("q", "").strip()
    kinds = [
        ("Consumers", Consumer, "username_lower", "consumers:list"),
        ("Consumer Groups", ConsumerGroup, "name", "groups:list"),
    ]
    found = [
        (title, named(request, model, text).order_by(order, "pk")[: SHOWN + 1], view)
        for title, model, order, view in kinds
        if text
    ]
    found += elsewhere(request, text)
    held = called(request.scope, text, SHOWN + 1) if text else []
    hits = {entity.pk: entity for _, rows, _ in found for entity in rows}
    if len(hits.keys() | {credential.consumer_id for _, credential in held}) == 1:
        if hits:
            return see_other(request, *hits.values())
        return open_holder(request, *held[0])
    sections = [
        {
            "title": title,
            "items": rows[:SHOWN],
            "more": len(rows) > SHOWN
            and view
            and f"{reverse(view)}?{urlencode({'q': text})}",
        }
        for title, rows, view in found
        if rows
    ]
    context = {
        "text": text,
        "sections": sections,
        "held": held[:SHOWN],
        "more_held": len(held) > SHOWN,
    }
    return render_page(request, "search.html", "content", context)


def named(request: HttpRequest, model: type[Entity], text: str) -> EntityQuerySet:
    return model.objects.in_scope(request.scope).matching(text)


def elsewhere(request: HttpRequest, text: str) -> list[tuple[str, QuerySet, str]]:
    """Return what is called like `text` outside of control planes: title, rows, list.

    Consumers of all realms have no list, and come in no order: sorting may take long.
    """
    if not text or isinstance(request.scope, Realm):
        return []
    planes = seen_by(request.user, ControlPlane.objects.ours()).matching(text)
    found = [("Control Planes", planes.order_by("name"), "planes:list")]
    if may(request.user, READ, "realms"):
        realms = Realm.objects.ours()
        inside = Consumer.objects.filter(scope__in=realms.values("pk"))
        found += [
            ("Realms", realms.matching(text).order_by("name"), "realms:list"),
            ("Consumers of realms", inside.matching(text).order_by(), ""),
        ]
    found = [(title, rows[: SHOWN + 1], view) for title, rows, view in found]
    return [each for each in found if each[1]]


def searched(request: HttpRequest) -> list[UUID]:
    """Return the scopes whose keys lead to their consumers."""
    scopes = [request.scope.pk]
    if may(request.user, READ, "realms"):
        scopes += Realm.objects.ours().values_list("pk", flat=True)[:MOST_REALMS]
    return scopes


def find(request: HttpRequest, text: str) -> HttpResponse:
    """Go to the consumer whose key `text` is, else to what is called like it."""
    keys = holders(searched(request), text) if text else []
    if keys:
        return open_holder(request, *keys[0])
    if looks_secret(text) and not is_called(request, text):
        messages.warning(request, "No consumer has that key.")
        return see_other(request, reverse("consumers:list"))
    return see_other(request, f"{reverse('manager:search')}?{urlencode({'q': text})}")


def open_holder(
    request: HttpRequest, declared: CredentialType, credential: Credential
) -> HttpResponse:
    """Go to the credentials of the consumer who has this one."""
    consumer = credential.consumer
    url = f"{consumer.get_absolute_url()}/credentials"
    return see_other(request, url, f"Found by its {declared.word}: {consumer}.")


def is_called(request: HttpRequest, text: str) -> bool:
    """Say whether a consumer, a group or anything else is called like `text`."""
    known = (named(request, model, text) for model in (Consumer, ConsumerGroup))
    return (
        any(rows.exists() for rows in known)
        or bool(called(request.scope, text, 1))
        or bool(elsewhere(request, text))
    )


def looks_secret(text: str) -> bool:
    """Say whether `text` may be a key: long, in one piece, and no id."""
    return (
        len(text) >= 20 and not re.search(r"\s", text) and not UUID_TEXT.fullmatch(text)
    )


@require_safe
@needs(READ, "changes")
def activity(request: HttpRequest) -> HttpResponse:
    """What was done in the control plane or realm, newest first: all, or some of it.

    ?who=, ?what= and ?through= narrow it to an actor, a kind of entity, a dialect.
    """
    asked = {name: request.GET.get(name, "").strip() for name in CHANGES_BY}
    wanted = {CHANGES_BY[name]: text for name, text in asked.items() if text}
    rows = Change.objects.in_scope(request.scope)
    rows = rows.filter(**wanted) if all(map(can_store, asked.values())) else rows.none()
    kinds = {name: noun for name, noun in NOUNS.items() if name not in OUTSIDE}
    context = {
        "page": Page(rows, request.GET, {"newest": Sort("pk")}, "-newest"),
        "asked": asked,
        "is_narrowed": bool(wanted),
        "kinds": sorted(kinds.items(), key=itemgetter(1)),
        "dialects": DIALECTS.items(),
    }
    is_of_realm = isinstance(request.scope, Realm)
    template = "realms/activity.html" if is_of_realm else "activity.html"
    return render_page(request, template, "results", context)


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in a cookie; anything else follows the system."""
    theme = request.POST.get("theme", "")
    response = see_other(request, next_url(request))
    if theme in THEMES:
        response.set_cookie(
            "kongadmin_theme", theme, max_age=31_536_000, samesite="Lax"
        )
    else:
        response.delete_cookie("kongadmin_theme")
    return response


def refused(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = why(request, status, title, text)
    return render(request, "error.html", context, status=status)


def why(request: HttpRequest, status: int, title: str, text: str) -> dict[str, Any]:
    """Return what error.html shows."""
    id_ = getattr(request, "request_id", "")
    return {"status": status, "heading": title, "text": text, "request_id": id_}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refused(request, 400, "That request makes no sense", str(exception))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say whom to ask; at the front door, lead to what one may see instead."""
    text = f"Your account may not do this. Ask {super_admins()} for the right."
    if not request.user.is_authenticated or can_see(request.user, request.plane):
        return refused(request, 403, "Not allowed", text)
    planes = control_planes(request)
    if not planes:
        context = {"names": super_admins()}
        return render(request, "access/no_role.html", context, status=403)
    if request.get_full_path() == "/":
        return HttpResponseRedirect(planes[0]["url"])
    text = f"You have no role in {request.plane.name}. Ask {super_admins()} for one."
    return refused(request, 403, "Not allowed", text)


def super_admins() -> str:
    """Return the names of some who give roles."""
    users = get_user_model().objects.filter(is_active=True, is_superuser=True)
    names = users.order_by("pk").values_list("username", flat=True)[:3]
    return " or ".join(names) or "an administrator"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    reason = exception.args[0] if exception.args else ""
    text = reason if isinstance(reason, str) else ""
    return refused(request, 404, "Nothing here", text or "This page does not exist.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Say so without the database or the session: they may be what is broken."""
    if text := outages.in_words(sys.exception()):
        context = why(request, 503, "Not available for now", f"{text}.")
        page = HttpResponse(render_to_string("error.html", context), status=503)
        page["Retry-After"] = str(outages.RETRY_SECONDS)
        return page
    text = "Something broke on our side; nothing was saved. Try again."
    context = why(request, 500, "An unexpected error", text)
    return HttpResponse(render_to_string("error.html", context), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = "The form was open for too long, or cookies are off. Go back and try again."
    return refused(request, 403, "The form has expired", text)
