"""The pages about users and the roles they are given."""

from django.contrib.auth import get_user_model, update_session_auth_hash
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from kongadmin.access import log
from kongadmin.access.forms import LAST, PasswordForm, UserForm, is_last_super_admin
from kongadmin.access.permissions import ACCOUNT, READ, WRITE, needs
from kongadmin.access.roles import DEEDS, ROLES
from kongadmin.changes import Change
from kongadmin.manager import secrets
from kongadmin.manager.paging import Page, Sort
from kongadmin.manager.render import REFUSED, render_page, see_other

User = get_user_model()
SORTS = {"username": Sort("username"), "joined": Sort("date_joined")}
SHOWN = 8


@require_safe
@needs(READ, "users")
def list_users(request: HttpRequest) -> HttpResponse:
    rows = User.objects.annotate(token_count=Count("tokens"))
    rows = rows.prefetch_related("grants__control_plane")
    page = Page(rows, request.GET, SORTS, "username")
    context = {
        "page": page,
        "roles": ROLES,
        "changes": Change.objects.filter(scope=None).order_by("-id")[:SHOWN],
    }
    return render_page(request, "access/users.html", "results", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, "users")
@transaction.atomic
def new_user(request: HttpRequest) -> HttpResponse:
    """A name, roles and a password; a generated one is shown on the user's page."""
    given, user = request.POST or None, User()
    form, password = UserForm(given, instance=user), PasswordForm(given, user=user)
    if form.is_valid() and password.is_valid():
        text = password.set_password()
        form.save()
        log.record_creation(user)
        return show_once(request, user, text, f"User {user} created.")
    context = {"form": form, "password": password}
    status = REFUSED if form.is_bound else 200
    return render_page(request, "access/user_form.html", "form", context, status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, "users")
@transaction.atomic
def edit_user(request: HttpRequest, id: int) -> HttpResponse:
    user = get_object_or_404(User, pk=id)
    form = UserForm(request.POST or None, instance=user)
    if form.is_valid():
        with log.recorded(user):
            form.save()
        return see_other(request, reverse("access:users"), f"User {user} saved.")
    stored = get_object_or_404(User, pk=id)
    context = {
        "form": form,
        "person": stored,
        "tokens": stored.tokens.order_by("-pk")[:SHOWN],
        "changes": Change.objects.filter(subject_id=log.id_of(id)).order_by("-id")[
            :SHOWN
        ],
        "born": secrets.take(request, f"password of {id}"),
    }
    status = REFUSED if form.is_bound else 200
    return render_page(request, "access/user_form.html", "form", context, status)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, "users")
def set_password(request: HttpRequest, id: int) -> HttpResponse:
    """Give somebody a new password, which ends their sessions."""
    user = get_object_or_404(User, pk=id)
    form = PasswordForm(request.POST or None, user=user)
    if form.is_valid():
        with log.recorded(user, "password"):
            text = form.set_password()
            user.save(update_fields=["password"])
        if user == request.user:
            update_session_auth_hash(request, user)
        return show_once(request, user, text, f"Password of {user} changed.")
    context = {"form": form, "person": user}
    status = REFUSED if form.is_bound else 200
    return render_page(request, "access/user_password.html", "form", context, status)


def show_once(
    request: HttpRequest, user, password: str | None, message: str
) -> HttpResponse:
    """Go to the user's page, which shows a password that was made up, once."""
    if password:
        owner = f"password of {user.pk}"
        secrets.keep(request, owner, "Password set.", {"password": password})
    return see_other(request, reverse("access:user", args=[user.pk]), message)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, "users")
@transaction.atomic
def delete_user(request: HttpRequest, id: int) -> HttpResponse:
    """Ask for the user's name, say what stops working, and delete the account."""
    user = get_object_or_404(User, pk=id)
    is_last = is_last_super_admin(user)
    is_wrong = request.method == "POST" and request.POST.get("name") != str(user)
    if request.method == "POST" and not is_wrong and not is_last:
        log.delete(user)
        return see_other(request, reverse("access:users"), f"User {user} deleted.")
    context = {
        "person": user,
        "token_count": user.tokens.count(),
        "is_wrong": is_wrong,
        "last": LAST.format(user) if is_last else "",
    }
    status = REFUSED if request.method == "POST" else 200
    return render_page(request, "access/delete_user.html", "dialog", context, status)


@require_safe
@needs(READ, ACCOUNT)
def list_roles(request: HttpRequest) -> HttpResponse:
    """The roles beside each other: what each may do, in words."""
    deeds = [
        (words, [role.allows(verb, entity_type) for role in ROLES.values()])
        for words, verb, entity_type in DEEDS
    ]
    context = {"roles": ROLES.values(), "deeds": deeds}
    return render_page(request, "access/roles.html", "content", context)
