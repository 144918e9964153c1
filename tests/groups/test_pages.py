"""The pages about consumer groups, as a browser without JavaScript meets them."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consumers.models import Consumer
from factories import (
    default_control_plane,
    make_consumer,
    make_control_plane,
    make_group,
)
from groups.models import ConsumerGroup, Membership, Override, join
from kongadmin.plugins.models import Plugin

GOLD = "/consumer-groups/gold"
LIMITS = f"{GOLD}/rate-limiting"
PER_MINUTE = {"limit": [100], "window_size": [60], "window_type": "sliding"}


@pytest.fixture
def pages(client: Client, admin_user) -> Client:
    """The Manager with an administrator signed in."""
    client.force_login(admin_user)
    return client


def set_limits(group: ConsumerGroup, **config) -> Override:
    config = PER_MINUTE | {"retry_after_jitter_max": 0} | config
    override = Override(scope_id=group.scope_id, consumer_group=group, config=config)
    override.save()
    return override


def limit_plugin(**fields) -> Plugin:
    config = fields.pop("config", {})
    plugin = Plugin(
        scope=default_control_plane(),
        name="rate-limiting-advanced",
        config={"limit": [5], "window_size": [60], "window_type": "sliding"} | config,
        **fields,
    )
    plugin.save()
    return plugin


def rows(*limits: tuple, **more) -> dict:
    """Return what the form of an override sends for rows of limit, amount and unit."""
    fields = {"window-TOTAL_FORMS": len(limits), "window-INITIAL_FORMS": 0}
    for number, (limit, amount, unit) in enumerate(limits):
        fields |= {
            f"window-{number}-limit": limit,
            f"window-{number}-amount": amount,
            f"window-{number}-unit": unit,
        }
    return fields | {"window_type": "sliding", "retry_after_jitter_max": "0"} | more


def members(group: ConsumerGroup) -> list[str]:
    return sorted(str(consumer) for consumer in group.members)


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


def link(text: str, name: str) -> str:
    found = re.search(rf'id="{name}"[^>]*href="\?([^"]+)"', text)
    return found[1].replace("&amp;", "&")


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


# Consumers


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


# Rate limiting


def test_limits_are_set_as_rows_and_said_in_words(pages: Client) -> None:
    gold = make_group(name="gold")
    fields = rows(("100", "1", "minutes"), ("1000", "2", "hours"))

    answer = pages.post(LIMITS, fields | {"retry_after_jitter_max": "5"}, follow=True)

    assert Override.objects.get(consumer_group=gold).config == {
        "limit": [100, 1000],
        "window_size": [60, 7200],
        "window_type": "sliding",
        "retry_after_jitter_max": 5,
    }
    assert "100 requests per minute and 1,000 per 2 hours, sliding" in answer.text
    assert "Limits of gold saved." in answer.text


def test_stored_limits_are_shown_as_rows(pages: Client) -> None:
    gold = make_group(name="gold")
    set_limits(gold, limit=[5, 7.5], window_size=[30, 86400], window_type="fixed")

    text = pages.get(LIMITS).text

    assert values(text) == [("5", "30", "seconds"), ("7.5", "1", "days")]
    assert re.search(r'value="fixed"[^>]* checked', text)


def values(text: str) -> list[tuple[str, str, str]]:
    """Return the rows of the form that a page shows."""
    found = []
    for number in range(len(re.findall(r'name="window-\d+-limit"', text))):
        row = [
            re.search(rf'name="window-{number}-{name}"(?: value="([^"]*)")?', text)[1]
            for name in ("limit", "amount")
        ]
        select = text.split(f'name="window-{number}-unit"')[1].split("</select>")[0]
        unit = re.search(r'value="(\w+)" selected', select)[1]
        found.append((row[0] or "", row[1] or "", unit))
    return found


def test_rows_come_and_go_without_javascript(pages: Client) -> None:
    make_group(name="gold")
    typed = rows(("1", "2", "hours"), ("3", "x", "days"), window_type="fixed")

    added = pages.post(LIMITS, typed | {"add_row": "1"}).text
    removed = pages.post(LIMITS, typed | {"remove_row": "0"}).text
    none = pages.post(LIMITS, rows(("1", "2", "hours")) | {"remove_row": "0"}).text

    assert values(added) == [
        ("1", "2", "hours"),
        ("3", "x", "days"),
        ("", "1", "minutes"),
    ]
    assert values(removed) == [("3", "x", "days")]
    assert re.search(r'value="fixed"[^>]* checked', removed)
    assert "aria-invalid" not in added + removed
    assert values(none) == [("", "1", "minutes")]
    assert not Override.objects.exists()


@pytest.mark.parametrize(
    ("row", "field", "text"),
    [
        (("", "1", "minutes"), "limit", "This field is required."),
        (("a lot", "1", "minutes"), "limit", "Enter a number."),
        (("NaN", "1", "minutes"), "limit", "Enter a number."),
        (("1", "", "minutes"), "amount", "This field is required."),
        (("1", "soon", "minutes"), "amount", "Enter a number."),
        (("1", "0", "days"), "amount", "Enter a number above 0."),
        (("1", "1", "years"), "unit", "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_in_its_row(
    pages: Client, row: tuple, field: str, text: str
) -> None:
    make_group(name="gold")

    answer = pages.post(LIMITS, rows(("1", "1", "minutes"), row))

    assert answer.status_code == 422
    fault = re.search(rf'id="id_window-1-{field}_error">([^<]+)<', answer.text)
    assert text in fault[1]
    assert f'href="#id_window-1-{field}">Row 2' in answer.text
    assert not Override.objects.exists()


def test_all_that_is_wrong_is_said_at_once(pages: Client) -> None:
    make_group(name="gold")
    fields = rows(("", "1", "minutes"), ("1", "", "hours"))

    answer = pages.post(LIMITS, fields | {"retry_after_jitter_max": "-1"})

    faults = re.findall(r'<li><a href="#(id_[^"]+)"', answer.text)
    jitter = "id_retry_after_jitter_max"
    assert faults == ["id_window-0-limit", "id_window-1-amount", jitter]


@pytest.mark.parametrize("fields", [{}, {"window-TOTAL_FORMS": "9999"}])
def test_a_form_that_is_none_is_refused(pages: Client, fields: dict) -> None:
    make_group(name="gold")

    answer = pages.post(LIMITS, fields)

    assert answer.status_code == 422
    assert not Override.objects.exists()


def test_nobody_overwrites_limits_they_have_not_seen(pages: Client) -> None:
    override = set_limits(make_group(name="gold"))
    seen = override.etag
    override.config = override.config | {"limit": [7]}
    override.save()
    typed = rows(("200", "1", "minutes"), version=seen)

    refused = pages.post(LIMITS, typed)
    kept = Override.objects.get().config["limit"]
    chosen = pages.post(LIMITS, typed | {"version": override.etag})

    assert (refused.status_code, kept) == (409, [7])
    assert "200 per minute, sliding" in refused.text
    assert "7 per minute, sliding" in refused.text
    assert chosen.status_code == 303
    assert Override.objects.get().config["limit"] == [200]


def test_limits_that_came_or_went_meanwhile_are_not_overwritten(pages: Client) -> None:
    gold = make_group(name="gold")
    override = set_limits(gold)

    came = pages.post(LIMITS, rows(("1", "1", "days"), version="new"))
    seen = override.etag
    override.delete()
    went = pages.post(LIMITS, rows(("1", "1", "days"), version=seen))

    assert came.status_code == went.status_code == 409
    assert "no override" in went.text
    assert not Override.objects.exists()


def test_deleting_limits_says_what_holds_then(pages: Client) -> None:
    set_limits(make_group(name="gold"))

    text = pages.get(f"{LIMITS}/delete").text
    answer = pages.post(f"{LIMITS}/delete", follow=True)

    assert "100 requests per minute, sliding" in text
    assert "No plugin heeds it" in text
    assert "Limits of gold deleted." in answer.text
    assert pages.get(f"{LIMITS}/delete").status_code == 404


ENFORCING = {"enforce_consumer_groups": True, "consumer_groups": ["gold"]}


@pytest.mark.parametrize(
    ("plugin", "text"),
    [
        (None, "No plugin <code>rate-limiting-advanced</code> is enabled"),
        ({"enabled": False}, "No plugin <code>rate-limiting-advanced</code>"),
        ({"config": {}}, "does not enforce an override"),
        (
            {"config": ENFORCING | {"consumer_groups": ["else"]}},
            "does not enforce an override",
        ),
        (
            {"config": ENFORCING | {"enforce_consumer_groups": False}},
            "does not enforce an override",
        ),
        ({"config": ENFORCING}, "on every request: <del>5 per minute, sliding</del>"),
    ],
)
def test_it_is_said_what_an_override_overrides(
    pages: Client, plugin: dict | None, text: str
) -> None:
    set_limits(make_group(name="gold"))
    if plugin is not None:
        limit_plugin(**plugin)

    assert text in pages.get(LIMITS).text


def test_a_plugin_of_the_group_comes_before_one_for_everybody(pages: Client) -> None:
    gold = make_group(name="gold")
    set_limits(gold)
    limit_plugin(config=ENFORCING)
    limit_plugin(consumer_group=gold)

    assert "of this group does not enforce an override" in pages.get(LIMITS).text


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
