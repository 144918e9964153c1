"""Secrets in the configs of plugins: answered by the API, written down nowhere else."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.apps import apps
from django.core.management import call_command

from clients import Client
from kongadmin.crypto import Keyring
from kongadmin.fields import keyring
from kongadmin.plugins.catalogue import plugin_schemas
from kongadmin.plugins.models import Plugin
from kongadmin.sealing import SEALED
from tables import everything_in

SECRET = "a-password-that-nobody-may-read"
CHANGED = "a-passphrase-that-nobody-may-read"


# What a plugin needs beside its secrets.
NEEDED = {
    "oauth2": {"enable_client_credentials": True},
    "rate-limiting": {"minute": 5},
    "rate-limiting-advanced": {"limit": [5], "window_size": [60], "sync_rate": 10},
    "response-ratelimiting": {"limits": {"video": {"minute": 5}}},
}


def secret_texts(fields: dict, place: str) -> Iterator[tuple[str, str]]:
    """The path of every text that a schema calls a secret, and a text for it."""
    for name, kind in fields.items():
        if kind.get("encrypted"):
            yield f"{place}.{name}", f"{SECRET} at {place}.{name}"
        yield from secret_texts(kind.get("fields", {}), f"{place}.{name}")


def secrets_of(name: str) -> dict[str, str]:
    config = plugin_schemas()[name]._fields["config"]
    return dict(secret_texts(config["fields"], "config"))


def raw_config() -> str:
    return everything_in("plugins_plugin").decode()


@pytest.mark.parametrize("name", sorted(filter(secrets_of, plugin_schemas())))
def test_no_secret_of_a_plugin_lies_in_the_database_in_clear(api: Client, name: str):
    secrets = secrets_of(name)

    made = api.post("/plugins", json={"name": name, "config": NEEDED[name]})
    changed = api.patch(f"/plugins/{made.json()['id']}", form=secrets)

    assert made.status == 201, made.text
    assert changed.status == 200, changed.text
    for path, secret in secrets.items():
        value = api.get(f"/plugins/{made.json()['id']}").json()
        for step in path.split("."):
            value = value[step]
        assert value == secret
    tables = [model._meta.db_table for model in apps.get_models(True)]
    assert [t for t in tables if SECRET.encode() in everything_in(t)] == []


@pytest.fixture
def plugin(api: Client) -> dict:
    config = {"minute": 5, "redis": {"host": "r.test", "password": SECRET}}
    return api.post("/plugins", json={"name": "rate-limiting", "config": config}).json()


def log() -> list[dict]:
    from kongadmin.changes import Change

    return list(Change.objects.order_by("pk").values("verb", "before", "after"))


def test_the_api_answers_a_password_and_the_change_log_hides_it(plugin: dict):
    entry = log()[-1]

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
    Plugin.objects.update(name="gone")

    answer = api.delete(f"/plugins/{plugin['id']}")

    assert answer.status == 204
    assert log()[-1]["before"]["config"] is None


def test_pages_hide_a_password(plugin: dict, admin_client):
    page = admin_client.get(f"/plugins/{quote(plugin['id'])}", follow=True)

    assert page.status_code == 200
    assert SECRET not in page.content.decode()
    assert "r.test" in page.content.decode()


def test_a_new_secret_key_takes_over_the_secrets_of_plugins(
    plugin: dict, api: Client, monkeypatch, capsys
):
    new = "a-new-key-of-thirty-two-characters"
    both = Keyring([new, "x"])
    both.by_id |= keyring.by_id
    for place in ("fields", "management.commands.rewrap_secrets"):
        monkeypatch.setattr(f"kongadmin.{place}.keyring", both)
    before, entries = raw_config(), len(log())

    call_command("rewrap_secrets")
    call_command("rewrap_secrets")

    monkeypatch.setattr("kongadmin.fields.keyring", Keyring([new]))
    assert api.get(f"/plugins/{plugin['id']}").json() == plugin
    assert raw_config() != before
    assert len(log()) == entries
    lines = capsys.readouterr().out.splitlines()
    counts = [line for line in lines if line.startswith("plugins: ")]
    assert counts == ["plugins: 1 rewrapped", "plugins: 0 rewrapped"]


def test_a_plugin_without_secrets_is_stored_as_it_is(api: Client):
    api.post("/plugins", json={"name": "key-auth"})

    assert SEALED not in raw_config()
    assert "apikey" in raw_config()


def test_a_plugin_without_a_schema_keeps_no_text_in_clear(plugin: dict):
    Plugin.objects.update(name="gone")

    Plugin.objects.get().save()

    assert "r.test" not in raw_config()
    assert Plugin.objects.get().config == plugin["config"]
