"""Consumer groups: who is in them, what they are called, and their limits."""

import pytest

from consumers.models import Consumer
from factories import make_consumer, make_control_plane, make_group
from groups.limits import limits_in_words
from groups.models import ConsumerGroup, Membership, Override, join
from kongadmin.changes import Change
from kongadmin.conflicts import Conflict
from kongadmin.entities import Violation


def test_all_join_or_none(db) -> None:
    anna, berta = make_consumer(), make_consumer()
    gold, silver = make_group(anna), make_group()

    with pytest.raises(Conflict):
        join([berta, anna], [silver, gold])

    assert list(gold.members) == [anna]
    assert not silver.members.exists()


def test_every_one_joins_every_group(db) -> None:
    both, groups = [make_consumer(), make_consumer()], [make_group(), make_group()]

    join(both, groups)

    assert Membership.objects.count() == 4
    assert set(ConsumerGroup.objects.of(both[0])) == {*groups}


def test_a_membership_is_told_on_the_pages_of_both(db) -> None:
    anna, gold = make_consumer(username="anna"), make_group(name="gold")

    join([anna], [gold])

    for entity in (anna, gold):
        newest = Change.objects.about(entity).first()
        assert (newest.verb, newest.entity_name) == ("create", "anna in gold")


def test_a_group_goes_with_its_memberships_and_limits(db) -> None:
    gold = make_group(make_consumer(username="anna"))
    config = {"limit": [1], "window_size": [1], "window_type": "fixed"}
    Override(scope_id=gold.scope_id, consumer_group=gold, config=config).save()

    gold.delete()

    assert not Membership.objects.exists()
    assert not Override.objects.exists()
    assert Consumer.objects.filter(username="anna").exists()


def test_two_control_planes_may_call_a_group_the_same(db) -> None:
    make_group(name="gold")

    make_group(name="gold", scope=make_control_plane())

    assert ConsumerGroup.objects.filter(name="gold").count() == 2


@pytest.mark.parametrize(
    ("name", "is_plain"),
    [
        ("gold", True),
        ("gold-1.2_3~4", True),
        ("Ärzte", True),
        ("create", False),
        ("..", False),
        (".", False),
        ("~", False),
        ("0192f3a0-0000-7000-8000-000000000000", False),
    ],
)
def test_a_group_is_addressed_by_its_name_if_that_can_be(
    name: str, is_plain: bool
) -> None:
    group = ConsumerGroup(name=name)

    assert group.ref == (name if is_plain else str(group.pk))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("GOL", {"gold", "Golf"}),
        (" old ", {"gold"}),
        ("", {"gold", "Golf", "100~"}),
        ("%", set()),
        ("_", set()),
        ("\0", set()),
    ],
)
def test_groups_are_found_by_part_of_a_name(db, text: str, names: set) -> None:
    for name in ("gold", "Golf", "100~"):
        make_group(name=name)

    found = ConsumerGroup.objects.matching(text)

    assert {group.name for group in found} == names


def test_a_group_is_found_by_its_id(db) -> None:
    gold = make_group()
    make_group()

    assert ConsumerGroup.objects.matching(str(gold.pk).upper()).get() == gold


@pytest.mark.parametrize(
    "config",
    [
        {"limit": [1], "window_size": []},
        {"limit": [1, 2], "window_size": [1]},
        {"limit": [None], "window_size": [1]},
        {"limit": [1], "window_size": [0]},
        {"limit": [1], "window_size": [1], "window_type": "jumping"},
    ],
)
def test_limits_that_make_no_sense_are_refused(db, config: dict) -> None:
    rest = {"window_type": "sliding", "retry_after_jitter_max": 0}
    override = Override(consumer_group=make_group(), config=rest | config)

    with pytest.raises(Violation):
        override.clean()


@pytest.mark.parametrize(
    ("limit", "window_size", "words"),
    [
        ([100], [60], "100 per minute, sliding"),
        ([1], [1], "1 per second, sliding"),
        ([1000], [7200], "1,000 per 2 hours, sliding"),
        ([5], [90], "5 per 90 seconds, sliding"),
        ([5], [86400 * 7], "5 per 7 days, sliding"),
        ([0.5, 2.0], [0.1, 60.0], "0.5 per 0.1 seconds and 2 per minute, sliding"),
        (
            [1, 2, 3],
            [1, 60, 3600],
            "1 per second, 2 per minute and 3 per hour, sliding",
        ),
    ],
)
def test_limits_in_words(limit: list, window_size: list, words: str) -> None:
    config = {"limit": limit, "window_size": window_size, "window_type": "sliding"}

    assert limits_in_words(config) == words


def test_a_sentence_says_what_is_limited() -> None:
    config = {"limit": [9, 99], "window_size": [1, 60], "window_type": "fixed"}

    words = limits_in_words(config, "requests")

    assert words == "9 requests per second and 99 per minute, fixed"
