"""The pages about who is in a consumer group, as a browser without JavaScript sees."""

import re

from django.test import Client

from factories import (
    make_consumer,
    make_control_plane,
    make_group,
)
from grouped import GOLD, link, members, set_limits
from groups.models import ConsumerGroup, join


def test_members_are_shown_by_name_and_page_by_page(pages: Client) -> None:
    named = [make_consumer(username=f"member-{number:02}") for number in range(20)]
    make_group(make_consumer(custom_id="C-1"), *named, name="gold")

    first = pages.get(f"{GOLD}/consumers?size=15").text
    second = pages.get(f"{GOLD}/consumers?{link(first, 'next')}").text

    assert "member-14" in first
    assert "member-15" not in first
    assert "member-19" in second
    assert ">C-1</a>" in second


def test_several_consumers_are_added_at_once(pages: Client) -> None:
    gold = make_group(name="gold")
    both = [make_consumer(username="anna"), make_consumer(custom_id="C-1")]

    fields = {"pick": [consumer.pk for consumer in both]}
    answer = pages.post(f"{GOLD}/consumers/add", fields, follow=True)

    assert members(gold) == ["C-1", "anna"]
    assert "C-1 and anna added to gold." in answer.text or (
        "anna and C-1 added to gold." in answer.text
    )


def test_a_search_keeps_what_is_ticked(pages: Client) -> None:
    gold = make_group(make_consumer(username="inside"), name="gold")
    anna = make_consumer(username="anna")
    for name in ("berta", "bertram"):
        make_consumer(username=name)

    fields = {"pick": anna.pk, "q": "bert", "find": "1"}
    text = pages.post(f"{GOLD}/consumers/add", fields).text

    assert options(text) == [("anna", True), ("berta", False), ("bertram", False)]
    assert members(gold) == ["inside"]


def options(text: str) -> list[tuple[str, bool]]:
    """Return every checkbox of a picker: its label, and whether it is ticked."""
    found = re.findall(r'name="pick" value="[^"]+"( checked)?><span>([^< ]+)', text)
    return [(label, bool(checked)) for checked, label in found]


def test_who_is_inside_already_cannot_be_chosen(pages: Client) -> None:
    make_group(make_consumer(username="anna"), name="gold")
    make_consumer(custom_id="C-1")

    text = pages.get(f"{GOLD}/consumers/add").text

    assert options(text) == [("C-1", False)]
    assert "by its custom ID" in text


def test_of_many_consumers_the_first_are_shown(pages: Client) -> None:
    make_group(name="gold")
    for number in range(31):
        make_consumer(username=f"many-{number:02}")

    text = pages.get(f"{GOLD}/consumers/add").text

    assert len(options(text)) == 30
    assert "the first 30" in text


def test_all_are_added_or_none(pages: Client) -> None:
    anna, berta = make_consumer(username="anna"), make_consumer(username="berta")
    gone, gold = make_consumer(), make_group(anna, name="gold")
    missing = gone.pk
    gone.delete()

    inside = pages.post(f"{GOLD}/consumers/add", {"pick": [anna.pk, berta.pk]})
    deleted = pages.post(f"{GOLD}/consumers/add", {"pick": [missing, berta.pk]})
    nobody = pages.post(f"{GOLD}/consumers/add", {"pick": ["nonsense"]})
    twice = {"pick": [str(missing), str(missing).upper()]}
    same = pages.post(f"{GOLD}/consumers/add", twice)

    assert [a.status_code for a in (inside, deleted, nobody, same)] == [422] * 4
    assert "Nothing was changed: anna is in already." in inside.text
    assert options(inside.text) == [("berta", True)]
    assert "Nothing was changed: one has been deleted meanwhile." in deleted.text
    assert "one has been deleted" in same.text
    assert "Tick at least one." in nobody.text
    assert members(gold) == ["anna"]


def test_when_somebody_is_quicker_nobody_is_added(pages: Client, monkeypatch) -> None:
    anna, berta = make_consumer(username="anna"), make_consumer(username="berta")
    gold = make_group(name="gold")

    def meanwhile(consumers, groups) -> None:
        join([berta], groups)
        join(consumers, groups)

    monkeypatch.setattr("groups.membership_views.join", meanwhile)
    answer = pages.post(f"{GOLD}/consumers/add", {"pick": [anna.pk, berta.pk]})

    assert answer.status_code == 422
    assert "berta is in already" in answer.text
    assert members(gold) == ["berta"]


def test_consumers_of_another_control_plane_cannot_be_added(pages: Client) -> None:
    gold, stranger = make_group(name="gold"), make_consumer(make_control_plane())

    answer = pages.post(f"{GOLD}/consumers/add", {"pick": stranger.pk})

    assert answer.status_code == 422
    assert members(gold) == []


def test_removing_a_consumer_says_what_changes(pages: Client) -> None:
    anna, berta = make_consumer(username="anna"), make_consumer(username="berta")
    gold = make_group(anna, berta, name="gold")
    set_limits(gold)

    text = pages.get(f"{GOLD}/consumers/{anna.pk}/remove").text
    answer = pages.post(f"{GOLD}/consumers/{anna.pk}/remove", follow=True)
    again = pages.post(f"{GOLD}/consumers/{anna.pk}/remove")

    assert "the limit <b>100 per minute, sliding</b>" in text
    assert "anna removed from gold." in answer.text
    assert again.status_code == 404
    assert members(gold) == ["berta"]


# A consumer's own tab


def test_a_consumer_joins_several_groups_and_leaves_one(pages: Client) -> None:
    anna = make_consumer(username="anna")
    both = [make_group(name=name) for name in ("gold", "silver")]
    set_limits(both[0])
    tab = "/consumers/anna/consumer-groups"

    fields = {"pick": [group.pk for group in both]}
    joined = pages.post(f"{tab}/join", fields, follow=True)
    question = pages.get(f"{tab}/{both[1].pk}/leave").text
    left = pages.post(f"{tab}/{both[1].pk}/leave", follow=True)

    assert "anna added to gold and silver." in joined.text
    assert "100 per minute, sliding" in joined.text
    assert "neither limits nor plugins" in question
    assert left.redirect_chain == [(tab, 303)]
    assert list(ConsumerGroup.objects.of(anna)) == both[:1]


def test_the_activity_of_both_tells_of_a_membership(pages: Client) -> None:
    make_group(make_consumer(username="anna"), name="gold")

    for path in (f"{GOLD}/activity", "/consumers/anna/activity"):
        text = pages.get(path).text
        assert "membership" in text, path
        assert re.search(r'/consumer-groups/[^"]+/consumers">anna in gold<', text), path


def test_consumers_are_listed_by_group(pages: Client) -> None:
    make_group(make_consumer(username="anna"), name="gold")
    make_group(make_consumer(make_control_plane(), username="stranger"), name="gold")
    make_consumer(username="berta")

    found = pages.get("/consumers?group=gold").text
    none = pages.get("/consumers?group=silver").text

    assert "1 consumer in the group gold" in found
    assert "Remove the filter group gold" in found
    assert "berta" not in found
    assert "stranger" not in found
    assert "No consumer in the group silver" in none


def test_deleting_a_consumer_says_how_many_groups_it_leaves(pages: Client) -> None:
    make_group(make_consumer(username="anna"), name="gold")

    text = pages.get("/consumers/anna/delete").text

    assert "It leaves <b>1 consumer group</b>" in text
