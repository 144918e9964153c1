"""Signing in and out, the account, and its API tokens."""

from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from kongadmin.access import throttle
from kongadmin.access.forms import TokenForm
from kongadmin.access.models import APIToken
from kongadmin.access.permissions import READ, WRITE, needs
from kongadmin.manager import secrets
from kongadmin.manager.render import REFUSED, render_page, see_other
from kongadmin.peers import client_address

TOO_MANY = 429


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Let somebody in by name and password; who guesses too often has to wait."""
    name, address = request.POST.get("username", ""), client_address(request.META)
    wait = throttle.wait_for(name, address) if request.method == "POST" else None
    form = AuthenticationForm(request, request.POST or None)
    context = {"form": form, "next": next_url(request), "wait": wait}
    if wait:
        minutes = int(wait.total_seconds() // 60) + 1
        context |= {"form": AuthenticationForm(request), "minutes": minutes}
        return render_page(request, "access/sign_in.html", "form", context, TOO_MANY)
    if form.is_valid():
        throttle.forget_failures(name, address)
        login(request, form.get_user())
        return see_other(request, context["next"])
    if form.is_bound:
        throttle.note_failure(name, address)
    status = REFUSED if form.is_bound else 200
    return render_page(request, "access/sign_in.html", "form", context, status)


def next_url(request: HttpRequest) -> str:
    """Return where to go after signing in, if that is a page of ours."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    if url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure()):
        return url
    return resolve_url("manager:overview")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return see_other(request, reverse("access:sign_in"), "You are signed out.")


@require_safe
@needs(READ, "account")
def account(request: HttpRequest) -> HttpResponse:
    return see_other(request, reverse("access:tokens"))


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@needs(WRITE, "account")
def change_password(request: HttpRequest) -> HttpResponse:
    form = PasswordChangeForm(request.user, request.POST or None)
    if form.is_valid():
        form.save()
        update_session_auth_hash(request, form.user)
        return see_other(request, reverse("access:password"), "Password changed.")
    status = REFUSED if form.is_bound else 200
    return render_page(request, "access/password.html", "form", {"form": form}, status)


@require_safe
@needs(READ, "tokens")
def list_tokens(request: HttpRequest) -> HttpResponse:
    """The person's own tokens; a new one is shown here, once."""
    context = {
        "tokens": request.user.tokens.order_by("-pk"),
        "born": secrets.take(request, f"tokens of {request.user.pk}"),
    }
    return render_page(request, "access/tokens.html", "content", context)


@require_http_methods(["GET", "POST"])
@needs(WRITE, "tokens")
def new_token(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST or None)
    if form.is_valid():
        name = form.cleaned_data["name"]
        _, text = APIToken.issue(request.user, name, form.expires_at)
        owner = f"tokens of {request.user.pk}"
        secrets.keep(request, owner, "Token created.", {"token": text})
        return see_other(request, reverse("access:tokens"))
    status = REFUSED if form.is_bound else 200
    return render_page(
        request, "access/token_form.html", "form", {"form": form}, status
    )


@require_http_methods(["GET", "POST"])
@needs(WRITE, "tokens")
def revoke_token(request: HttpRequest, id: int) -> HttpResponse:
    token = get_object_or_404(APIToken, pk=id, user=request.user)
    if request.method == "POST":
        token.delete()
        return see_other(
            request, reverse("access:tokens"), f"Token {token.name} revoked."
        )
    return render_page(request, "access/revoke_token.html", "dialog", {"token": token})
