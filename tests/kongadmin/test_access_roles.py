"""What each role may do through the Admin API: every route, every method."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients import Client
from every_role import EVERY_ROLE
from factories import (
    default_control_plane,
    give,
    make_consumer,
    make_control_plane,
    make_key,
    make_plugin,
    make_token,
    make_user,
)
from groups.models import Override
from kongadmin.access.models import Grant
from kongadmin.access.permissions import Everyone, may
from kongadmin.access.roles import CALLERS
from kongadmin.dialects.admin_api import node
from kongadmin.dialects.admin_api.references import ENTITIES
from kongadmin.dialects.admin_api.registry import PARAMETER, ROUTES, Route
from kongadmin.plugins import models
from kongadmin.plugins.models import Plugin
from kongadmin.schema import Schema
from realms.models import ControlPlane

ClientOf = Callable[..., Client]
SECRET = "correct-horse-battery-staple"
MASKED = "corr••••••••aple"
EVERY_ROUTE = [Route("", node.Root, {}), *ROUTES, *node.ROUTES]
every_route = pytest.mark.parametrize("route", EVERY_ROUTE, ids=lambda r: r.shown)
every_role = pytest.mark.parametrize("role", EVERY_ROLE)
DEEDS = {"GET": "read", "HEAD": "read", "POST": "create", "DELETE": "delete"}


def methods_of(route: Route) -> list[str]:
    methods = set(route.view(**route.options).allowed_methods)
    return sorted(methods - {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set()))


def is_allowed(role: str, method: str, route: Route) -> bool:
    """The rule in short: see the page Roles."""
    reads = method in route.view.reading_methods
    model = route.options.get("model") or getattr(route.view, "model", None)
    app = model and model is not Override and model._meta.app_label
    # What would become of a request tells of plugins and of consumers.
    is_about_both = route.template == "explain"
    is_about_the_node = not is_about_both and (not model or model is ControlPlane)
    # A document may be about anything; what it is about counts once it is read.
    is_about_all = route.template.startswith("declarative/")
    is_about_callers = app in ("consumers", "groups") or is_about_all
    return {
        "": False,
        "viewer": reads,
        "editor": reads or is_about_callers,
        "admin": reads or not route.template.startswith("workspaces"),
        "plugin-admin": model is Plugin
        or is_about_all
        or (reads and is_about_the_node),
        "cp-admin": True,
        "cp-creator": False,
        "org-reader": reads,
        "super-admin": True,
    }[role]


@every_route
@every_role
def test_every_route_opens_for_whom_it_should(
    client_of: ClientOf, route: Route, role: str
) -> None:
    make_key(make_consumer(username="anna"), key="anna")
    berta = client_of("berta", role)
    path = "/" + PARAMETER.sub("anna", route.template)

    for method in methods_of(route):
        answer = berta.ask(method, path)

        assert answer.status < 500, (method, answer.text)
        assert answer.status != 401
        assert (answer.status != 403) == is_allowed(role, method, route), method
        if answer.status == 403 and method != "HEAD":
            reads = method in route.view.reading_methods
            deed = "read" if reads else DEEDS.get(method, "update")
            text = f"berta, you do not have permissions to {deed} this resource"
            assert answer.json() == {"message": text}


def test_editors_write_whatever_consumers_have() -> None:
    theirs = {
        name for name, model in ENTITIES.items() if model._meta.app_label == "consumers"
    }

    assert theirs <= CALLERS


# Control planes


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
def test_a_role_counts_in_its_control_plane_only(
    client_of: ClientOf, role: str
) -> None:
    team, _ = make_control_plane(name="team-a"), make_control_plane(name="team-b")

    berta = client_of("berta", role, team)

    assert berta.get("/team-a/consumers").status == 200
    assert berta.get("/team-a/kong").status == 200
    assert berta.get("/team-b/consumers").status == 403
    assert berta.get("/consumers").status == 403
    assert berta.get("/").status == 403


def test_who_has_no_right_there_does_not_learn_what_exists(
    client_of: ClientOf,
) -> None:
    team = make_control_plane(name="team-a")
    make_control_plane(name="team-b")
    berta, root = client_of("berta", "admin", team), client_of()

    known, unknown = berta.get("/team-b/consumers"), berta.get("/nope/consumers")

    assert (known.status, known.body) == (unknown.status, unknown.body)
    assert unknown.status == 403
    assert root.get("/nope/consumers").status == 404
    assert root.get("/nope/consumers").json() == {
        "message": "Workspace 'nope' not found"
    }


def test_two_roles_add_up(db) -> None:
    here, there = default_control_plane(), make_control_plane()
    anna = make_user(role="viewer")
    give(anna, "editor", here)

    assert may(anna, "write", "consumers", here)
    assert may(anna, "read", "consumers", there)
    assert not may(anna, "write", "consumers", there)
    assert not may(anna, "write", "consumers")


def test_nobody_may_anything_without_being_told(db) -> None:
    here = default_control_plane()

    assert not may(None, "read", "consumers", here)
    assert not may(make_user(), "read", "consumers", here)
    assert not may(
        make_user(role="super-admin", is_active=False), "read", "consumers", here
    )
    assert may(make_user(role="super-admin"), "write", "users")
    assert may(Everyone(), "write", "users")


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
@pytest.mark.parametrize("what", ["users", "tokens", "control_planes"])
def test_only_super_admins_look_after_users_and_control_planes(
    db, role: str, what: str
) -> None:
    anna = make_user(role=role)

    assert not may(anna, "read", what, default_control_plane())
    assert not may(anna, "write", what)


# Secrets


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("viewer", MASKED),
        ("editor", SECRET),
        ("admin", SECRET),
        ("super-admin", SECRET),
    ],
)
def test_keys_are_masked_for_viewers(
    client_of: ClientOf, role: str, shown: str
) -> None:
    key = make_key(make_consumer(username="anna"), key=SECRET)
    berta = client_of("berta", role)

    answers = [
        berta.get(f"/key-auths/{SECRET}").json(),
        berta.get(f"/key-auths/{key.pk}").json(),
        berta.get(f"/consumers/anna/key-auth/{key.pk}").json(),
        *berta.get("/key-auths").json()["data"],
        *berta.get("/consumers/anna/key-auth").json()["data"],
    ]

    assert [answer["key"] for answer in answers] == [shown] * 5


@pytest.fixture
def secretive(monkeypatch) -> None:
    """A plugin whose schema has secrets, near the surface and deep below."""
    text, secret = {"type": "string"}, {"type": "string", "encrypted": True}
    inner = {"type": "record", "fields": [{"password": secret}, {"host": text}]}
    fields = [
        {"token": secret},
        {"tokens": {"type": "array", "elements": secret}},
        {"peers": {"type": "array", "elements": inner}},
        {"headers": {"type": "map", "keys": text, "values": secret}},
        {"all": {"type": "array", "elements": text, "encrypted": True}},
    ]
    config = {"type": "record", "fields": fields}
    schema = Schema.of({"name": "key-auth", "fields": [{"config": config}]})
    hide = schema.hide_secrets
    monkeypatch.setattr(models.plugin_schemas()["key-auth"], "hide_secrets", hide)


@pytest.mark.parametrize(
    ("role", "shown"), [("viewer", MASKED), ("editor", MASKED), ("admin", SECRET)]
)
def test_secrets_of_plugins_are_masked_at_any_depth(
    client_of: ClientOf, secretive, role: str, shown: str
) -> None:
    plugin = make_plugin()
    config = {
        "token": SECRET,
        "tokens": [SECRET],
        "peers": [{"password": SECRET, "host": "example.com"}],
        "headers": {"X-Token": SECRET},
        "all": [SECRET],
    }
    Plugin.objects.update(config=config)

    answer = client_of("berta", role).get(f"/plugins/{plugin.pk}")

    assert answer.json()["config"] == {
        "token": shown,
        "tokens": [shown],
        "peers": [{"password": shown, "host": "example.com"}],
        "headers": {"X-Token": shown},
        "all": [shown],
    }


# Tokens of a role


def test_a_token_may_what_its_role_and_its_owner_both_may(client_of, api) -> None:
    here, team = default_control_plane(), make_control_plane(name="team-a")
    anna = make_user("anna", "editor", here)
    give(anna, "admin", team)
    key = "/consumers", "/team-a/consumers", "/team-a/plugins"

    def statuses(*planes, **fields) -> list[int]:
        headers = {"Kong-Admin-Token": make_token(anna, *planes, **fields)}
        return [api.post(path, json={}, headers=headers).status for path in key]

    client_of("root")
    assert statuses(role="super-admin") == [400, 400, 400]
    assert statuses(role="admin") == [400, 400, 400]
    assert statuses(role="editor") == [400, 400, 403]
    assert statuses(role="viewer") == [403, 403, 403]
    assert statuses(here, role="admin") == [400, 403, 403]
    assert statuses(team, role="editor") == [403, 400, 403]


def test_a_token_of_a_viewer_never_writes(client_of: ClientOf) -> None:
    berta = client_of("berta", "viewer")

    assert berta.get("/consumers").status == 200
    assert berta.post("/consumers", json={"username": "x"}).status == 403


def test_a_token_outlives_its_control_planes_without_gaining_others(
    client_of: ClientOf, api: Client
) -> None:
    client_of("root")
    team = make_control_plane(name="team-a")
    text = make_token(make_user("anna", "super-admin"), team)
    headers = {"Kong-Admin-Token": text}
    assert api.get("/team-a/consumers", headers=headers).status == 200

    team.delete()

    assert api.get("/consumers", headers=headers).status == 403


def test_what_is_taken_away_counts_at_once(
    client_of: ClientOf, django_capture_on_commit_callbacks
) -> None:
    berta = client_of("berta", "viewer")
    assert berta.get("/consumers").status == 200

    with django_capture_on_commit_callbacks(execute=True):
        Grant.objects.all().delete()

    assert berta.get("/consumers").status == 403


# What it costs


@pytest.mark.parametrize("role", ["viewer", "super-admin"])
def test_a_request_costs_one_query_for_its_token(
    client_of: ClientOf, api: Client, role: str
) -> None:
    client_of("root")
    here = default_control_plane()
    headers = {"Kong-Admin-Token": make_token(make_user("anna", role, here), here)}
    make_consumer(username="anna")
    api.get("/consumers/anna", headers=headers)

    with CaptureQueriesContext(connection) as captured:
        answer = api.get("/consumers/anna", headers=headers)

    assert answer.status == 200
    texts = [query["sql"] for query in captured]
    assert len(texts) == 2, texts
    assert "access_apitoken" in texts[0]
