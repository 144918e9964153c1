"""A key is seen once where it is born, and later only by those who ask."""

import re

from playwright.sync_api import Page, expect

from servers import Server, ask


def test_a_new_key_is_shown_once(signed_in: Page, server: Server) -> None:
    ask(f"{server.admin}/consumers", "POST", json={"username": "once"})
    page = signed_in
    page.goto("/consumers/once/credentials/key-auth/create")

    page.get_by_role("button", name="Create", exact=True).click()

    key = ask(f"{server.admin}/consumers/once/key-auth").json()["data"][0]["key"]
    expect(page.get_by_text("Key created")).to_be_visible()
    expect(page.get_by_text(key)).to_be_visible()
    page.reload()
    assert key not in page.content()
    expect(page.get_by_text(key[:4] + "•").first).to_be_visible()


def test_revealing_a_key_is_deliberate_and_written_down(
    signed_in: Page, server: Server
) -> None:
    key = "a-long-enough-secret-key-1"
    ask(f"{server.admin}/consumers", "POST", json={"username": "curious"})
    ask(f"{server.admin}/consumers/curious/key-auth", "POST", json={"key": key})
    page = signed_in
    page.goto("/consumers/curious/credentials")
    assert key not in page.content()

    page.get_by_role("button", name=re.compile("Reveal")).first.click()

    expect(page.get_by_text(key).first).to_be_visible()
    page.goto("/consumers/curious/activity")
    expect(page.get_by_text(re.compile("reveal", re.I)).first).to_be_visible()
    assert key not in page.content()


def test_an_own_key_never_comes_back_in_a_refused_form(
    signed_in: Page, server: Server
) -> None:
    ask(f"{server.admin}/consumers", "POST", json={"username": "echo"})
    ask(f"{server.admin}/consumers/echo/key-auth", "POST", json={"key": "taken-key-7"})
    page = signed_in
    page.goto("/consumers/echo/credentials/key-auth/create")

    page.get_by_label("Use my own").check()
    page.get_by_label("Own key").fill("taken-key-7")
    page.get_by_role("button", name="Create", exact=True).click()

    expect(page.get_by_text("echo has this already").first).to_be_visible()
    assert "taken-key-7" not in page.content()
