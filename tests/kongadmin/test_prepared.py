"""Queries compiled once give what Django gives, for any values."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from consumers.models import Consumer, KeyAuth
from factories import (
    default_control_plane,
    make_consumer,
    make_control_plane,
    make_key,
    make_plugin,
)
from kongadmin import reads
from kongadmin.changes import Change
from kongadmin.entities import Entity, etag_of
from kongadmin.plugins.models import Plugin
from kongadmin.prepared import Insert, Prepared
from kongadmin.tags import TagFilter

MAKERS = {
    Consumer: lambda: make_consumer(tags=["ä", "b"]),
    KeyAuth: lambda: make_key(make_consumer(), key="schlüssel", ttl=60),
    Plugin: lambda: make_plugin(consumer=make_consumer()),
}
every_model = pytest.mark.parametrize("model", MAKERS, ids=lambda m: m.__name__)


@every_model
def test_a_row_is_what_django_reads(db, model: type[Entity]) -> None:
    made = MAKERS[model]()

    row = reads.find(model, default_control_plane(), str(made.pk))

    stored = model.objects.get(pk=made.pk)
    assert row == {
        field.attname: getattr(stored, field.attname)
        for field in model._meta.concrete_fields
    }
    assert model.wire(row) == stored.to_dict()
    assert etag_of(row) == stored.etag == made.etag


@every_model
def test_a_row_of_a_page_says_the_same_with_ids_as_text(
    db, model: type[Entity]
) -> None:
    made = MAKERS[model]()

    [row] = reads.page(model, default_control_plane(), 2)

    assert row["id"] == str(made.pk)
    assert model.wire(row) == model.objects.get(pk=made.pk).to_dict()


@every_model
def test_the_same_query_serves_other_values(db, model: type[Entity]) -> None:
    first = MAKERS[model]()
    first_row = reads.find(model, default_control_plane(), str(first.pk))
    team = make_control_plane()

    assert first_row["id"] == first.pk
    assert reads.find(model, default_control_plane(), str(uuid4())) is None
    assert reads.find(model, team, str(first.pk)) is None


@pytest.mark.parametrize("name", ["anna", "o'neill", "sample of username", "%s", "?"])
def test_a_name_is_a_value_and_never_part_of_the_query(db, name: str) -> None:
    made = make_consumer(username=name)
    make_consumer()

    row = reads.find(Consumer, default_control_plane(), name)

    assert row["id"] == made.pk


def test_what_has_expired_is_not_read(db) -> None:
    anna = make_consumer()
    live, expired = make_key(anna, key="live", ttl=60), make_key(anna, ttl=-1, key="x")
    scope = default_control_plane()

    assert reads.find(KeyAuth, scope, str(expired.pk)) is None
    assert reads.find(KeyAuth, scope, "x") is None
    assert reads.find(KeyAuth, scope, "live")["id"] == live.pk
    assert [row["id"] for row in reads.page(KeyAuth, scope, 10)] == [str(live.pk)]

    KeyAuth.objects.update(expires_at=timezone.now() - timedelta(microseconds=1))
    assert reads.page(KeyAuth, scope, 10) == []


def test_a_page_begins_behind_a_row_and_stays_with_the_parent(db) -> None:
    anna, berta = make_consumer(), make_consumer()
    keys = [make_key(anna), make_key(berta), make_key(anna), make_key(anna)]
    scope = default_control_plane()

    found = reads.page(KeyAuth, scope, 2, keys[0].pk, consumer_id=anna.pk)

    assert [row["id"] for row in found] == [str(keys[2].pk), str(keys[3].pk)]


@pytest.mark.parametrize("is_any", [False, True])
def test_a_page_by_tags_is_what_django_finds(db, is_any: bool) -> None:
    tags = [["a"], ["b", "a"], ["a", "b"], None, ["b"], ["a", "b", "c"], ["d"]]
    made = [make_consumer(tags=each) for each in tags[:2]]
    for other in "xyz":
        make_key(made[0], key=other, tags=["a", "b", "c"])
    made += [make_consumer(tags=each) for each in tags[2:]]
    make_consumer(tags=["a", "b"], scope=make_control_plane())
    scope = default_control_plane()

    for wanted in (("a",), ("b", "a"), ("a", "a"), ("a", "missing"), ("c", "d", "b")):
        which = TagFilter(wanted, is_any)
        rows = reads.page(Consumer, scope, 3, made[0].pk, which)
        found = Consumer.objects.in_scope(scope).tagged(which, scope)
        found = found.filter(pk__gt=made[0].pk).order_by("pk")[:3]
        assert [row["id"] for row in rows] == [str(each.pk) for each in found]


def test_a_prepared_query_takes_any_queryset(db) -> None:
    made = make_consumer(username="anna", custom_id="a")
    names = Prepared(
        lambda username, custom_id: Consumer.objects.filter(
            username=username, custom_id=custom_id
        ),
        username="one sample",
        custom_id="another",
    )

    assert names.rows(username="anna", custom_id="a")[0]["id"] == made.pk
    assert names.rows(username="a", custom_id="anna") == []


def test_a_prepared_insert_stores_what_django_reads(db) -> None:
    change = Change(
        scope=default_control_plane(),
        actor="änna",
        dialect="command",
        verb="update",
        entity_type="consumers",
        entity_id=uuid4(),
        entity_name="%s ? 'x'",
        before={"tags": ["a"]},
        after=None,
    )

    Insert(Change).run(change)

    stored = Change.objects.latest("id")
    for field in Change._meta.concrete_fields:
        if not field.primary_key:
            name = field.attname
            assert getattr(stored, name) == getattr(change, name), name


def test_an_absent_value_is_null_in_the_database(db) -> None:
    Insert(Change).run(
        Change(actor="a", dialect="b", verb="c", entity_type="d", entity_name="e")
    )

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM kongadmin_change "
            "WHERE before IS NULL AND after IS NULL AND scope_id IS NULL"
        )
        assert cursor.fetchone()[0] == 1
