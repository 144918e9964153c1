"""Who may use the Admin API once it asks for a token."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from clients import Client
from factories import make_consumer
from kongadmin.access.models import APIToken, SignInFailure
from kongadmin.access.throttle import (
    FAILURES_PER_NAME,
    forget_failures,
    note_failure,
    wait_for,
)
from kongadmin.dialects.admin_api import node
from kongadmin.dialects.admin_api.registry import PARAMETER, ROUTES

ClientOf = Callable[..., Client]
REFUSED = {"message": "Invalid RBAC credentials"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW"]
PATHS = [
    *["/", "/default/kong"],
    *("/" + PARAMETER.sub("anna", r.template) for r in [*ROUTES, *node.ROUTES]),
]


@pytest.fixture
def closed(api: Client, settings) -> Client:
    """A client without a token of an Admin API with RBAC on."""
    settings.ENFORCE_RBAC = True
    return api


def make_token(**fields) -> tuple[APIToken, str]:
    user = get_user_model().objects.create_superuser("anna")
    token, text = APIToken.issue(user, "test")
    APIToken.objects.filter(pk=token.pk).update(**fields)
    return token, text


def test_only_the_digest_of_a_token_is_kept(db) -> None:
    token, text = make_token()

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM access_apitoken")
        stored = b"\n".join(as_bytes(value) for value in cursor.fetchone())

    assert re.fullmatch(r"kpat_[0-9A-Za-z]{49}", text)
    assert text.encode() not in stored
    assert text[9:-4].encode() not in stored
    assert text not in f"{token} {token.hint} {token!r}"


def as_bytes(value) -> bytes:
    is_binary = isinstance(value, bytes | memoryview)
    return bytes(value) if is_binary else str(value).encode()


@pytest.mark.parametrize("header", ["Kong-Admin-Token: {}", "Authorization: Bearer {}"])
def test_a_token_opens_the_admin_api_by_either_header(closed, header: str) -> None:
    token, text = make_token()
    name, value = header.format(text).split(": ")

    answer = closed.get("/consumers", headers={name: value})

    assert answer.status == 200
    token.refresh_from_db()
    assert token.last_used_at is not None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Kong-Admin-Token": ""},
        {"Kong-Admin-Token": "kpat_unknown"},
        {"Kong-Admin-Token": "\xff\xfe"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YTpi"},
        {"Cookie": "kongadmin_session=x"},
    ],
)
def test_without_a_good_token_nothing_opens(closed: Client, headers: dict) -> None:
    answer = closed.get("/consumers", headers=headers)

    assert (answer.status, answer.json()) == (401, REFUSED)


def test_a_token_that_is_disabled_or_expired_opens_nothing(closed: Client) -> None:
    token, text = make_token()
    headers = {"Kong-Admin-Token": text}
    past = timezone.now() - timedelta(seconds=1)

    for fields in ({"enabled": False}, {"enabled": True, "expires_at": past}):
        APIToken.objects.filter(pk=token.pk).update(**fields)
        assert closed.get("/consumers", headers=headers).status == 401

    APIToken.objects.filter(pk=token.pk).update(expires_at=None)
    assert closed.get("/consumers", headers=headers).status == 200


def test_a_token_of_a_user_who_left_opens_nothing(closed: Client) -> None:
    _, text = make_token()
    get_user_model().objects.update(is_active=False)

    assert closed.get("/", headers={"Kong-Admin-Token": text}).status == 401


@pytest.mark.one_database
@pytest.mark.parametrize("path", PATHS)
def test_every_route_asks_for_a_token(closed: Client, path: str) -> None:
    make_consumer(username="anna")

    answers = {method: closed.ask(method, path) for method in METHODS}

    assert {answer.status for answer in answers.values()} == {401}
    assert answers["GET"].json() == REFUSED
    assert answers["HEAD"].body == b""


@pytest.mark.one_database
@pytest.mark.parametrize("path", PATHS)
def test_every_route_asks_whether_its_user_may(client_of: ClientOf, path: str) -> None:
    anna = client_of("anna", role="")

    answers = {method: anna.ask(method, path) for method in METHODS}

    assert {answer.status for answer in answers.values()} == {403}
    refusal = "anna, you do not have permissions to {} this resource"
    assert answers["GET"].json() == {"message": refusal.format("read")}
    assert answers["DELETE"].json() == {"message": refusal.format("delete")}


@pytest.mark.one_database
@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_needs_no_token(closed: Client, path: str) -> None:
    assert closed.options(path).status == 204


def test_who_guesses_tokens_has_to_wait_and_others_do_not(closed: Client) -> None:
    _, text = make_token()
    guess = {"Kong-Admin-Token": "kpat_guess"}

    statuses = [
        closed.get("/", headers=guess).status for _ in range(FAILURES_PER_NAME + 2)
    ]
    elsewhere = closed.get("/", headers={**guess, "X-Forwarded-For": "192.0.2.1"})

    assert statuses == [401] * FAILURES_PER_NAME + [429] * 2
    assert closed.get("/", headers={"Kong-Admin-Token": text}).status == 200
    assert elsewhere.status == 401


def test_asking_without_a_token_is_no_guess(closed: Client) -> None:
    statuses = {closed.get("/").status for _ in range(FAILURES_PER_NAME + 2)}

    assert statuses == {401}


@pytest.mark.parametrize("address", ["x" * 300, "unknown", "\xff", "1.2.3.4, ::1, "])
def test_a_strange_forwarded_address_is_no_surprise(closed, address: str) -> None:
    headers = {"Kong-Admin-Token": "kpat_guess", "X-Forwarded-For": address}

    statuses = [
        closed.get("/", headers=headers).status for _ in range(FAILURES_PER_NAME + 1)
    ]

    assert statuses == [401] * FAILURES_PER_NAME + [429]


def test_failures_count_by_name_and_address_for_a_while(db) -> None:
    name = "anna" * 50
    for _ in range(FAILURES_PER_NAME):
        note_failure(name, "192.0.2.1")

    assert timedelta(minutes=14) < wait_for(name, "192.0.2.1") <= timedelta(minutes=15)
    assert wait_for(name, "192.0.2.2") is None
    assert wait_for("berta", "192.0.2.1") is None

    forget_failures(name, "192.0.2.1")
    assert wait_for(name, "192.0.2.1") is None


def test_failures_are_forgotten_in_time(db) -> None:
    for _ in range(FAILURES_PER_NAME):
        note_failure("anna", "192.0.2.1")
    SignInFailure.objects.update(at=timezone.now() - timedelta(minutes=16))

    assert wait_for("anna", "192.0.2.1") is None
    note_failure("berta", "192.0.2.1")
    assert SignInFailure.objects.count() == 1


def test_many_failures_from_one_address_stop_every_name(db) -> None:
    for number in range(50):
        note_failure(f"user-{number}", "192.0.2.1")

    assert wait_for("anna", "192.0.2.1") is not None
