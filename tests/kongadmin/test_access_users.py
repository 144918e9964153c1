"""Users and tokens in the Manager: made, changed, removed, and written down."""

import json
import re

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.test import Client

from factories import (
    default_control_plane,
    make_control_plane,
    make_token,
    make_user,
)
from kongadmin.access.models import APIToken, Grant
from kongadmin.changes import Change

User = get_user_model()
PASSWORD = "a horse of another colour"


@pytest.fixture
def root(client: Client, db) -> Client:
    """The pages as a super admin sees them."""
    client.force_login(make_user("root", "super-admin"))
    return client


def user_form(username: str = "anna", **fields) -> dict:
    form = {"username": username, "is_active": "on", "source": "generate"}
    return {key: value for key, value in (form | fields).items() if value}


def role_in(plane) -> str:
    return f"role_{plane.pk.hex}"


def newest() -> Change:
    return Change.objects.latest("id")


def test_a_user_gets_roles_and_a_password_that_is_shown_once(root: Client) -> None:
    here, team = default_control_plane(), make_control_plane()
    form = user_form(**{"role_everywhere": "viewer", role_in(team): "editor"})

    answer = root.post("/access/users/create", form)

    anna = User.objects.get(username="anna")
    assert answer["Location"] == f"/access/users/{anna.pk}"
    given = {grant.control_plane: grant.role for grant in anna.grants.all()}
    assert given == {None: "viewer", team: "editor"}
    assert here not in given
    page = root.get(answer["Location"]).text
    password = re.search(r'id="born-1">([^<]+)<', page)[1]
    assert authenticate(username="anna", password=password) == anna
    assert password not in root.get(answer["Location"]).text


def test_a_password_may_be_chosen(root: Client) -> None:
    form = user_form(source="own", password=PASSWORD)

    root.post("/access/users/create", form)

    assert authenticate(username="anna", password=PASSWORD)


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"username": "root"}, "username", "already exists"),
        ({"username": ""}, "username", "This field is required."),
        ({"source": "own"}, "password", "Enter the password"),
        ({"source": "own", "password": "123"}, "password", "too short"),
        ({"role_everywhere": "emperor"}, "role_everywhere", "Select a valid choice"),
    ],
)
def test_a_mistake_is_explained_at_its_field(
    root: Client, fields: dict, field: str, text: str
) -> None:
    answer = root.post("/access/users/create", user_form(**fields))

    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.text
    assert text in answer.text
    assert User.objects.count() == 1
    assert PASSWORD not in answer.text


def test_roles_are_changed_and_taken_away(root: Client) -> None:
    here, team = default_control_plane(), make_control_plane(name="team-a")
    anna = make_user("anna", "viewer", here)
    Grant.objects.create(user=anna, role="admin", control_plane=team)
    form = user_form(**{role_in(here): "editor"})

    answer = root.post(f"/access/users/{anna.pk}", form)

    assert answer.status_code == 303
    assert [str(grant) for grant in anna.grants.all()] == ["Editor in default"]
    change = newest()
    assert (change.actor, change.dialect, change.verb) == ("root", "manager", "update")
    assert (change.entity_type, change.entity_name) == ("users", "anna")
    assert change.before == {"roles": ["viewer in default", "admin in team-a"]}
    assert change.after == {"roles": ["editor in default"]}


def test_a_new_super_admin_may_use_the_django_admin(root: Client) -> None:
    anna = make_user("anna")

    root.post(f"/access/users/{anna.pk}", user_form(is_superuser="on"))
    anna.refresh_from_db()
    assert (anna.is_superuser, anna.is_staff) == (True, True)

    root.post(f"/access/users/{anna.pk}", user_form())
    anna.refresh_from_db()
    assert (anna.is_superuser, anna.is_staff) == (False, False)


@pytest.mark.parametrize(
    "fields", [{"is_superuser": ""}, {"is_superuser": "on", "is_active": ""}]
)
def test_the_last_active_super_admin_stays_one(root: Client, fields: dict) -> None:
    me = User.objects.get()
    make_user("idle", "super-admin", is_active=False)

    answer = root.post(f"/access/users/{me.pk}", user_form("root", **fields))

    assert answer.status_code == 422
    assert "root is the last active super admin" in answer.text
    me.refresh_from_db()
    assert me.is_superuser
    assert me.is_active


def test_the_last_active_super_admin_is_not_deleted(root: Client) -> None:
    me = User.objects.get()
    path = f"/access/users/{me.pk}/delete"

    assert "the last active super admin" in root.get(path).text
    assert root.post(path, {"name": "root"}).status_code == 422

    assert User.objects.filter(username="root").exists()
    assert root.get(f"/django-admin/auth/user/{me.pk}/delete/").status_code == 403


def test_a_super_admin_may_go_when_another_stays(root: Client) -> None:
    make_user("other", "super-admin")
    me = User.objects.get(username="root")

    assert root.post(f"/access/users/{me.pk}", user_form("root")).status_code == 303


def test_deleting_a_user_asks_for_the_name(root: Client) -> None:
    anna = make_user("anna", "viewer")
    make_token(anna)
    path = f"/access/users/{anna.pk}/delete"

    assert "1 API token" in root.get(path).text
    assert root.post(path, {"name": "ann"}).status_code == 422
    assert User.objects.filter(pk=anna.pk).exists()

    assert root.post(path, {"name": "anna"}).status_code == 303
    assert not User.objects.filter(pk=anna.pk).exists()
    assert not APIToken.objects.exists()
    change = newest()
    assert (change.verb, change.entity_name) == ("delete", "anna")
    assert change.before["roles"] == ["viewer in every control plane"]


def test_a_new_password_ends_the_sessions_of_its_user(root: Client) -> None:
    anna, hers = make_user("anna", "viewer"), Client()
    hers.force_login(anna)
    form = {"source": "own", "password": PASSWORD}

    root.post(f"/access/users/{anna.pk}/password", form)

    assert authenticate(username="anna", password=PASSWORD)
    assert hers.get("/consumers").status_code == 302
    change = newest()
    assert change.after == {"password": "a new one"}
    assert PASSWORD not in json.dumps([change.before, change.after])


def test_the_list_shows_everybody_with_their_roles(root: Client) -> None:
    make_user("anna", "editor", make_control_plane(name="team-a"))
    make_user("berta", is_active=False)

    page = root.get("/access/users").text

    for text in ("anna", "editor · team-a", "berta", "inactive", "super-admin"):
        assert text in page


def test_what_happened_to_a_user_stands_on_its_page(root: Client) -> None:
    root.post("/access/users/create", user_form(role_everywhere="viewer"))
    anna = User.objects.get(username="anna")

    page = root.get(f"/access/users/{anna.pk}").text

    assert "Latest changes" in page
    assert "created user" in page


# Tokens


def token_form(**fields) -> dict:
    form = {"name": "ci", "role": "viewer", "reach": "all", "days": "30"}
    return form | fields


def test_a_token_is_made_with_all_its_limits(root: Client) -> None:
    team = make_control_plane(name="team-a")
    form = token_form(
        role="editor",
        reach="chosen",
        control_planes=[team.pk],
        allowed_addresses="10.1.2.3/8, 192.0.2.7",
    )

    answer = root.post("/account/tokens/create", form)

    assert answer.status_code == 303
    token = APIToken.objects.get()
    assert (token.role, token.is_bound) == ("editor", True)
    assert [*token.control_planes.all()] == [team]
    assert token.allowed_addresses == ["10.0.0.0/8", "192.0.2.7"]
    page = root.get("/account/tokens").text
    text = re.search(r"kpat_[0-9A-Za-z]{49}", page)[0]
    assert APIToken.objects.opened_by(text, "192.0.2.7") == token
    assert text not in root.get("/account/tokens").text
    change = newest()
    assert (change.verb, change.entity_type) == ("create", "tokens")
    assert text[5:] not in json.dumps(change.after)


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"allowed_addresses": "10.0.0"}, "allowed_addresses", "neither an IP address"),
        ({"reach": "chosen"}, "control_planes", "Choose at least one"),
        ({"role": "emperor"}, "role", "Select a valid choice"),
    ],
)
def test_a_mistake_in_a_token_is_explained_at_its_field(
    root: Client, fields: dict, field: str, text: str
) -> None:
    answer = root.post("/account/tokens/create", token_form(**fields))

    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.text
    assert text in answer.text
    assert not APIToken.objects.exists()


def test_a_token_is_switched_off_and_widened(root: Client) -> None:
    team = make_control_plane(name="team-a")
    make_token(User.objects.get(), team, name="ci")
    token = APIToken.objects.get()
    path = f"/account/tokens/{token.pk}/edit"

    answer = root.post(path, token_form(days="keep", role="admin"))

    assert answer.status_code == 303
    token.refresh_from_db()
    assert (token.enabled, token.is_bound, token.role) == (False, False, "admin")
    assert token.expires_at is None
    assert newest().before["control_planes"] == ["team-a"]


def test_a_token_whose_control_planes_are_gone_is_not_widened_by_saving(
    root: Client,
) -> None:
    team = make_control_plane(name="team-a")
    make_token(User.objects.get(), team)
    team.delete()
    path = f"/account/tokens/{APIToken.objects.get().pk}/edit"

    page = root.get(path).text
    answer = root.post(path, token_form(days="keep", reach="chosen"))

    assert re.search(r'value="chosen"[^>]*checked', page)
    assert answer.status_code == 422


def test_super_admins_look_after_the_tokens_of_others(root: Client) -> None:
    make_token(make_user("anna", "viewer"), name="annas")
    token = APIToken.objects.get()

    assert "annas" not in root.get("/account/tokens").text
    assert "annas" in root.get("/account/tokens?whose=everybody").text
    answer = root.post(f"/account/tokens/{token.pk}/revoke")

    assert answer["Location"] == "/account/tokens?whose=everybody"
    assert not APIToken.objects.exists()
    assert (newest().verb, newest().entity_name) == ("delete", "annas")


def test_others_see_and_change_only_their_own_tokens(client: Client, db) -> None:
    make_token(make_user("anna", "viewer"), name="annas")
    token = APIToken.objects.get()
    client.force_login(make_user("berta", "admin"))

    assert "annas" not in client.get("/account/tokens?whose=everybody").text
    for act in ("edit", "revoke"):
        path = f"/account/tokens/{token.pk}/{act}"
        assert client.get(path).status_code == 404
        assert client.post(path, token_form()).status_code == 404
    assert APIToken.objects.exists()


def test_nobody_is_offered_a_control_plane_they_have_no_role_in(
    client: Client, db
) -> None:
    team = make_control_plane(name="team-a")
    client.force_login(make_user("anna", "viewer", team))
    other = default_control_plane()

    form = token_form(reach="chosen", control_planes=[other.pk])
    answer = client.post("/account/tokens/create", form)

    assert answer.status_code == 422
    assert "team-a" in answer.text


# The Django admin


def test_the_django_admin_writes_users_into_the_log(root: Client) -> None:
    anna = make_user("anna")
    path = f"/django-admin/auth/user/{anna.pk}/change/"
    fields = {
        "username": "anne",
        "is_active": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        "grants-TOTAL_FORMS": "1",
        "grants-INITIAL_FORMS": "0",
        "grants-0-user": anna.pk,
        "grants-0-role": "viewer",
    }

    answer = root.post(path, fields)

    assert answer.status_code == 302, answer.text
    change = newest()
    assert (change.actor, change.dialect) == ("root", "django_admin")
    assert change.after == {
        "username": "anne",
        "roles": ["viewer in every control plane"],
    }


def test_the_django_admin_keeps_the_last_super_admin(root: Client) -> None:
    me = User.objects.get()
    fields = {
        "username": "root",
        "is_active": "on",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        "grants-TOTAL_FORMS": "0",
        "grants-INITIAL_FORMS": "0",
    }

    answer = root.post(f"/django-admin/auth/user/{me.pk}/change/", fields)

    assert "the last active super admin" in answer.text
    me.refresh_from_db()
    assert me.is_superuser
