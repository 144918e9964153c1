"""Users and their tokens as Konnect's identity API has them. Contract konnect §3.1."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from kongadmin.access import log
from kongadmin.access.log import id_of
from kongadmin.access.models import APIToken, APITokenQuerySet
from kongadmin.access.permissions import ACCOUNT, READ, WRITE, may
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.konnect.answers import say_time
from kongadmin.dialects.konnect.bodies import judge
from kongadmin.dialects.konnect.paging import DEFAULT_SIZE, SIZE, read_size
from kongadmin.dialects.konnect.problems import Problem, parameter
from kongadmin.dialects.konnect.routes import register
from kongadmin.dialects.konnect.views import READING, KonnectView, one, read_id
from kongadmin.schema import Schema

User = get_user_model()
SCHEMA = Schema.load(Path(__file__).parent / "schemas" / "access_tokens.yaml")
TTL, END = "ttl_seconds", "expires_at"
MOST_TOKENS = 10
SHORTEST, LONGEST = SCHEMA.fields[TTL]["between"]
LARGEST_SIZE, LARGEST_NUMBER = 100, 1_000_000
LARGEST_KEY = 2**63 - 1


def say_user(user) -> dict:
    """Return a user; Django does not note when one was changed."""
    return {
        "id": str(id_of(user.pk)),
        "email": user.email,
        "full_name": user.get_full_name() or user.get_username(),
        "preferred_name": user.get_username(),
        "active": user.is_active,
        "created_at": say_time(user.date_joined),
        "updated_at": say_time(user.date_joined),
    }


def say_token(token: APIToken) -> dict:
    """Return a token; its text is told once, elsewhere."""
    by = token.revoked_by_id and {"id": str(id_of(token.revoked_by_id)), "type": "user"}
    return {
        "id": str(id_of(token.pk)),
        "user_id": str(id_of(token.user_id)),
        "name": token.name,
        "state": token.state,
        "created_at": say_time(token.created_at),
        "updated_at": say_time(token.updated_at),
        "last_used_at": say_time(token.last_used_at),
        "expires_at": say_time(token.expires_at),
        "revoked_at": say_time(token.revoked_at),
        "revoked_by": by,
    }


def read_key(text: str) -> int:
    """Return the number that an id in a path stands for; Http404 if it is none."""
    number = read_id(text).int
    if number > LARGEST_KEY:
        raise Http404
    return number


class AccountView(KonnectView):
    """What somebody does with what is their own."""

    entity_type = ACCOUNT

    @cached_property
    def account(self):
        """The user who calls; 401 where nobody in particular does."""
        if self.request.auth is None:
            raise Problem(401)
        return self.request.auth.user


class Me(AccountView):
    """/v3/users/me: whose token this is."""

    def get(self, request, **kwargs) -> Answer:
        return Answer(say_user(self.account))


class TokenView(AccountView):
    """What is about the tokens of a user: the caller, or who the caller looks after."""

    def check_right(self, user: str, **kwargs) -> None:
        self.owner_key = read_key(user)
        verb = READ if self.request.method in READING else WRITE
        is_own = self.owner_key == self.account.pk
        if not may(self.request.user, verb, ACCOUNT if is_own else "tokens"):
            raise PermissionDenied

    def find_parents(self, **kwargs) -> None:
        self.owner = User.objects.filter(pk=self.owner_key).first()
        if self.owner is None:
            raise Http404

    def tokens(self) -> APITokenQuerySet:
        return APIToken.objects.filter(user=self.owner).order_by("pk")

    def find_token(self, ref: str) -> APIToken:
        token = self.tokens().filter(pk=read_key(ref)).first()
        if token is None:
            raise Http404
        return token


class Tokens(TokenView):
    """/v3/users/{user}/access-tokens."""

    def get(self, request, **kwargs) -> Answer:
        found: list[dict] = []
        arguments = request.arguments
        number = read_size(arguments, "page[number]", LARGEST_NUMBER, 1, found)
        size = read_size(arguments, SIZE, LARGEST_SIZE, DEFAULT_SIZE, found)
        if found:
            raise Problem.invalid(found)
        rows, first = self.tokens(), (number - 1) * size
        page = {"number": number, "size": size, "total": rows.count()}
        data = [say_token(token) for token in rows[first : first + size]]
        return Answer({"data": data, "meta": {"page": page}})

    @transaction.atomic
    def post(self, request, **kwargs) -> Answer:
        values = judge(SCHEMA, self.read_object(), SCHEMA.fields, also=wrong_ends)
        User.objects.select_for_update().get(pk=self.owner.pk)  # who counts, alone
        if self.tokens().active().count() >= MOST_TOKENS:
            reason = f"a user has at most {MOST_TOKENS}"
            wrong = parameter("body", "max_items", reason, maximum=MOST_TOKENS)
            text = f"User [{self.owner}] has {MOST_TOKENS} active tokens already"
            raise Problem.invalid([wrong], text)
        token, text = APIToken.issue(self.owner, values["name"], end_of(values))
        log.record_creation(token)
        return Answer({**say_token(token), "konnect_token": text}, 201)


def end_of(values: dict) -> datetime:
    """Return when a token is to expire."""
    if values[TTL] is not None:
        return timezone.now() + timedelta(seconds=values[TTL])
    return datetime.fromisoformat(values[END])


def wrong_ends(sent: dict) -> Iterator[dict]:
    """Find a token that never ends, ends twice, or at no time it may end at."""
    if not {TTL, END} & sent.keys():
        yield parameter(TTL, "required", "is a required field")
    elif {TTL, END} <= sent.keys():
        yield parameter(END, "invalid", f"cannot be used with {TTL}")
    elif isinstance(sent.get(END), str):
        yield from wrong_end(sent[END])


def wrong_end(text: str) -> Iterator[dict]:
    try:
        left = (datetime.fromisoformat(text) - timezone.now()).total_seconds()
    except (TypeError, ValueError):
        yield parameter(END, "is_date_time", "must be a time such as 2030-01-01T00:00Z")
        return
    if not SHORTEST <= left <= LONGEST:
        yield parameter(END, "invalid", "must be a day to a year from now")


class OneToken(TokenView):
    """/v3/users/{user}/access-tokens/{token}."""

    def get(self, request, token: str, **kwargs) -> Answer:
        found = self.find_token(token)
        return one(found, say_token(found))

    def patch(self, request, token: str, **kwargs) -> Answer:
        found = self.find_token(token)
        self.check_version(found)
        values = judge(
            SCHEMA, self.read_object(), ("name",), stored={"name": found.name}
        )
        if values["name"] != found.name:
            with log.recorded(found):
                found.name = values["name"]
                found.save()
        return one(found, say_token(found))

    def delete(self, request, token: str, **kwargs) -> Answer:
        log.delete(self.find_token(token))
        return Answer(status=204)


class Revocation(TokenView):
    """/v3/users/{user}/access-tokens/{token}/revoke: at once, and for good."""

    def patch(self, request, token: str, **kwargs) -> Answer:
        found = self.find_token(token)
        if found.revoked_at is None:
            with log.recorded(found):
                found.revoke(self.account)
        return one(found, say_token(found))


def register_users() -> None:
    register("v3/users/me", Me)
    register("v3/users/{user}/access-tokens", Tokens)
    register("v3/users/{user}/access-tokens/{token}", OneToken)
    register("v3/users/{user}/access-tokens/{token}/revoke", Revocation)
