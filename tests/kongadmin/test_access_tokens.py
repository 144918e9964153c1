"""What a token may be limited to, and what happens to those who try others."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from clients import Client
from factories import make_control_plane, make_token, make_user
from kongadmin.access.addresses import are_addresses, is_within, normal
from kongadmin.access.models import APIToken
from kongadmin.access.throttle import FAILURES_PER_NAME
from kongadmin.changes import Change

REFUSED = {"message": "Invalid RBAC credentials"}


@pytest.fixture
def closed(api: Client, settings) -> Client:
    settings.ENFORCE_RBAC = True
    return api


def ask(api: Client, token: str, address: str = "127.0.0.1"):
    headers = {"Kong-Admin-Token": token, "X-Forwarded-For": address}
    return api.get("/consumers", headers=headers)


@pytest.mark.parametrize(
    ("allowed", "address", "status"),
    [
        ([], "192.0.2.7", 200),
        (["192.0.2.7"], "192.0.2.7", 200),
        (["192.0.2.7"], "192.0.2.8", 401),
        (["10.0.0.0/8", "192.0.2.0/24"], "192.0.2.200", 200),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", 200),
        (["2001:db8::/32"], "2001:db8::5", 200),
        (["2001:db8::/32"], "10.1.2.3", 401),
        (["10.0.0.0/8"], "unknown", 401),
    ],
)
def test_a_token_may_be_limited_to_addresses(
    closed: Client, allowed: list, address: str, status: int
) -> None:
    text = make_token(make_user(role="viewer"), allowed_addresses=allowed)

    assert ask(closed, text, address).status == status


@pytest.mark.parametrize(
    "fields",
    [
        {"enabled": False},
        {"allowed_addresses": ["192.0.2.7"]},
        {"expires_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_a_token_that_is_refused_says_no_more_than_an_unknown_one(
    closed: Client, fields: dict
) -> None:
    text = make_token(make_user(role="viewer"), **fields)

    answers = [ask(closed, text) for _ in range(FAILURES_PER_NAME + 1)]

    assert [a.status for a in answers] == [401] * FAILURES_PER_NAME + [429]
    assert answers[0].json() == REFUSED
    assert APIToken.objects.get().last_used_at is None


def test_the_log_names_user_and_token(closed: Client) -> None:
    text = make_token(make_user("anna", "editor"), name="ci")

    closed.post("/consumers", form="username=x", headers={"Kong-Admin-Token": text})

    assert Change.objects.latest("id").actor == "anna (token ci)"


def test_the_last_use_is_noted_once_a_minute(closed: Client) -> None:
    text = make_token(make_user(role="viewer"))
    ask(closed, text)
    first = APIToken.objects.get().last_used_at

    ask(closed, text)
    assert APIToken.objects.get().last_used_at == first

    APIToken.objects.update(last_used_at=first - timedelta(minutes=2))
    ask(closed, text)
    assert APIToken.objects.get().last_used_at >= first


def test_choosing_control_planes_binds_a_token_whoever_chooses(db) -> None:
    make_token(make_user(role="viewer"))
    token = APIToken.objects.get()

    token.control_planes.add(make_control_plane())

    token.refresh_from_db()
    assert token.is_bound


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 10.1.2.3/8 ", "10.0.0.0/8"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_addresses_are_stored_in_one_spelling(text: str, stored: str) -> None:
    assert normal(text) == stored


@pytest.mark.parametrize("text", ["10.0.0", "10.0.0.0/33", "example.com", "", "::g"])
def test_what_is_no_address_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValidationError, match="neither an IP address"):
        are_addresses([text])


@pytest.mark.parametrize("value", ["10.0.0.1", [1], None, {"a": "b"}])
def test_addresses_are_a_list_of_texts(value: object) -> None:
    with pytest.raises(ValidationError, match="Give a list"):
        are_addresses(value)


def test_no_address_lies_nowhere() -> None:
    assert not is_within("", ["0.0.0.0/0"])
