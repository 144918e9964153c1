"""The tab Rate Limiting of a consumer group, as a browser without JavaScript sees."""

import re

import pytest
from django.test import Client

from factories import (
    make_group,
)
from grouped import LIMITS, limit_plugin, rows, set_limits
from groups.models import Override


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
