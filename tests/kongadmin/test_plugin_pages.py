"""The Manager's pages about plugins: what they ask of the database, and who may."""

from collections.abc import Callable
from urllib.parse import urlencode

import django.test
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients import Client
from factories import make_consumer, make_plugin
from kongadmin.manager.code import Verb
from kongadmin.manager.code.curl import pairs_of
from kongadmin.plugins.code import on_plugin
from kongadmin.plugins.models import Plugin

REALM = "9f8c7d6e-0000-4000-8000-000000000002"
TWO_PLACES = [{"scope": "cp"}, {"scope": "realm", "id": REALM}]


def client_for(**fields) -> Client:
    """The Manager in this process, asked by somebody who is signed in."""
    from kongadmin.listeners import manager

    user = get_user_model().objects.create_user("somebody", **fields)
    session = django.test.Client()
    session.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    cookie = f"{name}={session.cookies[name].value}"
    return Client(manager, {"Host": "localhost:8002", "Cookie": cookie})


@pytest.fixture
def manager(db) -> Client:
    return client_for(is_superuser=True)


def count(client: Client, path: str) -> int:
    client.get(path)  # what is remembered, such as control planes, is not asked again
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    assert answer.status == 200, answer.text[:500]
    return len(captured)


@pytest.mark.parametrize(
    "path", ["/plugins", "/plugins?scope=consumer&q=limit", "/plugins/select"]
)
def test_a_list_asks_the_same_of_one_and_of_thirty(manager: Client, path: str):
    make_plugin("rate-limiting", consumer=make_consumer(), minute=1)
    at_one = count(manager, path)
    for _ in range(29):
        make_plugin("rate-limiting", consumer=make_consumer(), minute=1)

    assert count(manager, path) == at_one <= 8


def pages() -> dict[str, Callable[[Plugin], str]]:
    return {
        "of a consumer": lambda plugin: f"/consumers/{plugin.consumer}/plugins",
        "show": lambda plugin: plugin.get_absolute_url(),
        "edit": lambda plugin: f"{plugin.get_absolute_url()}/edit",
        "delete": lambda plugin: f"{plugin.get_absolute_url()}/delete",
        "new": lambda plugin: "/plugins/key-auth/create",
        "names": lambda plugin: "/plugins/names/consumer?consumer=al",
    }


@pytest.mark.parametrize("name", pages())
def test_a_page_is_a_handful_of_queries(manager: Client, name: str):
    alex = make_consumer(username="alex")
    plugin = make_plugin("rate-limiting", consumer=alex, minute=1)

    assert count(manager, pages()[name](plugin)) <= 10


@pytest.mark.parametrize(
    "path", ["", "/select", "/key-auth/create", "/{id}", "/{id}/edit", "/{id}/delete"]
)
def test_who_may_not_does_not(db, path: str):
    plugin = make_plugin("key-auth")

    answer = client_for().get(f"/plugins{path.format(id=plugin.pk)}")

    assert answer.status == 403


def test_a_switch_is_only_ever_pressed(manager: Client):
    plugin = make_plugin("key-auth")

    answer = manager.get(f"{plugin.get_absolute_url()}/disable")

    assert answer.status == 405
    assert Plugin.objects.get(pk=plugin.pk).enabled


@pytest.mark.parametrize(
    "path",
    [
        "/plugins/no-such-plugin/create",
        "/plugins/rate-limiting/create?consumer=nobody",
        "/plugins/key-auth/create?consumer=alex",
        "/plugins/9f8c7d6e-0000-4000-8000-000000000002",
        "/consumer-groups/nothing/plugins",
    ],
)
def test_what_is_not_there_is_a_page_with_status_404(manager: Client, path: str):
    make_consumer(username="alex")

    assert manager.get(path).status == 404


def test_a_plugin_whose_schema_is_gone_can_be_seen_and_deleted(manager: Client):
    plugin = make_plugin("key-auth")
    Plugin.objects.filter(pk=plugin.pk).update(name="of-yesterday")
    url = plugin.get_absolute_url()

    assert "not known here any more" in manager.get(url).text
    assert manager.get(f"{url}/edit").status == 404
    assert manager.get(f"{url}/delete").status == 200
    assert manager.get("/plugins").status == 200


@pytest.mark.parametrize(
    ("name", "config"),
    [
        (
            "rate-limiting",
            {"minute": 5, "fault_tolerant": False, "error_message": None},
        ),
        ("key-auth", {"key_names": ["a", "b"], "identity_realms": TWO_PLACES}),
        ("response-ratelimiting", {"limits": {"video": {"minute": 10}}}),
    ],
)
def test_the_code_makes_the_same_plugin(api: Client, name: str, config: dict):
    plugin = make_plugin(name, **config)
    act = on_plugin(Verb.CREATE, plugin, plugin.scope)
    pairs = list(pairs_of("", act.sent))
    plugin.delete()

    answer = api.post("/plugins", form=urlencode(pairs))

    assert answer.status == 201, answer.text
    assert answer.json()["config"] == plugin.config


def test_the_code_leaves_secrets_to_variables(manager: Client):
    redis = {"password": "a-password-for-redis-1"}
    plugin = make_plugin("rate-limiting", minute=1, redis=redis)

    page = manager.get(plugin.get_absolute_url()).text

    assert "DECK_REDIS_PASSWORD" in page
    assert "a-pa" not in page.partition('id="plugin-json"')[0].partition("languages")[2]
