"""Plugins by a person's hand: added, changed, switched and deleted."""

import re

import pytest
from playwright.sync_api import Page, expect

from browsing import sign_in, wait_for_htmx, with_and_without_js
from servers import Server, ask


def make_consumer(server: Server, name: str) -> None:
    answer = ask(f"{server.admin}/consumers", "POST", json={"username": name})
    assert answer.status == 201


def add_plugin(server: Server, path: str, name: str, **config) -> str:
    body = {"name": name, "config": config}
    answer = ask(f"{server.admin}{path}/plugins", "POST", json=body)
    assert answer.status == 201, answer.text
    return answer.json()["id"]


def plugins_of(server: Server, name: str) -> list[dict]:
    return ask(f"{server.admin}/consumers/{name}/plugins").json()["data"]


@with_and_without_js
def test_a_consumer_gets_limits_which_are_changed_paused_and_taken_away(
    new_page, server: Server, has_js: bool
) -> None:
    page: Page = new_page(java_script_enabled=has_js)
    name = f"limited-{'js' if has_js else 'plain'}"
    make_consumer(server, name)
    sign_in(page, server)
    page.goto(f"/consumers/{name}")

    page.get_by_role("navigation", name="Consumer").get_by_text("Plugins").click()
    page.get_by_role("link", name="Add plugin").click()
    page.get_by_role("link", name="Rate Limiting", exact=True).click()
    page.get_by_label("Minute").fill("5")
    page.get_by_role("button", name="Create", exact=True).click()

    expect(page).to_have_url(re.compile(f"/consumers/{name}/plugins$"))
    expect(page.get_by_text("5 requests per minute").first).to_be_visible()
    [plugin] = plugins_of(server, name)
    assert plugin["config"]["minute"] == 5

    page.get_by_role("link", name=re.compile("^Edit rate-limiting")).click()
    page.get_by_label("Hour").fill("100")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("and 100 per hour").first).to_be_visible()

    page.get_by_role("switch").click()
    expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    assert plugins_of(server, name)[0]["enabled"] is False
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    assert plugins_of(server, name)[0]["enabled"] is True

    page.get_by_role("link", name="Delete").first.click()
    expect(page.get_by_text("there is no limit")).to_be_visible()
    page.get_by_role("button", name="Yes, delete").click()
    expect(page.get_by_text("No plugin of its own")).to_be_visible()
    assert plugins_of(server, name) == []


@pytest.mark.one_database
def test_the_words_and_the_code_follow_what_is_typed(signed_in: Page) -> None:
    page = signed_in
    page.goto("/plugins/rate-limiting/create")

    page.get_by_label("Minute").press_sequentially("7")

    expect(page.get_by_text("7 requests per minute")).to_be_visible()
    expect(page.locator("#code-curl")).to_contain_text("config.minute=7")


@pytest.mark.one_database
def test_the_words_follow_a_row_that_is_removed(signed_in: Page) -> None:
    page = signed_in
    page.goto("/plugins/rate-limiting-advanced/create")
    page.get_by_label("Limit", exact=True).fill("7")
    page.get_by_label("Window size", exact=True).fill("60")
    page.get_by_role("button", name="Add a row").click()
    second = page.get_by_role("group", name="Row 2")
    second.get_by_label("Limit").fill("90")
    second.get_by_label("Window size").fill("3600")
    expect(page.get_by_text("7 requests per minute and 90 per hour")).to_be_visible()

    page.get_by_role("button", name="Remove row 1").click()

    expect(page.get_by_text("90 requests per hour")).to_be_visible()


@pytest.mark.one_database
@with_and_without_js
def test_rows_are_added_and_removed(new_page, server: Server, has_js: bool) -> None:
    page: Page = new_page(java_script_enabled=has_js)
    sign_in(page, server)
    page.goto("/plugins/response-ratelimiting/create")
    rows = page.locator("fieldset.row")
    expect(rows).to_have_count(1)

    page.get_by_label("Name required").fill("video")
    page.get_by_role("button", name="Add to Limits").click()
    expect(rows).to_have_count(2)
    expect(page.get_by_label("Name required").first).to_have_value("video")
    page.get_by_role("button", name="Remove Limits 1").click()

    expect(rows).to_have_count(1)
    expect(page.get_by_label("Name required")).to_have_value("")
    expect(page.get_by_text("Nothing was saved yet")).to_have_count(0)


def test_enter_in_a_field_saves(signed_in: Page, server: Server) -> None:
    make_consumer(server, "by-enter")
    page = signed_in
    page.goto("/plugins/response-ratelimiting/create?consumer=by-enter")

    page.get_by_label("Name required").fill("video")
    page.get_by_label("Minute").fill("5")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/consumers/by-enter/plugins$"))
    expect(page.get_by_text("video: 5 per minute")).to_be_visible()


def test_a_consumer_is_suggested_by_the_server(signed_in: Page, server: Server) -> None:
    make_consumer(server, "suggested-one")
    page = signed_in
    page.goto("/plugins/rate-limiting/create")

    page.get_by_label("One consumer", exact=True).check()
    page.get_by_label("Consumer", exact=True).press_sequentially("suggested")
    wait_for_htmx(page)

    option = page.locator("#consumer-names option")
    expect(option).to_have_attribute("value", "suggested-one")


@pytest.mark.one_database
def test_mistakes_are_said_at_their_fields_and_on_top(
    signed_in: Page, server: Server
) -> None:
    page = signed_in
    page.goto("/plugins/rate-limiting/create")
    page.get_by_label("Minute").fill("many")
    page.get_by_text("More settings").click()
    page.get_by_label("Port").fill("70000")

    page.get_by_role("button", name="Create", exact=True).click()

    minute = page.get_by_label("Minute")
    expect(minute).to_have_attribute("aria-invalid", "true")
    expect(minute).to_have_value("many")
    expect(page.get_by_label("Port")).to_be_visible()
    expect(page.get_by_role("group", name="Nothing was saved yet")).to_be_focused()


def test_the_same_plugin_twice_leads_to_the_first(
    signed_in: Page, server: Server
) -> None:
    make_consumer(server, "has-one")
    first = add_plugin(server, "/consumers/has-one", "rate-limiting", minute=1)
    page = signed_in
    page.goto("/plugins/rate-limiting/create?consumer=has-one")

    page.get_by_label("Minute").fill("2")
    page.get_by_role("button", name="Create", exact=True).click()

    text = "Rate Limiting applies to consumer has-one already."
    expect(page.get_by_text(text)).to_be_visible()
    page.get_by_role("link", name="Open rate-limiting").click()
    expect(page).to_have_url(re.compile(f"/plugins/{first}$"))


def test_nobody_overwrites_a_plugin_they_have_not_seen(
    signed_in: Page, server: Server
) -> None:
    make_consumer(server, "edited-by-two")
    id_ = add_plugin(server, "/consumers/edited-by-two", "rate-limiting", minute=1)
    url = f"{server.admin}/plugins/{id_}"
    page = signed_in
    page.goto(f"/plugins/{id_}/edit")
    ask(url, "PATCH", json={"config": {"minute": 33}})

    page.get_by_label("Minute").fill("2")
    page.get_by_role("button", name="Save", exact=True).last.click()

    expect(page.get_by_text("Somebody changed this")).to_be_visible()
    expect(page.get_by_role("cell", name="33")).to_be_visible()
    assert ask(url).json()["config"]["minute"] == 33
    page.get_by_role("button", name="Save over it").click()
    expect(page.get_by_text("2 requests per minute").first).to_be_visible()


def test_a_stored_secret_is_on_no_page(signed_in: Page, server: Server) -> None:
    make_consumer(server, "with-redis")
    secret = "kept-from-every-page"
    redis = {"host": "redis", "password": secret}
    id_ = add_plugin(
        server, "/consumers/with-redis", "rate-limiting", minute=1, redis=redis
    )

    for path in ("", "/edit", "/delete"):
        page = signed_in.request.get(f"/plugins/{id_}{path}")
        assert page.status == 200
        assert secret not in page.text()
    assert secret not in signed_in.request.get("/activity").text()


def test_plugins_are_found_by_name_and_by_whom_they_apply_to(
    signed_in: Page, server: Server
) -> None:
    make_consumer(server, "found-by-scope")
    add_plugin(server, "/consumers/found-by-scope", "request-termination")
    page = signed_in
    page.goto("/plugins")

    page.get_by_label("Find plugins").press_sequentially("termin")
    expect(page.get_by_role("row").filter(has_text="key-auth")).to_have_count(0)
    page.get_by_role("link", name="Consumers", exact=True).last.click()

    row = page.get_by_role("row").filter(has_text="found-by-scope")
    expect(row).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=termin.*scope=consumer|scope=consumer.*q="))
