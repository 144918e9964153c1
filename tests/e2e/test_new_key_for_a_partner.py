"""The path of Kong Manager's own documents: a consumer, its key, by any means."""

import re

from playwright.sync_api import Page, expect

from browsing import sign_in, with_and_without_js
from servers import Server, ask


def create_consumer(page: Page, name: str) -> None:
    nav = page.get_by_role("navigation", name="Main")
    nav.get_by_role("link", name="Consumers").click()
    page.get_by_role("link", name="New Consumer").first.click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Custom ID").fill(name)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def create_key(page: Page, key: str) -> None:
    page.get_by_role("link", name="Credentials", exact=True).click()
    page.get_by_role("link", name="New Key Auth Credential").first.click()
    page.get_by_label("Use my own").check()
    page.get_by_label("Own key").fill(key)
    page.get_by_role("button", name="Create", exact=True).click()


def key_id(server: Server, consumer: str) -> str:
    found = ask(f"{server.admin}/consumers/{consumer}/key-auth").json()["data"]
    assert len(found) == 1
    return found[0]["id"]


@with_and_without_js
def test_the_documented_path(new_page, server: Server, has_js: bool) -> None:
    page = new_page(java_script_enabled=has_js)
    name = f"partner-{'js' if has_js else 'plain'}"
    sign_in(page, server)

    create_consumer(page, name)
    page.goto(f"/consumers?q={name}")
    page.get_by_role("link", name=name, exact=True).first.click()
    create_key(page, f"apikey-of-{name}")

    expect(page).to_have_url(re.compile(rf"/consumers/{name}/credentials$"))
    expect(page.get_by_text(key_id(server, name)[:8])).not_to_have_count(0)
    answer = ask(server.proxy, headers={"apikey": f"apikey-of-{name}"})
    assert answer.status == 200
    assert answer.headers["X-Consumer-Username"] == name


def test_the_path_by_keyboard_alone(signed_in: Page, server: Server) -> None:
    page = signed_in
    page.goto("/consumers/create")

    page.get_by_label("Username").focus()
    page.keyboard.type("keyboard-partner")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("keyboard-partner")
    page.goto("/consumers/keyboard-partner/credentials/key-auth/create")
    page.get_by_label("Generate one").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Create", exact=True).focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Key created")).to_be_visible()
    assert key_id(server, "keyboard-partner")
