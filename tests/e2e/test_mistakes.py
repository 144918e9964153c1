"""What happens when a person errs, or two work at once."""

import re

import pytest
from playwright.sync_api import Page, expect

from servers import Server, ask


def test_a_taken_name_is_explained_at_the_field_with_a_way_to_its_holder(
    signed_in: Page, server: Server
) -> None:
    ask(f"{server.admin}/consumers", "POST", json={"username": "holder"})
    page = signed_in
    page.goto("/consumers/create")

    page.get_by_label("Username").fill("holder")
    page.get_by_role("button", name="Create", exact=True).click()

    field = page.get_by_label("Username")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("holder")
    expect(page.get_by_text("holder has this already").first).to_be_visible()
    page.get_by_role("link", name=re.compile("View")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("holder")


def test_a_consumer_without_any_name_is_refused_in_words(signed_in: Page) -> None:
    signed_in.goto("/consumers/create")

    signed_in.get_by_role("button", name="Create", exact=True).click()

    text = "Give a username, a custom ID, or both."
    expect(signed_in.get_by_text(text).first).to_be_visible()


def test_nobody_overwrites_what_they_have_not_seen(
    signed_in: Page, server: Server
) -> None:
    url = f"{server.admin}/consumers/edited-twice"
    assert ask(url, "PUT", json={"custom_id": "first"}).status == 200
    page = signed_in
    page.goto("/consumers/edited-twice/edit")
    ask(url, "PATCH", json={"custom_id": "meanwhile"})

    page.get_by_label("Custom ID").fill("mine")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("meanwhile").first).to_be_visible()
    assert ask(url).json()["custom_id"] == "meanwhile"


def test_deleting_asks_for_the_name_and_says_what_stops_working(
    signed_in: Page, server: Server
) -> None:
    ask(f"{server.admin}/consumers", "POST", json={"username": "leaving"})
    ask(f"{server.admin}/consumers/leaving/key-auth", "POST", json={"key": "bye-bye"})
    page = signed_in
    page.goto("/consumers/leaving")

    page.get_by_role("link", name="Delete").first.click()
    expect(page.get_by_text(re.compile("1 key")).first).to_be_visible()
    button = page.get_by_role("button", name="Yes, delete")
    expect(button).to_be_disabled()
    page.locator("input[name=name]").fill("leaving")
    button.click()

    expect(page.get_by_text("Consumer leaving deleted").first).to_be_visible()
    assert ask(f"{server.admin}/consumers/leaving").status == 404
    assert ask(server.proxy, headers={"apikey": "bye-bye"}).status == 401


@pytest.mark.one_database
def test_a_missing_consumer_is_a_page_with_status_404(signed_in: Page) -> None:
    response = signed_in.request.get("/consumers/not-there")

    assert response.status == 404
    assert "not-there" in response.text()
