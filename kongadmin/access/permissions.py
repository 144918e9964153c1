"""Who may do what. `may` is the only question that others ask."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRefresh

from kongadmin import revision
from kongadmin.access.roles import READ, REVEAL, ROLES, SUPER_ADMIN, WRITE, Role
from realms.models import Realm

__all__ = ["ACCOUNT", "READ", "REVEAL", "WRITE", "Bearer", "Everyone", "may", "needs"]

ACCOUNT = "account"  # one's own password and tokens: everybody's who can sign in


@dataclass(frozen=True, slots=True)
class Right:
    """A role in one control plane, or in all of them (`plane` is None)."""

    role: Role
    plane: UUID | None = None

    def covers(self, verb: str, entity_type: str, scope) -> bool:
        is_here = self.plane is None or (scope is not None and scope.pk == self.plane)
        return is_here and self.role.allows(verb, entity_type)


type Rights = tuple[Right, ...]
EVERYTHING: Rights = (Right(SUPER_ADMIN),)


class Everyone:
    """Whoever reaches an open Admin API on loopback (ENFORCE_RBAC=off)."""

    is_authenticated = is_active = is_superuser = True
    username = "anyone on this machine"
    limits = (EVERYTHING,)

    def __str__(self) -> str:
        return self.username


class Bearer:
    """A program that acts by a token: as its owner, within what the token allows."""

    is_authenticated = is_active = True

    def __init__(self, token) -> None:
        self.token, self.username = token, token.user.get_username()

    def __str__(self) -> str:
        return f"{self.username} (token {self.token.name})"

    @property
    def is_limited(self) -> bool:
        """Who may less than the owner cannot make what may more."""
        return self.token.is_limited

    @property
    def limits(self) -> tuple[Rights, ...]:
        return rights_of_user(self.token.user), rights_of_token(self.token)


def limits_of(user) -> tuple[Rights, ...]:
    """Return sets of rights, each of which has to cover whatever `user` does."""
    return user.limits if hasattr(user, "limits") else (rights_of_user(user),)


known = revision.Cache(revision.ACCESS)


def forget() -> None:
    """Let every process ask anew who was given what."""
    revision.bump(revision.ACCESS)


def remembered(key: tuple, load: Callable[[], Iterable[Right]]) -> Rights:
    found = known.get(key)
    if found is None:
        found = tuple(load())
        known.set(key, found)
    return found


def rights_of_user(user) -> Rights:
    """Return what a person was given; asks the database seldom."""
    if user.is_superuser:
        return EVERYTHING
    return remembered(
        ("user", user.pk),
        lambda: (
            Right(ROLES[role], plane)
            for role, plane in user.grants.values_list("role", "control_plane_id")
        ),
    )


def rights_of_token(token) -> Rights:
    """Return what a token is limited to; asks the database seldom."""
    role = ROLES[token.role]
    if not token.is_bound:
        return (Right(role),)
    return remembered(
        ("token", token.pk, role.name),
        lambda: (
            Right(role, plane)
            for plane in token.control_planes.values_list("pk", flat=True)
        ),
    )


def may(user, verb: str, entity_type: str, scope=None) -> bool:
    """Say whether `user` may `verb` (read, write, reveal) entities of that type.

    `scope` is what they are in; None asks about all there are. Whoever may do that to
    realms may do it to all that is in one.
    """
    if isinstance(scope, Realm):
        entity_type, scope = "realms", None
    if not (user and user.is_active):
        return False
    if entity_type == ACCOUNT:
        return verb == READ or not getattr(user, "is_limited", False)
    return all(
        any(right.covers(verb, entity_type, scope) for right in rights)
        for rights in limits_of(user)
    )


def has_rights(user) -> bool:
    """Say whether `user` may do anything anywhere."""
    return user.is_active and all(limits_of(user))


def can_see(user, scope) -> bool:
    """Say whether `user` may do anything at all in a control plane."""
    return may(user, READ, "node", scope)


def seen_by(user, planes: QuerySet) -> QuerySet:
    """Keep the control planes that `user` may see."""
    for rights in limits_of(user):
        seeing = [right for right in rights if right.role.allows(READ, "node")]
        if all(right.plane for right in seeing):
            planes = planes.filter(pk__in=[right.plane for right in seeing])
    return planes


def needs(verb: str, *what: Any) -> Callable:
    """Let a page be seen only by who `may`: others sign in first, or get 403.

    `what` are Entity classes or names of other kinds of things ("changes"); it is
    enough to have the right to one of them.
    """
    entity_types = [
        each if isinstance(each, str) else each.schema.name for each in what
    ]

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            user, scope = request.user, request.scope
            if not user.is_authenticated:
                if request.htmx:  # the session ended: the page has to go, not a part
                    return HttpResponseClientRefresh()
                return redirect_to_login(request.get_full_path())
            if not any(may(user, verb, each, scope) for each in entity_types):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
