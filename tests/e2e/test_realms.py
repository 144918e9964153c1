"""Realms by a person's hand: from a new realm to a key, and the order of sources."""

import re

import pytest
from playwright.sync_api import Page, expect

from browsing import sign_in, wait_for_htmx, with_and_without_js
from servers import Server, ask

SOURCES = "config.identity_realms"


def make_realm(server: Server, name: str) -> str:
    body = {"name": name, "allow_all_control_planes": True}
    answer = ask(f"{server.admin}/v1/realms", "POST", json=body)
    assert answer.status == 201, answer.text
    return answer.json()["id"]


def add_key_auth(server: Server, plane: str, *realms: str) -> str:
    """Make a control plane whose key-auth asks realms, then itself; return its id."""
    body = {"name": plane}
    made = ask(f"{server.admin}/workspaces", "POST", json=body)
    assert made.status == 201, made.text
    found = [{"scope": "realm", "id": realm} for realm in realms]
    config = {"identity_realms": [*found, {"scope": "cp"}]}
    body = {"name": "key-auth", "config": config}
    answer = ask(f"{server.admin}/{plane}/plugins", "POST", json=body)
    assert answer.status == 201, answer.text
    return answer.json()["id"]


def sources_of(server: Server, plane: str, plugin: str) -> list[str]:
    answer = ask(f"{server.admin}/{plane}/plugins/{plugin}").json()
    found = answer["config"]["identity_realms"]
    return [source["id"] or source["scope"] for source in found]


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("saved.").first).to_be_attached()


@with_and_without_js
def test_a_realm_gets_a_consumer_with_a_new_key(
    new_page, server: Server, has_js: bool
) -> None:
    page: Page = new_page(java_script_enabled=has_js)
    name = f"made-{'js' if has_js else 'plain'}"
    sign_in(page, server)

    page.goto("/realms")
    page.get_by_role("link", name="New Realm").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("default", exact=True).check()
    page.get_by_label("Name 1").fill("gold")
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("link", name="New Consumer").first.click()
    page.get_by_label("Username").fill("anna")
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("navigation", name="Consumer").get_by_text("Credentials").click()
    page.get_by_role("link", name="New Key Auth Credential").click()
    page.get_by_role("button", name="Create", exact=True).click()

    expect(page).to_have_url(re.compile(f"/realms/{name}/consumers/anna/credentials$"))
    secret = page.locator("#born-1").inner_text()
    assert re.fullmatch(r"kcc_\w{8}_\w{40}", secret)
    page.reload()
    expect(page.get_by_text(secret)).to_have_count(0)


@pytest.mark.one_database
@with_and_without_js
def test_sources_are_sorted_by_keyboard(new_page, server: Server, has_js: bool) -> None:
    page: Page = new_page(java_script_enabled=has_js)
    plane = f"keys-{'js' if has_js else 'plain'}"
    realm = make_realm(server, f"{plane}-realm")
    plugin = add_key_auth(server, plane, realm)
    sign_in(page, server)
    page.goto(f"/@{plane}/plugins/{plugin}/edit")

    page.get_by_role("button", name="Move this control plane up").focus()
    page.keyboard.press("Enter")

    then = f"First this control plane is asked, then realm {plane}-realm; the first"
    expect(page.locator("[data-order]")).to_contain_text(then)
    if has_js:
        down = page.get_by_role("button", name="Move this control plane down")
        expect(down).to_be_focused()
        expect(page.locator("#status")).to_contain_text(then)
    save(page)
    assert sources_of(server, plane, plugin) == ["cp", realm]


@pytest.mark.one_database
def test_sources_are_sorted_by_dragging(signed_in: Page, server: Server) -> None:
    page, plane = signed_in, "drags"
    first, second = make_realm(server, "drag-a"), make_realm(server, "drag-b")
    plugin = add_key_auth(server, plane, first, second)
    page.goto(f"/@{plane}/plugins/{plugin}/edit")
    lines = page.locator("[data-sortable] > li")

    lines.nth(2).drag_to(lines.nth(0), source_position={"x": 12, "y": 12})
    wait_for_htmx(page)

    expect(page.locator("[data-order]")).to_contain_text(
        "First this control plane is asked, then realm drag-a, then realm drag-b"
    )
    save(page)
    assert sources_of(server, plane, plugin) == ["cp", first, second]


def test_deleting_a_realm_asks_for_its_name(signed_in: Page, server: Server) -> None:
    page = signed_in
    make_realm(server, "to-go")
    page.goto("/realms/to-go/consumers")

    page.get_by_role("link", name="Delete").click()
    confirm = page.get_by_role("button", name="Yes, delete")
    expect(confirm).to_be_disabled()
    page.get_by_label("Type “to-go”").fill("to-go")
    confirm.click()

    expect(page).to_have_url(re.compile("/realms$"))
    expect(page.get_by_text("Realm to-go deleted.").first).to_be_attached()
