"""A super admin lets somebody in, who then sees and may do as much as was given."""

import re

import pytest
from playwright.sync_api import Page, expect

from browsing import sign_in, with_and_without_js
from servers import Server, ask

KEY = "a-secret-that-viewers-never-see"


@pytest.fixture(scope="module")
def guarded():
    """The product with an Admin API that asks for tokens."""
    with Server(ENFORCE_RBAC="on", WORKERS="1") as running:
        yield running


def make_viewer(page: Page, name: str) -> str:
    """Make a user who may read; return the password that is shown once."""
    page.get_by_role("navigation", name="Main").get_by_role(
        "link", name="Users"
    ).click()
    page.get_by_role("link", name="New User").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Every control plane").select_option("Viewer")
    page.get_by_role("button", name="Create").click()
    password = page.locator("#born-1").inner_text().strip()
    page.reload()
    expect(page.locator("#born-1")).to_have_count(0)
    return password


def make_token(page: Page, role: str, **limits: str) -> str:
    page.get_by_role("navigation", name="Main").get_by_role(
        "link", name="API tokens"
    ).click()
    page.get_by_role("link", name="New Token").first.click()
    page.get_by_label("Name").fill(f"{role} script")
    page.get_by_label(re.compile(f"^{role}")).check()
    page.get_by_label("Allowed addresses").fill(limits.get("addresses", ""))
    page.get_by_role("button", name="Create").click()
    return page.locator("#born-1").inner_text().strip()


@with_and_without_js
def test_a_viewer_and_their_token_read_and_no_more(
    browser, guarded: Server, has_js: bool
) -> None:
    context = browser.new_context(base_url=guarded.manager, java_script_enabled=has_js)
    page, name = context.new_page(), f"vera-{has_js}".lower()
    sign_in(page, guarded)
    admin = {"Kong-Admin-Token": make_token(page, "Admin")}
    consumers = f"{guarded.admin}/consumers"
    ask(f"{consumers}/anna", "PUT", json={}, headers=admin)
    ask(f"{consumers}/anna/key-auth", "POST", json={"key": KEY}, headers=admin)
    password = make_viewer(page, name)
    context.clear_cookies()

    page.goto("/account/sign-in")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/consumers/anna/credentials")
    expect(page.get_by_role("heading", level=1)).to_have_text("anna")
    expect(page.get_by_role("button", name=re.compile("Reveal"))).to_have_count(0)
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    assert KEY not in page.content()
    assert page.goto("/consumers/create").status == 403
    viewer = {"Kong-Admin-Token": make_token(page, "Admin")}
    context.close()

    read = ask(f"{consumers}/anna/key-auth", headers=viewer)
    assert read.status == 200
    assert read.json()["data"][0]["key"] == "a-se••••••••-see"
    refused = ask(consumers, "POST", json={"username": "x"}, headers=viewer)
    assert refused.status == 403
    assert refused.json()["message"].startswith(f"{name}, you do not have permissions")
    assert ask(consumers).status == 401


def test_a_token_from_the_wrong_address_is_refused(browser, guarded: Server) -> None:
    page = browser.new_page(base_url=guarded.manager)
    sign_in(page, guarded)

    text = make_token(page, "Viewer", addresses="192.0.2.0/24")
    page.close()

    headers = {"Kong-Admin-Token": text}
    there = {**headers, "X-Forwarded-For": "192.0.2.9"}
    assert ask(f"{guarded.admin}/consumers", headers=headers).status == 401
    assert ask(f"{guarded.admin}/consumers", headers=there).status == 200


def test_a_user_is_deleted_by_keyboard_after_typing_the_name(
    signed_in: Page, server: Server
) -> None:
    page = signed_in
    page.goto("/access/users/create")
    page.get_by_label("Username").focus()
    page.keyboard.type("leaver")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("leaver")

    page.get_by_role("link", name="Delete").focus()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Yes, delete")
    expect(button).to_be_disabled()
    page.locator("input[name=name]").focus()
    page.keyboard.type("leaver")
    page.keyboard.press("Enter")

    expect(page.get_by_text("User leaver deleted").first).to_be_visible()
    expect(page.get_by_role("link", name="Edit leaver")).to_have_count(0)


@pytest.mark.one_database
def test_a_mistake_keeps_what_was_typed_and_takes_the_focus(signed_in: Page) -> None:
    page = signed_in
    page.goto("/access/users/create")

    page.get_by_label("Username").fill("kong_admin")
    page.get_by_label("Choose one").check()
    page.get_by_label("New password").fill("123")
    page.get_by_role("button", name="Create").click()

    field = page.get_by_label("Username")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("kong_admin")
    expect(page.get_by_text("already exists").first).to_be_visible()
    expect(page.get_by_text("too short").first).to_be_visible()
