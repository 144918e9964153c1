"""Made-up consumers are as good as any that were made one by one."""

from io import StringIO

import pytest
from django.core.management import call_command

from consumers.demo import make_consumers
from consumers.models import Consumer, KeyAuth
from factories import default_control_plane, make_consumer
from kongadmin.changes import Change
from kongadmin.tags import Tag


def test_demo_makes_consumers_with_a_key_each(db) -> None:
    assert list(make_consumers(default_control_plane(), 30)) == [30]

    assert Consumer.objects.count() == KeyAuth.objects.count() == 30
    assert KeyAuth.objects.values("consumer").distinct().count() == 30
    for consumer in Consumer.objects.all():
        consumer.full_clean()
        assert Consumer.objects.matching(consumer.custom_id).get() == consumer
        tags = Tag.objects.filter(entity_id=consumer.pk)
        assert [tag.tag for tag in tags] == (consumer.tags or [])


def test_the_keys_of_demo_are_found_by_their_text(db) -> None:
    list(make_consumers(default_control_plane(), 3))

    for key in KeyAuth.objects.all():
        key.full_clean()
        assert KeyAuth.objects.by_ref(key.key).get() == key


def test_demo_says_in_the_log_what_it_did(db) -> None:
    list(make_consumers(default_control_plane(), 5))

    change = Change.objects.latest("id")
    assert (change.verb, change.entity_type) == ("bulk", "consumers")
    assert change.entity_name == "5 consumers with a key each"


def test_demo_adds_to_what_is_there(db) -> None:
    make_consumer(username="anna")
    list(make_consumers(default_control_plane(), 3))
    list(make_consumers(default_control_plane(), 3))

    assert Consumer.objects.count() == 7


@pytest.mark.django_db(transaction=True)
def test_the_command_makes_as_many_as_it_is_told() -> None:
    out = StringIO()

    call_command("demo", consumers=7, stdout=out)

    assert Consumer.objects.count() == 7
