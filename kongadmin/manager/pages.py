"""The pages that belong to no single app: overview, search, activity, errors."""

import re
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from consumers.models import Consumer, KeyAuth
from kongadmin import outages
from kongadmin.access.permissions import READ, needs
from kongadmin.access.views import next_url
from kongadmin.changes import Change
from kongadmin.entities import UUID_TEXT
from kongadmin.manager.middleware import THEMES
from kongadmin.manager.paging import Page, Sort, count_up_to
from kongadmin.manager.render import render_page, see_other
from kongadmin.plugins.models import Plugin

SOON = timedelta(days=30)
SHOWN = 8


@require_safe
@needs(READ, Consumer)
def overview(request: HttpRequest) -> HttpResponse:
    """What is there, what needs attention, and what to do first."""
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


@require_http_methods(["GET", "HEAD", "POST"])
@needs(READ, Consumer)
def search(request: HttpRequest) -> HttpResponse:
    """Find consumers by part of a name; the only hit is opened at once.

    The search box posts, so that a key pasted into it lands in no address.
    """
    if request.method == "POST":
        return find(request, request.POST.get("q", "").strip())
    text = request.GET.get("q", "").strip()
    rows = Consumer.objects.in_scope(request.scope).matching(text)
    found = list(rows.order_by("username_lower", "pk")[: SHOWN + 1]) if text else []
    if len(found) == 1:
        return see_other(request, found[0])
    more = f"{reverse('consumers:list')}?{urlencode({'q': text})}"
    context = {
        "text": text,
        "consumers": found[:SHOWN],
        "more": more if len(found) > SHOWN else "",
    }
    return render_page(request, "search.html", "content", context)


def find(request: HttpRequest, text: str) -> HttpResponse:
    """Go to the consumer whose key `text` is, else to what is called like it."""
    keys = KeyAuth.objects.in_scope(request.scope).live().select_related("consumer")
    key = keys.by_ref(text).first() if text else None
    if key:
        url = reverse("consumers:credentials", args=[key.consumer.ref])
        return see_other(request, url, f"Found by its key: {key.consumer}.")
    named = Consumer.objects.in_scope(request.scope).matching(text)
    if looks_secret(text) and not named.exists():
        messages.warning(request, "No consumer has that key.")
        return see_other(request, reverse("consumers:list"))
    return see_other(request, f"{reverse('manager:search')}?{urlencode({'q': text})}")


def looks_secret(text: str) -> bool:
    """Say whether `text` may be a key: long, in one piece, and no id."""
    return (
        len(text) >= 20 and not re.search(r"\s", text) and not UUID_TEXT.fullmatch(text)
    )


@require_safe
@needs(READ, "changes")
def activity(request: HttpRequest) -> HttpResponse:
    """Everything that was done in the control plane, newest first."""
    rows = Change.objects.in_scope(request.scope)
    page = Page(rows, request.GET, {"newest": Sort("pk")}, "-newest")
    return render_page(request, "activity.html", "results", {"page": page})


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
    text = "Your account may not do this. Ask an administrator for the right."
    return refused(request, 403, "Not allowed", text)


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
