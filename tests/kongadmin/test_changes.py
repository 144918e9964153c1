"""Nothing is changed without an entry in the change log that says who and how."""

import pytest
from django.db import connection, transaction

from clients import Client
from consumers.models import KeyAuth
from factories import (
    default_control_plane,
    make_consumer,
    make_control_plane,
    make_key,
    make_plugin,
)
from kongadmin import revision
from kongadmin.changes import Change, acting, record, record_bulk


def newest() -> Change:
    return Change.objects.latest("id")


def test_a_write_through_the_admin_api_says_by_whom(client_of) -> None:
    api = client_of("anna")

    answer = api.post("/consumers", json={"username": "berta"})

    change = newest()
    assert (change.actor, change.dialect, change.verb) == (
        "anna (token test)",
        "admin_api",
        "create",
    )
    assert change.request_id == answer.headers["X-Kong-Admin-Request-ID"]
    assert (change.entity_type, change.entity_name) == ("consumers", "berta")
    assert str(change.entity_id) == answer.json()["id"]
    assert change.scope_id == default_control_plane().pk


def test_without_rbac_the_log_says_that_anyone_may_have_been_it(api: Client) -> None:
    api.post("/consumers", json={"username": "anna"})

    assert newest().actor == "anyone on this machine"


def test_an_update_keeps_only_what_changed(api: Client) -> None:
    make_consumer(username="anna", custom_id="a", tags=["x"])

    api.patch("/consumers/anna", json={"custom_id": "b"})

    assert newest().verb == "update"
    assert (newest().before, newest().after) == ({"custom_id": "a"}, {"custom_id": "b"})


def test_a_write_that_changes_nothing_is_not_logged(api: Client) -> None:
    make_consumer(username="anna")
    before = Change.objects.count()

    assert api.patch("/consumers/anna", json={}).status == 200

    assert Change.objects.count() == before


@pytest.mark.parametrize(
    ("old", "new"),
    [("apikey", "apikey2"), ("abcd" * 5, "abcd----------------abcd")],
)
def test_a_key_that_looks_alike_when_masked_is_logged_as_changed(
    api: Client, old: str, new: str
) -> None:
    make_key(make_consumer(), key=old)

    api.patch(f"/key-auths/{old}", json={"key": new})

    assert newest().verb == "update"
    assert set(newest().after) == {"key"}


def test_a_refused_write_leaves_no_entry(api: Client) -> None:
    make_consumer(username="anna")
    before = Change.objects.count()

    assert api.post("/consumers", json={"username": "anna"}).status == 409
    assert api.put("/consumers/berta", json={"tags": ["a,b"]}).status == 400

    assert Change.objects.count() == before


def test_deleting_a_consumer_logs_everything_that_goes_with_it(api: Client) -> None:
    anna = make_consumer(username="anna")
    make_key(anna)
    make_plugin(consumer=anna)

    api.delete("/consumers/anna")

    deleted = Change.objects.filter(verb="delete")
    assert sorted(change.entity_type for change in deleted) == [
        "consumers",
        "keyauth_credentials",
        "plugins",
    ]
    assert {change.subject_id for change in deleted} == {anna.pk}


def test_the_log_shows_a_consumer_with_its_keys_newest_first(db) -> None:
    anna, berta = make_consumer(username="anna"), make_consumer(username="berta")
    key = make_key(anna)
    make_key(berta)
    key.delete()

    seen = [(c.verb, c.entity_type) for c in Change.objects.about(anna)]

    assert seen == [
        ("delete", "keyauth_credentials"),
        ("create", "keyauth_credentials"),
        ("create", "consumers"),
    ]


def test_no_entry_holds_a_secret(api: Client) -> None:
    secret = "correct-horse-battery-staple"
    make_consumer(username="anna")
    api.post("/consumers/anna/key-auth", json={"key": secret})
    api.patch(f"/key-auths/{secret}", json={"tags": ["a"]})
    api.patch(f"/key-auths/{secret}", json={"key": f"{secret}-2"})
    api.delete(f"/key-auths/{secret}-2")

    changes = Change.objects.filter(entity_type="keyauth_credentials")

    texts = [f"{c.entity_name} {c.before} {c.after}" for c in changes]
    assert len(texts) == 4
    assert not [text for text in texts if secret[5:-5] in text]


def test_who_acts_is_told_by_the_innermost(db) -> None:
    with acting("anna", "manager", "1"):
        with acting("berta", "command"):
            make_consumer()
            inner = newest()
        make_consumer()

    assert (inner.actor, newest().actor) == ("berta", "anna")
    make_consumer()
    assert (newest().actor, newest().dialect) == ("system", "command")


def test_a_look_at_a_secret_can_be_written_down(db) -> None:
    key = make_key(make_consumer())

    with acting("anna", "manager"):
        record("reveal", key)

    assert (newest().verb, newest().entity_id) == ("reveal", key.pk)


def test_many_rows_are_one_entry(db) -> None:
    record_bulk(default_control_plane(), "bulk", "consumers", "5 consumers")

    assert (newest().verb, newest().entity_name) == ("bulk", "5 consumers")


def test_the_log_outlives_its_control_plane(db) -> None:
    team = make_control_plane(name="team-a")
    make_key(make_consumer(team, username="anna"))

    team.delete()

    assert not KeyAuth.objects.filter(scope_id=team.pk).exists()
    assert Change.objects.filter(entity_name="1 consumers", verb="delete").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kongadmin_change WHERE scope_id IS NULL")
        assert cursor.fetchone()[0] == 6


@pytest.mark.django_db(transaction=True)
def test_a_change_moves_the_revision_once_it_is_committed() -> None:
    seen = revision.shared().cell[revision.CHANGES]

    with transaction.atomic():
        make_consumer()
        during = revision.shared().cell[revision.CHANGES]

    assert during == seen
    assert revision.shared().cell[revision.CHANGES] != seen


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_neither_row_nor_entry() -> None:
    before = Change.objects.count()

    with transaction.atomic():
        make_consumer(username="anna", tags=["a"])
        transaction.set_rollback(True)

    assert Change.objects.count() == before
