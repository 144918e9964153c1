"""Secrets in the configs of plugins: answered by the API, written down nowhere else."""

from urllib.parse import quote

import pytest

from clients import Client

SECRET = "a-password-that-nobody-may-read"
CHANGED = "a-passphrase-that-nobody-may-read"


@pytest.fixture
def plugin(api: Client) -> dict:
    config = {"minute": 5, "redis": {"host": "r.test", "password": SECRET}}
    return api.post("/plugins", json={"name": "rate-limiting", "config": config}).json()


def log() -> list[dict]:
    from kongadmin.changes import Change

    return list(Change.objects.order_by("pk").values("verb", "before", "after"))


def test_the_api_answers_a_password_and_the_change_log_hides_it(plugin: dict):
    [entry] = log()

    hidden = entry["after"]["config"]
    assert plugin["config"]["redis"]["password"] == SECRET
    assert SECRET not in str(entry)
    assert hidden["redis"]["password"] == hidden["redis_password"] == "a-pa••••••••read"
    assert hidden["redis"]["host"] == "r.test"


def test_a_new_password_is_a_change_although_both_look_alike(api: Client, plugin: dict):
    redis = {"password": CHANGED}

    api.patch(f"/plugins/{plugin['id']}", json={"config": {"redis": redis}})

    entry = log()[-1]
    assert (entry["verb"], list(entry["after"])) == ("update", ["config"])
    assert CHANGED not in str(entry)
    assert SECRET not in str(entry)


def test_a_plugin_without_a_schema_can_be_removed_and_tells_nothing(
    api: Client, plugin: dict
):
    from kongadmin.plugins.models import Plugin

    Plugin.objects.update(name="gone")

    answer = api.delete(f"/plugins/{plugin['id']}")

    assert answer.status == 204
    assert log()[-1]["before"]["config"] is None


def test_pages_hide_a_password(plugin: dict, admin_client):
    page = admin_client.get(f"/plugins/{quote(plugin['id'])}", follow=True)

    assert page.status_code == 200
    assert SECRET not in page.content.decode()
    assert "r.test" in page.content.decode()
