"""Realms: consumers that control planes share, their keys, and moving between them."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection

from consumers.models import Consumer, KeyAuth, issue_key, move
from factories import (
    make_consumer,
    make_control_plane,
    make_credential,
    make_key,
    make_oauth2_token,
    make_realm,
)
from kongadmin.changes import Change
from kongadmin.conflicts import Conflict
from kongadmin.tags import Tag
from realms.models import Realm


def changes_of(entity) -> list[tuple]:
    rows = Change.objects.filter(entity_id=entity.pk).order_by("id")
    return [(change.verb, change.before, change.after) for change in rows]


def stored_bytes(key: KeyAuth) -> bytes:
    """Return all that the database holds of a key and of what was done to it."""
    found = b""
    with connection.cursor() as cursor:
        for table in ("consumers_keyauth", "kongadmin_change"):
            cursor.execute(f"SELECT * FROM {table}")
            found += repr(cursor.fetchall()).encode()
    return found


# Realms


def test_a_realm_is_written_down_in_the_log(db) -> None:
    realm = make_realm(name="prod")
    realm.ttl = 30
    realm.save()
    realm.save()
    id_ = realm.pk
    realm.delete()

    (created, updated, deleted) = Change.objects.filter(entity_id=id_).order_by("id")
    assert (created.verb, created.entity_type, created.entity_name) == (
        *("create", "realms", "prod"),
    )
    assert (updated.before, updated.after) == ({"ttl": 10}, {"ttl": 30})
    assert (deleted.verb, deleted.before["ttl"]) == ("delete", 30)


def test_no_two_realms_of_a_region_have_one_name(db) -> None:
    first = make_realm(name="prod")
    make_realm(name="prod", region="eu")
    make_realm(name="Prod")

    with pytest.raises(Conflict) as conflict:
        make_realm(name="prod")

    assert conflict.value.values == {"name": "prod"}
    assert conflict.value.holder == first


def test_two_control_planes_of_one_name_are_in_different_regions(db) -> None:
    make_control_plane(name="edge", region="eu")
    make_control_plane(name="edge")

    with pytest.raises(Conflict):
        make_control_plane(name="edge")


def test_a_control_plane_that_goes_is_allowed_nowhere(db) -> None:
    edge, core = make_control_plane(), make_control_plane()
    realm = make_realm(allowed_control_planes=[str(edge.pk), str(core.pk)])
    assert realm.allows(edge.pk)
    id_ = edge.pk

    edge.delete()

    realm.refresh_from_db()
    assert not realm.allows(id_)
    assert realm.allowed_control_planes == [str(core.pk)]


def test_the_switch_lets_in_whoever_is_not_listed(db) -> None:
    realm = make_realm(allow_all_control_planes=True)

    assert realm.allows(make_control_plane().pk)


@pytest.mark.parametrize(
    ("stored", "sent", "all_", "listed"),
    [
        ({}, {"allowed_control_planes": ["*"]}, True, ["*"]),
        (
            {"allowed_control_planes": ["*"], "allow_all_control_planes": True},
            {"allow_all_control_planes": False},
            *(False, []),
        ),
        (
            {"allowed_control_planes": ["*"], "allow_all_control_planes": True},
            {"allowed_control_planes": ["A"]},
            *(False, ["a"]),
        ),
        (
            {"allow_all_control_planes": True},
            {"allowed_control_planes": ["a"]},
            *(True, ["a"]),
        ),
        (
            {"allowed_control_planes": ["*"], "allow_all_control_planes": True},
            {"ttl": 5},
            *(True, ["*"]),
        ),
    ],
    ids=["wildcard", "switched off", "replaced", "list behind the switch", "untouched"],
)
def test_the_wildcard_and_the_switch_agree(
    stored: dict, sent: dict, all_: bool, listed: list
) -> None:
    realm = Realm(name="prod", **stored)

    realm.assign(sent)

    assert realm.allow_all_control_planes is all_
    assert realm.allowed_control_planes == listed


def test_deleting_a_realm_takes_what_is_in_it_with_one_entry_a_kind(db) -> None:
    realm = make_realm()
    for _ in range(3):
        issue_key(make_consumer(realm, consumer_groups=[], tags=["a"]))
    assert not realm.is_empty

    realm.delete()

    assert not Consumer.objects.exists()
    assert not KeyAuth.objects.exists()
    assert not Tag.objects.exists()
    deleted = Change.objects.filter(verb="delete").values_list("entity_name", flat=True)
    assert {"3 consumers", "3 key auths"} <= set(deleted)


@pytest.mark.parametrize("name", ["", "x" * 257])
def test_a_form_meets_the_rules_of_realms(name: str) -> None:
    with pytest.raises(ValidationError):
        Realm(name=name).clean()


# Consumers


def test_what_only_a_realms_consumer_has_is_in_the_log(db) -> None:
    ariel = make_consumer(make_realm(), username="ariel", consumer_groups=["gold"])

    ((_, _, after),) = changes_of(ariel)
    assert (after["type"], after["consumer_groups"]) == ("proxy", ["gold"])


def test_a_control_planes_consumer_has_no_type(db) -> None:
    ((_, _, after),) = changes_of(make_consumer())

    assert not {"type", "consumer_groups"} & after.keys()


# Keys


def test_a_new_key_can_be_recognised_but_not_read(db) -> None:
    ariel = make_consumer(make_realm(), consumer_groups=[])

    key, secret = issue_key(ariel)

    assert len(secret) == 53
    assert secret.startswith("kcc_")
    stored = KeyAuth.objects.get()
    assert stored.key is None
    assert str(stored) == f"{secret[:13]}••••••••{secret[-4:]}"
    assert KeyAuth.objects.get(**KeyAuth.named(secret)) == key
    assert secret[13:-4].encode() not in stored_bytes(key)


def test_a_legacy_key_is_not_stored_either(db) -> None:
    ariel = make_consumer(make_realm(), consumer_groups=[])

    key, _ = issue_key(ariel, "brought along from elsewhere")

    assert key.type == "legacy"
    assert KeyAuth.objects.get(**KeyAuth.named("brought along from elsewhere")) == key
    assert b"along from else" not in stored_bytes(key)


def test_a_key_stays_valid_when_its_row_is_written_again(db) -> None:
    _, secret = issue_key(make_consumer(make_realm(), consumer_groups=[]))

    KeyAuth.objects.get().save()

    assert KeyAuth.objects.filter(**KeyAuth.named(secret)).exists()


def test_rewrapping_tells_what_it_cannot_make_anew(db, capsys) -> None:
    issue_key(make_consumer(make_realm(), consumer_groups=[]))
    make_key(make_consumer())

    call_command("rewrap_secrets")

    assert "key auths: 1 kept as a digest only" in capsys.readouterr().out


def test_a_realm_has_a_legacy_secret_once(db) -> None:
    here, there = make_realm(), make_realm()
    first, _ = issue_key(make_consumer(here, consumer_groups=[]), "brought")
    issue_key(make_consumer(there, consumer_groups=[]), "brought")

    with pytest.raises(Conflict) as conflict:
        issue_key(make_consumer(here, consumer_groups=[]), "brought")

    assert conflict.value.holder == first


# Moving


def test_a_consumer_moves_with_all_it_has(db) -> None:
    here, there = make_realm(name="here"), make_realm(name="there")
    ariel = make_consumer(here, consumer_groups=["gold"], tags=["vip"])
    key, secret = issue_key(ariel, tags=["ci"])
    token = make_oauth2_token(make_credential("oauth2", ariel))

    move(ariel, here, there)

    assert Consumer.objects.in_scope(there).get().consumer_groups == ["gold"]
    assert KeyAuth.objects.in_scope(there).get(**KeyAuth.named(secret)) == key
    assert not KeyAuth.objects.in_scope(here).exists()
    assert {tag.scope_id for tag in Tag.objects.all()} == {there.pk}
    token.refresh_from_db()
    assert token.scope_id == there.pk
    *_, last = changes_of(ariel)
    assert last == ("update", {"realm": "here"}, {"realm": "there"})


def test_what_is_taken_there_keeps_a_consumer_here(db) -> None:
    here, there = make_realm(), make_realm()
    ariel = make_consumer(here, consumer_groups=[])
    issue_key(ariel, "brought")
    issue_key(make_consumer(there, consumer_groups=[]), "brought")

    with pytest.raises(Conflict):
        move(ariel, here, there)

    assert Consumer.objects.get(pk=ariel.pk).scope_id == here.pk


def test_keys_of_control_planes_are_still_to_be_read(db) -> None:
    key = make_key(make_consumer(), key="abc")

    assert KeyAuth.objects.get(pk=key.pk).key == "abc"
