"""The pages about consumer groups, as a browser without JavaScript meets them."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consumers.models import Consumer
from factories import (
    make_consumer,
    make_group,
)
from grouped import GOLD, LIMITS, limit_plugin, link, rows, set_limits
from groups.models import ConsumerGroup, Membership, Override, join
from kongadmin.plugins.models import Plugin

# List


def test_the_list_says_how_many_are_in_a_group_and_what_they_may(pages: Client) -> None:
    gold = make_group(make_consumer(), make_consumer(), name="gold", tags=["eu"])
    set_limits(gold, limit=[100, 1000], window_size=[60, 3600])
    make_group(name="empty")

    text = pages.get("/consumer-groups").text

    assert "2 consumer groups" in text
    assert 'aria-label="2 consumers of gold"' in text
    assert "100 per minute and 1,000 per hour, sliding" in text
    assert "?tag=eu" in text


def test_a_count_of_members_ends_at_a_thousand(pages: Client, monkeypatch) -> None:
    make_group(*(make_consumer() for _ in range(3)), name="gold")
    monkeypatch.setattr("groups.views.CountUpTo.__init__.__defaults__", (1,))

    assert ">2</a>" in pages.get("/consumer-groups").text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Gold-1", "gold-2", "silver"]),
        ("?q=GOLD", ["Gold-1", "gold-2"]),
        ("?q=ilv", ["silver"]),
        ("?q=100%25", []),
        ("?q=%00", []),
        ("?tag=eu", ["gold-2"]),
        ("?q=gold&tag=eu", ["gold-2"]),
        ("?sort=-name", ["silver", "gold-2", "Gold-1"]),
        ("?sort=created", ["silver", "gold-2", "Gold-1"]),
        ("?sort=nonsense", ["Gold-1", "gold-2", "silver"]),
    ],
)
def test_groups_are_found_and_sorted(
    pages: Client, query: str, names: list[str]
) -> None:
    make_group(name="silver")
    make_group(name="gold-2", tags=["eu"])
    make_group(name="Gold-1")

    text = pages.get(f"/consumer-groups{query}").text

    assert re.findall(r'class="name" href="[^"]+">([^<]+)<', text) == names


def test_a_long_list_is_turned_page_by_page_and_back(pages: Client) -> None:
    for number in range(40):
        make_group(name=f"group-{number:02}")
    first = pages.get("/consumer-groups?size=15").text

    second = pages.get(f"/consumer-groups?{link(first, 'next')}").text
    back = pages.get(f"/consumer-groups?{link(second, 'previous')}").text

    assert "group-14" in first
    assert "group-15" not in first
    assert "group-15" in second
    assert "group-14<" in back


def test_without_a_group_the_list_says_what_one_is_for(pages: Client) -> None:
    text = pages.get("/consumer-groups").text

    assert "No consumer groups yet" in text
    assert "New Consumer Group" in text


# Form


def test_a_group_is_created_and_shown(pages: Client) -> None:
    answer = pages.post(
        "/consumer-groups/create", {"name": "gold", "tags": "eu, gold"}, follow=True
    )

    assert answer.redirect_chain == [(GOLD, 303)]
    assert "Consumer group gold created." in answer.text
    assert ConsumerGroup.objects.get().tags == ["eu", "gold"]


def test_who_is_to_be_added_can_be_chosen_next(pages: Client) -> None:
    fields = {"name": "gold", "add_consumers": "1"}

    answer = pages.post("/consumer-groups/create", fields)

    assert answer.headers["Location"] == f"{GOLD}/consumers/add"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "This field is required."),
        ("a b", "the only accepted ascii characters"),
        ("x" * 513, "length must be at most 512"),
    ],
)
def test_a_name_that_cannot_be_is_refused_once_at_the_field(
    pages: Client, name: str, text: str
) -> None:
    answer = pages.post("/consumer-groups/create", {"name": name})

    assert answer.status_code == 422
    assert answer.text.count(text) == 2  # the summary, and the field
    assert 'aria-invalid="true"' in answer.text
    assert not ConsumerGroup.objects.exists()


def test_a_taken_name_is_refused_with_a_link_to_its_holder(pages: Client) -> None:
    make_group(name="gold")

    answer = pages.post("/consumer-groups/create", {"name": "gold"})

    assert answer.status_code == 422
    assert "gold has this already." in answer.text
    assert f'<a href="{GOLD}">' in answer.text


def test_a_group_is_renamed(pages: Client) -> None:
    gold = make_group(name="gold")

    fields = {"name": "platinum", "tags": "", "version": gold.etag}
    answer = pages.post(f"{GOLD}/edit", fields)

    assert answer.headers["Location"] == "/consumer-groups/platinum"
    assert ConsumerGroup.objects.get().name == "platinum"


def test_nobody_overwrites_a_group_they_have_not_seen(pages: Client) -> None:
    gold = make_group(name="gold")
    seen = gold.etag
    gold.tags = ["meanwhile"]
    gold.save()

    fields = {"name": "gold", "tags": "mine", "version": seen}
    answer = pages.post(f"{GOLD}/edit", fields)

    assert answer.status_code == 409
    assert "meanwhile" in answer.text
    assert ConsumerGroup.objects.get().tags == ["meanwhile"]


def test_a_missing_group_is_a_page_with_status_404(pages: Client) -> None:
    for path in ("", "/edit", "/delete", "/consumers", "/rate-limiting"):
        assert pages.get(f"{GOLD}{path}").status_code == 404, path


def test_a_group_is_shown_as_json(pages: Client) -> None:
    make_group(name="gold", tags=["eu"])

    assert "&quot;name&quot;: &quot;gold&quot;" in pages.get(f"{GOLD}?format=json").text


# Delete


def test_deleting_says_what_goes_and_leaves_the_consumers(pages: Client) -> None:
    gold = make_group(make_consumer(username="anna"), name="gold")
    set_limits(gold)
    limit_plugin(consumer_group=gold)

    text = pages.get(f"{GOLD}/delete").text
    wrong = pages.post(f"{GOLD}/delete", {"name": "Gold"})
    kept = ConsumerGroup.objects.exists()
    right = pages.post(f"{GOLD}/delete", {"name": "gold"}, follow=True)

    assert "1 membership</b>; the consumers stay" in text
    assert "100 per minute, sliding" in text
    assert "1 plugin</b>" in text
    assert (wrong.status_code, kept) == (422, True)
    assert "Consumer group gold deleted." in right.text
    assert not Membership.objects.exists()
    assert not Override.objects.exists()
    assert not Plugin.objects.exists()
    assert Consumer.objects.get().username == "anna"


# Plugins, search, rights


def test_plugins_of_the_group_are_listed(pages: Client) -> None:
    gold = make_group(name="gold")
    limit_plugin(consumer_group=gold, instance_name="gold-limits", enabled=False)
    limit_plugin(instance_name="for-all")

    text = pages.get(f"{GOLD}/plugins").text

    assert "gold-limits" in text
    assert 'aria-checked="false"' in text
    assert "for-all" not in text


def test_the_search_page_finds_groups_beside_consumers(pages: Client) -> None:
    make_group(name="gold-tier")
    make_consumer(username="goldie")

    both = pages.get("/search?q=gold").text
    only = pages.get("/search?q=tier")

    assert "/consumer-groups/gold-tier" in both
    assert "/consumers/goldie" in both
    assert only.headers["Location"] == "/consumer-groups/gold-tier"


def test_the_pages_are_for_who_may(client: Client, django_user_model) -> None:
    make_group(make_consumer(username="anna"), name="gold")
    client.force_login(django_user_model.objects.create_user("guest"))

    for path in (*PATHS.values(), "/consumer-groups/create"):
        assert client.get(path).status_code == 403, path
    assert client.post(LIMITS, rows(("1", "1", "days"))).status_code == 403


# Queries

PATHS = {
    "list": "/consumer-groups",
    "search": "/consumer-groups?q=g&tag=eu&sort=-created",
    "configuration": GOLD,
    "edit": f"{GOLD}/edit",
    "delete": f"{GOLD}/delete",
    "consumers": f"{GOLD}/consumers",
    "add consumers": f"{GOLD}/consumers/add?q=consumer",
    "rate limiting": LIMITS,
    "plugins": f"{GOLD}/plugins",
    "activity": f"{GOLD}/activity",
    "groups of a consumer": "/consumers/anna/consumer-groups",
    "join": "/consumers/anna/consumer-groups/join",
}


@pytest.mark.parametrize("name", PATHS)
def test_a_page_costs_the_same_at_one_and_at_a_hundred_rows(
    pages: Client, name: str
) -> None:
    anna = make_consumer(username="anna")
    gold = make_group(anna, name="gold", tags=["eu"])
    set_limits(gold)
    limit_plugin(consumer_group=gold)
    make_consumer()
    make_group()
    at_one = count(lambda: pages.get(PATHS[name]))
    for _ in range(99):
        member = make_consumer()
        join([member], [gold])
        make_consumer()
        set_limits(make_group(anna, member, tags=["eu"]))
        make_group()

    # The total is asked for, and rows without a username looked for, only if need be.
    assert count(lambda: pages.get(PATHS[name])) <= at_one + 1 <= 12


def count(ask: Callable) -> int:
    ask()
    with CaptureQueriesContext(connection) as captured:
        assert ask().status_code == 200
    return len(captured)
