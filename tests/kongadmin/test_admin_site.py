"""The Django admin: every record, no secret, and the same log as everywhere."""

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consumers.models import Consumer, KeyAuth, LastUsed
from factories import (
    default_control_plane,
    make_consumer,
    make_group,
    make_key,
    make_plugin,
)
from groups.models import ConsumerGroup, Membership, Override
from kongadmin.access.models import APIToken
from kongadmin.access.throttle import note_failure
from kongadmin.changes import Change
from kongadmin.plugins.models import Plugin

SECRET = "correct-horse-battery-staple"
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.label)


@pytest.fixture
def staff(client: Client, admin_user) -> Client:
    client.force_login(admin_user)
    return client


@pytest.fixture
def token(admin_user) -> str:
    """One of everything there is a page for; returns the text of the token."""
    anna = make_consumer(username="anna", tags=["a"])
    key = make_key(anna, key=SECRET)
    make_plugin("rate-limiting", consumer=anna, minute=5, redis={"password": SECRET})
    gold = make_group(anna)
    limits = {"limit": [1], "window_size": [60], "window_type": "fixed"}
    Override(scope_id=gold.scope_id, consumer_group=gold, config=limits).save()
    LastUsed.objects.create(credential_id=key.pk, used_at=timezone.now())
    note_failure("anna", "192.0.2.1")
    return APIToken.issue(admin_user, "test")[1]


def page(model, name: str, *args) -> str:
    return reverse(
        f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args
    )


@every_model
def test_every_list_is_shown_without_secrets(staff, token: str, model) -> None:
    answer = staff.get(page(model, "changelist"))

    assert answer.status_code == 200
    assert SECRET[5:-5] not in answer.text
    assert token[9:-4] not in answer.text


@every_model
def test_every_record_is_shown_without_secrets(staff, token: str, model) -> None:
    for record in model._default_manager.all():
        answer = staff.get(page(model, "change", record.pk))

        assert answer.status_code == 200
        assert SECRET[5:-5] not in answer.text
        assert token[9:-4] not in answer.text


def test_every_model_of_ours_has_a_page() -> None:
    ours = {model._meta.app_label for model in MODELS}

    assert {"kongadmin", "access", "plugins", "consumers", "groups", "realms"} <= ours
    assert {Consumer, KeyAuth, Plugin, Change, APIToken} <= {*MODELS}
    assert {ConsumerGroup, Membership, Override} <= {*MODELS}


def test_the_admin_is_for_staff(client: Client, db) -> None:
    client.force_login(get_user_model().objects.create_user("berta"))

    assert client.get(page(Consumer, "changelist")).status_code == 302


def test_a_consumer_is_added_with_an_entry_in_the_log(staff: Client) -> None:
    fields = {"username": "berta", "tags": '["a"]'}

    answer = staff.post(page(Consumer, "add"), fields)

    assert answer.status_code == 302, answer.text
    made = Consumer.objects.in_scope(default_control_plane()).get()
    assert made.tags == ["a"]
    change = Change.objects.latest("id")
    assert (change.actor, change.dialect) == ("admin", "django_admin")
    assert (change.verb, change.entity_name) == ("create", "berta")


def test_a_consumer_is_changed_with_an_entry_in_the_log(staff: Client) -> None:
    anna = make_consumer(username="anna", custom_id="a")
    fields = {"username": "anna", "custom_id": "b", "tags": "null"}

    answer = staff.post(page(Consumer, "change", anna.pk), fields)

    assert answer.status_code == 302, answer.text
    change = Change.objects.latest("id")
    assert (change.actor, change.dialect) == ("admin", "django_admin")
    assert (change.before, change.after) == ({"custom_id": "a"}, {"custom_id": "b"})


def test_records_are_deleted_one_by_one_for_the_log(staff: Client) -> None:
    both = [make_consumer(username=name) for name in ("anna", "berta")]
    fields = {
        "action": "delete_selected",
        "_selected_action": [consumer.pk for consumer in both],
        "post": "yes",
    }

    staff.post(page(Consumer, "changelist"), fields)

    deleted = Change.objects.filter(verb="delete", actor="admin")
    assert {change.entity_name for change in deleted} == {"anna", "berta"}
    assert not Consumer.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "", "custom_id": "", "tags": "null"},
        {"username": "taken", "tags": "null"},
        {"username": "anna", "tags": '["a,b"]'},
        {"username": "anna", "tags": '{"a": 1}'},
    ],
)
def test_what_the_rules_refuse_is_refused_here_too(staff: Client, fields: dict) -> None:
    make_consumer(username="taken")
    anna = make_consumer(username="anna")
    before = Change.objects.count()

    answer = staff.post(page(Consumer, "change", anna.pk), fields)

    assert answer.status_code in (200, 302)
    assert Consumer.objects.get(pk=anna.pk).etag == anna.etag
    assert Change.objects.count() == before


def test_a_key_keeps_its_text_when_it_is_saved_here(staff: Client) -> None:
    key = make_key(make_consumer(), key=SECRET)
    fields = {"tags": '["a"]', "expires_at_0": "", "expires_at_1": ""}

    answer = staff.post(page(KeyAuth, "change", key.pk), fields)

    assert answer.status_code == 302, answer.text
    stored = KeyAuth.objects.get()
    assert (stored.key, stored.tags) == (SECRET, ["a"])
