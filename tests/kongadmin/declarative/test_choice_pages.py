"""What of a plan is taken, as a browser without JavaScript ticks it."""

import re

from django.test import Client

from bringing import DECK, apply, boxes, bring, many
from consumers.models import Consumer, KeyAuth
from kongadmin.declarative import listing


def test_ticks_survive_paging_and_filters(pages: Client, monkeypatch) -> None:
    monkeypatch.setattr(listing, "SIZE", 10)
    page = bring(pages, many(25))
    first = boxes(pages.get(page).text)
    left_out = first[1:3]  # the first is the group's own

    there = pages.post(
        f"{page}/choose",
        {
            "shown": first,
            "take": [name for name in first if name not in left_out],
            "go": "after=1.0.10",
        },
    )["Location"]
    second = pages.get(there).text

    assert "after=1.0.10" in there
    assert "<b>23</b> of 25 steps taken" in second
    assert "user-010" in second
    assert "user-009" not in second
    back = re.search(r'value="(before=[^"]+)"', second)[1]
    assert boxes(pages.get(f"{page}?{back}").text) == first

    filtered = pages.post(f"{page}/choose", {"q": "user-00"})["Location"]
    text = pages.get(filtered).text
    assert "10 shown" in text
    assert text.count("checked") == 1 + 8

    apply(pages, page, shown=boxes(text), take=[boxes(text)[0], *boxes(text)[2:]])

    assert Consumer.objects.count() == 24
    assert not Consumer.objects.filter(username="user-000").exists()


def test_a_whole_group_is_left_out_by_one_tick(pages: Client) -> None:
    page = bring(pages, DECK)
    keys = "keyauth_credentials.create"

    pages.post(f"{page}/choose", {"shown": [keys], "take": []})

    assert "<b>2</b> of 3 steps taken" in pages.get(page).text
    apply(pages, page)
    assert Consumer.objects.count() == 2
    assert not KeyAuth.objects.exists()


def test_what_hangs_on_something_left_out_is_left_out_with_it(pages: Client) -> None:
    page = bring(pages, DECK)
    box = next(b for b in boxes(pages.get(page).text) if b == "consumers.create.1")

    apply(pages, page, shown=[box])

    assert Consumer.objects.get().username == "bert"
    assert not KeyAuth.objects.exists()


def test_nothing_taken_is_nothing_to_apply(pages: Client) -> None:
    page = bring(pages, DECK)
    shown = ["consumers.create", "keyauth_credentials.create"]

    answer = pages.post(f"{page}/apply", {"shown": shown})

    assert answer.status_code == 422
    assert "Nothing is left to apply" in answer.text


def test_a_tick_answers_with_what_is_taken_now(pages: Client) -> None:
    page = bring(pages, DECK)
    htmx = {"HX-Request": "true"}
    shown = boxes(pages.get(page).text)

    one = pages.post(
        f"{page}/choose", {"shown": shown, "take": shown[:-1]}, headers=htmx
    )
    group = pages.post(f"{page}/choose", {"shown": shown[:1]}, headers=htmx)

    assert "<b>2</b> of 3 steps taken" in one.text
    assert 'id="steps"' not in one.text
    assert group["HX-Retarget"] == "#plan"
    assert 'id="steps"' in group.text
