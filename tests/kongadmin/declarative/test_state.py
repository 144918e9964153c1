"""What is stored, as rows of a document."""

import pytest

from consumers.models import ACL, Consumer, KeyAuth
from groups.models import ConsumerGroup, Membership
from kongadmin.declarative import state
from kongadmin.declarative.document import Ref
from kongadmin.plugins.models import Plugin
from realms.models import ControlPlane

pytestmark = pytest.mark.django_db


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane.called("default")


def make(plane, model, tags=None, **values):
    entity = model(scope_id=plane.pk, tags=tags, **values)
    entity.save()
    return entity


def said(rows) -> list[tuple]:
    names = ("username", "custom_id", "key", "group", "consumer_group", "name")
    return [
        (row.kind, next(row.values[name] for name in names if row.values.get(name)))
        for row in rows
    ]


@pytest.fixture
def bob(plane) -> Consumer:
    """Bob with two keys, an ACL group and a plugin, in the group gold; and others."""
    bob = make(plane, Consumer, ["team-a"], username="bob", custom_id="42")
    make(plane, Consumer, username="alice")
    make(plane, Consumer, custom_id="7")
    gold = make(plane, ConsumerGroup, name="gold")
    Membership(scope_id=plane.pk, consumer=bob, consumer_group=gold).save()
    make(plane, KeyAuth, ["team-a"], consumer=bob, key="two")
    make(plane, KeyAuth, consumer=bob, key="one")
    make(plane, ACL, consumer=bob, group="staff")
    for target in ({"consumer": bob}, {"consumer_group": gold}, {}):
        make(plane, Plugin, name="correlation-id", **target)
    return bob


def test_rows_come_by_name_each_followed_by_what_hangs_on_it(plane, bob):
    assert said(state.rows(plane)) == [
        ("consumer_groups", "gold"),
        ("plugins", Ref("consumer_groups", "gold", "name")),
        ("consumers", "alice"),
        ("consumers", "bob"),
        ("keyauth_credentials", "one"),
        ("keyauth_credentials", "two"),
        ("acls", "staff"),
        ("consumer_group_consumers", Ref("consumer_groups", "gold", "name")),
        ("plugins", "correlation-id"),
        ("consumers", "7"),
        ("plugins", "correlation-id"),
    ]


def test_rows_are_narrowed_by_kind_tag_and_id(plane, bob):
    groups = state.rows(plane, kinds=["consumer_groups"])
    tagged = state.rows(plane, tags=["team-a"])
    chosen = list(state.rows(plane, ids=[bob.pk]))
    key = KeyAuth.objects.get(tags__isnull=False)
    alone = state.rows(plane, ids=[key.pk])

    assert said(groups) == [("consumer_groups", "gold")]
    assert [kind for kind, _ in said(tagged)] == [
        *("consumers", "keyauth_credentials", "consumer_group_consumers")
    ]
    assert said(chosen)[:3] == [
        ("consumers", "bob"),
        ("keyauth_credentials", "one"),
        ("keyauth_credentials", "two"),
    ]
    assert len(said(chosen)) == 6
    assert said(alone) == [("keyauth_credentials", "two")]


def test_many_rows_are_read_in_few_queries(plane, bob, django_assert_max_num_queries):
    with django_assert_max_num_queries(40):
        list(state.rows(plane))
