"""A tier of consumers with limits of its own: by mouse, keyboard, without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from browsing import sign_in, violations, with_and_without_js
from servers import Server, ask


@pytest.fixture(scope="module", autouse=True)
def customers(server: Server) -> None:
    for name in ("tier-anna", "tier-berta", "tier-carla"):
        ask(f"{server.admin}/consumers/{name}", "PUT", json={})
    ask(f"{server.admin}/consumers", "POST", json={"custom_id": "TIER-ERP"})


def group_of(server: Server, name: str) -> dict:
    return ask(f"{server.admin}/consumer_groups/{name}").json()


def members(server: Server, name: str) -> list[str]:
    consumers = group_of(server, name).get("consumers", [])
    return sorted(c["username"] or c["custom_id"] for c in consumers)


def create_group(page: Page, name: str) -> None:
    nav = page.get_by_role("navigation", name="Main")
    nav.get_by_role("link", name="Consumer Groups").click()
    page.get_by_role("link", name="New Consumer Group").first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def tab(page: Page, name: str) -> None:
    page.locator(".tabs").get_by_role("link", name=name, exact=True).click()


def find(page: Page, text: str, has_js: bool) -> None:
    page.get_by_role("searchbox", name="Find consumers").fill(text)
    if not has_js:
        page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_role("group", name=f"Matching “{text}”")).to_be_visible()


def add_consumers(page: Page, name: str, has_js: bool) -> None:
    tab(page, "Consumers")
    page.get_by_role("link", name="Add consumers").click()
    find(page, "tier-ann", has_js)
    page.get_by_label("tier-anna").check()
    find(page, "TIER-ERP", has_js)
    expect(page.get_by_label("tier-anna")).to_be_checked()
    page.get_by_label("TIER-ERP").check()
    page.get_by_role("button", name=f"Add to {name}").click()


def set_limits(page: Page) -> None:
    tab(page, "Rate Limiting")
    first = page.get_by_role("group", name="Row 1")
    first.get_by_label("Limit").fill("100")
    page.get_by_role("button", name="Add a row").click()
    second = page.get_by_role("group", name="Row 2")
    second.get_by_label("Limit").fill("1000")
    second.get_by_label("Unit").select_option("hours")
    page.get_by_role("button", name="Set limits").click()
    expect(
        page.get_by_text("100 requests per minute and 1,000 per hour")
    ).to_be_visible()


@with_and_without_js
def test_a_tier_from_its_creation_to_its_end(
    new_page, server: Server, has_js: bool
) -> None:
    page = new_page(java_script_enabled=has_js)
    name = f"tier-{'js' if has_js else 'plain'}"
    sign_in(page, server)

    create_group(page, name)
    add_consumers(page, name, has_js)
    expect(page.get_by_role("row")).to_have_count(3)
    assert members(server, name) == ["TIER-ERP", "tier-anna"]

    set_limits(page)
    [override] = group_of(server, name)["plugins"]
    assert override["config"]["limit"] == [100, 1000]
    assert override["config"]["window_size"] == [60, 3600]

    page.goto("/consumers/tier-anna/consumer-groups")
    page.get_by_role("link", name=f"Leave {name}").click()
    page.get_by_role("button", name="Yes, remove").click()
    expect(page).to_have_url(re.compile("/consumers/tier-anna/consumer-groups$"))
    assert members(server, name) == ["TIER-ERP"]

    page.goto(f"/consumer-groups/{name}")
    page.get_by_role("link", name="Delete").first.click()
    expect(page.get_by_text("1 membership").first).to_be_visible()
    page.locator("input[name=name]").fill(name)
    page.get_by_role("button", name="Yes, delete").click()
    expect(page.get_by_text(f"Consumer group {name} deleted").first).to_be_visible()
    assert ask(f"{server.admin}/consumer_groups/{name}").status == 404
    assert ask(f"{server.admin}/consumers/tier-anna").status == 200


@pytest.mark.one_database
def test_the_rows_of_limits_by_keyboard_alone(
    signed_in: Page, server: Server, wait_for_htmx
) -> None:
    ask(f"{server.admin}/consumer_groups", "POST", json={"name": "tier-keys"})
    page = signed_in
    page.goto("/consumer-groups/tier-keys/rate-limiting")

    page.get_by_role("button", name="Add a row").focus()
    page.keyboard.press("Enter")
    expect(
        page.get_by_role("group", name="Row 2").get_by_label("Limit")
    ).to_be_focused()
    wait_for_htmx(page)
    page.get_by_role("button", name="Remove row 2").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Row 2")).to_have_count(0)
    expect(
        page.get_by_role("group", name="Row 1").get_by_label("Limit")
    ).to_be_focused()
    page.keyboard.type("30")
    page.keyboard.press("Enter")

    expect(page.get_by_text("30 requests per minute, sliding")).to_be_visible()


@pytest.mark.one_database
def test_a_dialog_gives_the_focus_back_and_is_accessible(
    signed_in: Page, server: Server
) -> None:
    groups = f"{server.admin}/consumer_groups"
    ask(groups, "POST", json={"name": "tier-dialog"})
    ask(f"{groups}/tier-dialog/consumers", "POST", json={"consumer": "tier-berta"})
    page = signed_in
    page.goto("/consumer-groups/tier-dialog/consumers")

    remove = page.get_by_role("link", name="Remove tier-berta")
    remove.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    faults = violations(page)
    page.keyboard.press("Escape")

    expect(remove).to_be_focused()
    assert not faults
    assert members(server, "tier-dialog") == ["tier-berta"]


@pytest.mark.one_database
def test_what_is_wrong_with_limits_takes_the_focus(
    signed_in: Page, server: Server
) -> None:
    ask(f"{server.admin}/consumer_groups", "POST", json={"name": "tier-wrong"})
    page = signed_in
    page.goto("/consumer-groups/tier-wrong/rate-limiting")

    page.get_by_role("button", name="Set limits").click()

    summary = page.get_by_role("group", name="Nothing was saved yet")
    expect(summary).to_be_focused()
    assert not violations(page)
    summary.get_by_role("link", name="Row 1 Limit").click()
    limit = page.get_by_role("group", name="Row 1").get_by_label("Limit")
    expect(limit).to_be_focused()
    expect(limit).to_have_attribute("aria-invalid", "true")


def test_who_joined_meanwhile_is_named_and_nobody_is_added(
    signed_in: Page, server: Server
) -> None:
    groups = f"{server.admin}/consumer_groups"
    ask(groups, "POST", json={"name": "tier-race"})
    page = signed_in
    page.goto("/consumer-groups/tier-race/consumers/add?q=tier-")
    for name in ("tier-anna", "tier-berta"):
        page.get_by_label(name).check()
    ask(f"{groups}/tier-race/consumers", "POST", json={"consumer": "tier-berta"})

    page.get_by_role("button", name="Add to tier-race").click()

    expect(page.get_by_text("tier-berta is in already")).to_be_visible()
    assert members(server, "tier-race") == ["tier-berta"]
    page.get_by_role("button", name="Add to tier-race").click()
    expect(page.get_by_text("tier-anna added to tier-race").first).to_be_visible()
