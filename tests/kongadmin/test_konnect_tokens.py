"""Personal access tokens as Konnect's clients make, see and revoke them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from clients import Client
from factories import default_control_plane, make_token, make_user
from kongadmin.access.log import id_of
from kongadmin.access.models import APIToken
from kongadmin.access.permissions import Bearer, may
from kongadmin.changes import Change

DAY = 86_400
MONTH = {"name": "ci", "ttl_seconds": 30 * DAY}


@pytest.fixture
def holder_of(api: Client, settings) -> Callable:
    """Makes clients with a Bearer token, limited by `fields`, of a user."""
    settings.ENFORCE_RBAC = True

    def make(user, *planes, **fields) -> Client:
        text = make_token(user, *planes, **fields)
        return Client(api.application, {"Authorization": f"Bearer {text}"})

    return make


@pytest.fixture
def anna(db):
    return make_user("anna")


@pytest.fixture
def client(holder_of: Callable, anna) -> Client:
    return holder_of(anna)


def path_of(user) -> str:
    return f"/v3/users/{id_of(user.pk)}/access-tokens"


def fields_of(answer) -> list[tuple[str, str]]:
    assert answer.status == 400, answer.text
    return [(p["field"], p["rule"]) for p in answer.json()["invalid_parameters"]]


def test_a_token_is_told_once_and_opens_what_its_owner_may(
    client: Client, anna
) -> None:
    me = client.get("/v3/users/me").json()

    made = client.post(f"/v3/users/{me['id']}/access-tokens", json=MONTH)

    body = made.json()
    text = body.pop("konnect_token")
    assert made.status == 201
    assert re.fullmatch("kpat_[0-9A-Za-z]{49}", text)
    assert (body["user_id"], body["state"]) == (me["id"], "ACTIVE")
    assert body["created_at"] == body["updated_at"]
    assert client.get(f"{path_of(anna)}/{body['id']}").json() == body
    assert text not in client.get(path_of(anna)).text
    other = client.get("/v3/users/me", headers={"Authorization": f"Bearer {text}"})
    assert other.json() == me
    assert text not in repr([(c.before, c.after) for c in Change.objects.all()])


def test_tokens_come_by_numbered_pages(client: Client, anna) -> None:
    client.post(path_of(anna), json=MONTH)

    page = client.get(f"{path_of(anna)}?page[size]=1&page[number]=2").json()

    assert [token["name"] for token in page["data"]] == ["ci"]
    assert page["meta"] == {"page": {"number": 2, "size": 1, "total": 2}}
    assert fields_of(client.get(f"{path_of(anna)}?page[size]=0")) == [
        ("page[size]", "min")
    ]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, [("name", "required"), ("ttl_seconds", "required")]),
        ({"name": " ci", "ttl_seconds": DAY}, [("name", "matches_regex")]),
        ({"name": "ci-", "ttl_seconds": DAY}, [("name", "matches_regex")]),
        ({"name": "x" * 257, "ttl_seconds": DAY}, [("name", "max_length")]),
        ({"name": "ci", "ttl_seconds": DAY - 1}, [("ttl_seconds", "min")]),
        ({"name": "ci", "ttl_seconds": 366 * DAY}, [("ttl_seconds", "max")]),
        ({"name": "ci", "expires_at": "soon"}, [("expires_at", "is_date_time")]),
        ({"name": "ci", "expires_at": "2030-01-01"}, [("expires_at", "is_date_time")]),
        (
            {"name": "ci", "expires_at": "2020-01-01T00:00Z"},
            [("expires_at", "invalid")],
        ),
        (MONTH | {"expires_at": "2030-01-01T00:00Z"}, [("expires_at", "invalid")]),
        (MONTH | {"state": "ACTIVE"}, [("state", "unknown_property")]),
    ],
)
def test_what_no_token_may_be(client: Client, anna, body: dict, wrong: list) -> None:
    assert fields_of(client.post(path_of(anna), json=body)) == wrong


@pytest.mark.parametrize("name", ["a", "Ann's CI-1 v2.0_b", "é 1"])
def test_what_a_token_may_be_called(client: Client, anna, name: str) -> None:
    assert client.post(path_of(anna), json=MONTH | {"name": name}).status == 201


def test_a_token_may_end_at_a_time(client: Client, anna) -> None:
    end = timezone.now() + timedelta(days=2)

    body = {"name": "ci", "expires_at": end.isoformat()}
    made = client.post(path_of(anna), json=body).json()

    assert made["expires_at"][:19] == end.isoformat()[:19]


def test_a_user_has_ten_active_tokens(client: Client, anna) -> None:
    statuses = [client.post(path_of(anna), json=MONTH).status for _ in range(10)]
    oldest = APIToken.objects.earliest("pk")
    newest = APIToken.objects.latest("pk")
    newest.revoke(anna)

    again = client.post(path_of(anna), json=MONTH)

    assert statuses == [201] * 9 + [400]
    assert (oldest.state, again.status) == ("ACTIVE", 201)


def test_a_token_is_renamed(client: Client, anna) -> None:
    path = f"{path_of(anna)}/{id_of(APIToken.objects.get().pk)}"

    renamed = client.patch(path, json={"name": "other"})

    assert (renamed.status, renamed.json()["name"]) == (200, "other")
    assert Change.objects.latest("id").after == {"name": "other"}
    assert fields_of(client.patch(path, json={"ttl_seconds": DAY})) == [
        ("ttl_seconds", "unknown_property")
    ]


def test_a_revoked_token_is_seen_but_opens_nothing(
    holder_of: Callable, client: Client, anna
) -> None:
    made = client.post(path_of(anna), json=MONTH).json()
    bearer = {"Authorization": f"Bearer {made['konnect_token']}"}
    path = f"{path_of(anna)}/{made['id']}"

    revoked = client.patch(f"{path}/revoke")

    assert revoked.status == 200
    assert (revoked.json()["state"], revoked.json()["revoked_by"]["id"]) == (
        *("REVOKED", str(id_of(anna.pk))),
    )
    assert client.get("/v3/users/me", headers=bearer).status == 401
    assert client.patch(f"{path}/revoke").json() == revoked.json()
    assert client.get(path).status == 200


def test_a_deleted_token_is_gone(client: Client, anna) -> None:
    made = client.post(path_of(anna), json=MONTH).json()
    path = f"{path_of(anna)}/{made['id']}"

    assert [client.delete(path).status, client.delete(path).status] == [204, 404]


def test_what_nobody_has_used_for_a_year_opens_nothing(client: Client) -> None:
    year_ago = timezone.now() - timedelta(days=366)
    APIToken.objects.update(created_at=year_ago, last_used_at=None)

    assert client.get("/v3/users/me").status == 401
    assert APIToken.objects.get().state == "REVOKED"


def test_an_expired_token_says_so(client: Client) -> None:
    APIToken.objects.update(expires_at=timezone.now())

    assert APIToken.objects.get().state == "EXPIRED"


# Tokens of others


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        *(("super-admin", 200, 201), ("org-reader", 200, 403)),
        *(("cp-admin", 403, 403), ("admin", 403, 403), ("", 403, 403)),
    ],
)
def test_tokens_of_others(
    holder_of: Callable, anna, role: str, reads: int, writes: int
) -> None:
    berta = make_user("berta", role)
    client = holder_of(berta)

    assert client.get(path_of(anna)).status == reads
    assert client.post(path_of(anna), json=MONTH).status == writes
    assert client.post(path_of(berta), json=MONTH).status == 201


def test_a_user_that_is_not_there(holder_of: Callable) -> None:
    client = holder_of(make_user("root", "super-admin"))

    for id_ in ("me2", str(id_of(99_999)), "ffffffff-ffff-ffff-ffff-ffffffffffff"):
        assert client.get(f"/v3/users/{id_}/access-tokens").status == 404


@pytest.mark.parametrize(
    "fields", [{"role": "viewer"}, {"allowed_addresses": ["127.0.0.1"]}]
)
def test_a_limited_token_makes_none_that_may_more(
    holder_of: Callable, fields: dict
) -> None:
    root = make_user("root", "super-admin")
    client = holder_of(root, **fields)

    assert client.get(path_of(root)).status == 200
    assert client.post(path_of(root), json=MONTH).status == 403


def test_a_bound_token_makes_none_either(anna) -> None:
    make_token(anna, default_control_plane())

    assert not may(Bearer(APIToken.objects.get()), "write", "account")
    assert may(Bearer(APIToken.objects.get()), "read", "account")


def test_without_a_token_there_is_nobody_whose_tokens_they_are(api: Client) -> None:
    assert api.get("/v3/users/me").status == 401
