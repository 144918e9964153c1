"""Finding one among many: by a part, by a tag, by id, by a pasted key, by paging."""

import re

import pytest
from playwright.sync_api import Page, expect

from servers import Server, ask


@pytest.fixture(scope="session")
def crowd(server: Server) -> str:
    """Seventy consumers; returns the prefix of their names."""
    for number in range(70):
        body = {"username": f"crowd-{number:03}", "custom_id": f"C{200 - number}"}
        if number % 10 == 0:
            body["tags"] = ["crowd tenth"]
        assert ask(f"{server.admin}/consumers", "POST", json=body).status == 201
    key = {"key": "a-key-that-somebody-pastes-42"}
    url = f"{server.admin}/consumers/crowd-042/key-auth"
    assert ask(url, "POST", json=key).status == 201
    return "crowd-"


def names(page: Page) -> list[str]:
    cells = page.get_by_role("row").get_by_role("link", name=re.compile("^crowd-"))
    return [text for text in cells.all_inner_texts() if text.startswith("crowd-")]


def test_a_part_of_a_name_is_enough_and_the_address_can_be_shared(
    signed_in: Page, crowd: str, wait_for_htmx
) -> None:
    page = signed_in
    page.goto("/consumers")

    page.get_by_role("searchbox", name="Find consumers").fill("OWD-04")
    expect(page.get_by_role("link", name="crowd-042", exact=True)).to_be_visible()
    wait_for_htmx(page)

    expect(page).to_have_url(re.compile("q=OWD-04"))
    assert len(names(page)) == 10
    page.reload()
    assert len(names(page)) == 10


def test_a_pasted_key_finds_its_consumer_and_lands_in_no_address(
    signed_in: Page, crowd: str
) -> None:
    page, addresses = signed_in, []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto("/consumers")

    page.get_by_role("searchbox", name="Find consumers").fill(
        "a-key-that-somebody-pastes-42"
    )
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/consumers/crowd-042/credentials"))
    assert not [url for url in addresses if "somebody-pastes" in url]


def test_paging_forth_and_back_keeps_place_and_order(
    signed_in: Page, crowd: str, wait_for_htmx
) -> None:
    page = signed_in
    page.goto("/consumers?q=crowd-&sort=-username")
    first = names(page)

    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="crowd-039", exact=True)).to_be_visible()
    wait_for_htmx(page)
    second = names(page)
    page.go_back()
    expect(page.get_by_role("link", name="crowd-069", exact=True)).to_be_visible()

    assert first == [f"crowd-{n:03}" for n in range(69, 39, -1)]
    assert second == [f"crowd-{n:03}" for n in range(39, 9, -1)]
    assert names(page) == first


def test_a_tag_narrows_and_can_be_taken_away(signed_in: Page, crowd: str) -> None:
    page = signed_in
    page.goto("/consumers?q=crowd-")

    page.get_by_role("link", name="crowd tenth").first.click()

    expect(page).to_have_url(re.compile("tag=crowd"))
    expect(page.get_by_role("link", name="crowd-060", exact=True)).to_be_visible()
    assert len(names(page)) == 7


@pytest.mark.one_database
def test_the_slash_reaches_the_search_and_the_only_hit_opens(
    signed_in: Page, crowd: str
) -> None:
    page = signed_in
    page.goto("/")

    page.keyboard.press("/")
    page.keyboard.type("crowd-017")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("crowd-017")


def test_no_match_names_what_was_looked_for(signed_in: Page, crowd: str) -> None:
    signed_in.goto("/consumers?q=nobody-at-all")

    expect(signed_in.get_by_text("nobody-at-all").first).to_be_visible()
    expect(signed_in.get_by_role("link", name="Clear").first).to_be_visible()
