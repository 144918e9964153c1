"""The pages about API tokens: one's own, and for super admins everybody's."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from kongadmin.access import log
from kongadmin.access.forms import TokenForm
from kongadmin.access.models import APIToken, APITokenQuerySet
from kongadmin.access.permissions import ACCOUNT, READ, WRITE, may, needs
from kongadmin.access.roles import ROLES
from kongadmin.manager import secrets
from kongadmin.manager.paging import Page, Sort
from kongadmin.manager.render import REFUSED, render_page, see_other

NEWEST_FIRST = {"newest": Sort("pk")}


def tokens_for(user: AbstractBaseUser, verb: str) -> APITokenQuerySet:
    """Return the tokens that somebody may read or write: their own, or all."""
    tokens = APIToken.objects.select_related("user")
    return tokens if may(user, verb, "tokens") else tokens.filter(user=user)


def find_token(request: HttpRequest, id: int) -> APIToken:
    token = tokens_for(request.user, WRITE).filter(pk=id).first()
    if token is None:
        raise Http404("You have no such token.")
    return token


def back_to_list(request: HttpRequest, token: APIToken) -> str:
    """Return the address of the list that shows the token."""
    url = reverse("access:tokens")
    return url if token.user == request.user else f"{url}?whose=everybody"


@require_safe
@needs(READ, ACCOUNT)
def list_tokens(request: HttpRequest) -> HttpResponse:
    """The person's own tokens, or everybody's; a new one is shown here, once."""
    is_everybody = request.GET.get("whose") == "everybody"
    tokens = tokens_for(request.user, READ)
    if not is_everybody:
        tokens = tokens.filter(user=request.user)
    rows = tokens.prefetch_related("control_planes")
    context = {
        "page": Page(rows, request.GET, NEWEST_FIRST, "-newest"),
        "is_everybody": is_everybody,
        "roles": ROLES,
        "born": secrets.take(request, f"tokens of {request.user.pk}"),
    }
    return render_page(request, "access/tokens.html", "content", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, ACCOUNT)
@transaction.atomic
def new_token(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST or None, instance=APIToken(user=request.user))
    if form.is_valid():
        token, text = form.create()
        log.record_creation(token)
        owner = f"tokens of {request.user.pk}"
        secrets.keep(request, owner, "Token created.", {"token": text})
        return see_other(request, reverse("access:tokens"))
    return show_form(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, ACCOUNT)
def edit_token(request: HttpRequest, id: int) -> HttpResponse:
    token = find_token(request, id)
    form = TokenForm(request.POST or None, instance=token)
    if form.is_valid():
        with log.recorded(token):
            form.change()
        url = back_to_list(request, token)
        return see_other(request, url, f"Token {token.name} saved.")
    return show_form(request, form, token=find_token(request, id))


def show_form(request: HttpRequest, form: TokenForm, **context) -> HttpResponse:
    context |= {"form": form, "roles": ROLES}
    status = REFUSED if form.is_bound else 200
    return render_page(request, "access/token_form.html", "form", context, status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, ACCOUNT)
def revoke_token(request: HttpRequest, id: int) -> HttpResponse:
    token = find_token(request, id)
    url = back_to_list(request, token)
    if request.method == "POST":
        log.delete(token)
        return see_other(request, url, f"Token {token.name} revoked.")
    context = {"token": token, "back": url}
    return render_page(request, "access/revoke_token.html", "dialog", context)
