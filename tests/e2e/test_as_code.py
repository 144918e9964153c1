"""As code: live while one types, copied, remembered, and there without JavaScript."""

import re

import pytest
import yaml
from playwright.sync_api import Page, Request, expect

from browsing import sign_in, wait_for_htmx
from servers import Server, ask

pytestmark = pytest.mark.one_database

HOSTILE = 'o\'neill "$HOME" `id` \\ ${x} 日本'


@pytest.fixture(scope="module")
def consumer(server: Server) -> str:
    ask(f"{server.admin}/consumers", "POST", json={"username": "as-code"})
    return "as-code"


def choose(page: Page, language: str) -> None:
    page.locator(".languages label", has_text=language).first.click()


def test_every_language_follows_what_is_typed(signed_in: Page) -> None:
    page = signed_in
    page.goto("/consumers/create")

    page.get_by_label("Username").fill("alex")
    page.get_by_label("Custom ID").fill(HOSTILE)

    expect(page.locator("#code-curl")).to_contain_text("--data username=alex")
    expect(page.locator("#code-deck")).to_contain_text("username: alex")
    expect(page.locator("#code-kubectl")).to_contain_text("name: alex")
    expect(page.locator("#code-terraform")).to_contain_text('"alex"')
    expect(page.locator("#code-python")).to_contain_text('"username": "alex"')
    text = page.locator("#code-deck").text_content()
    assert yaml.safe_load(text)["consumers"] == [
        {"username": "alex", "custom_id": HOSTILE}
    ]


def test_a_secret_that_is_typed_stays_in_the_browser(
    signed_in: Page, consumer: str
) -> None:
    page, bodies = signed_in, []

    def note(request: Request) -> None:
        bodies.append(request.post_data or "")

    page.on("request", note)
    page.goto(f"/consumers/{consumer}/credentials/basic-auth/create")
    code, hcl = page.locator("#code-curl"), page.locator("#code-terraform")
    expect(code).to_contain_text('--data-urlencode username="$USERNAME"')

    page.get_by_label("Password", exact=True).fill("hush'hush")
    page.get_by_label("Username").fill("o'neill")

    expect(code).to_contain_text("""--data-urlencode 'username=o'"'"'neill'""")
    expect(code).to_contain_text('password="$PASSWORD"')
    page.get_by_label("With secrets").check()
    expect(code).to_contain_text("""password='hush'"'"'hush'""")
    expect(hcl).to_contain_text('= "hush\'hush"')
    page.get_by_label("Username").fill("someone")
    expect(code).to_contain_text("username=someone")
    expect(code).to_contain_text("""password='hush'"'"'hush'""")
    page.get_by_label("With secrets").uncheck()
    expect(code).to_contain_text('password="$PASSWORD"')
    assert any("username=someone" in body for body in bodies)
    assert not any("hush" in body for body in bodies)


def test_the_language_is_remembered_and_copied(new_page, session) -> None:
    page: Page = new_page(
        storage_state=session, permissions=["clipboard-read", "clipboard-write"]
    )
    page.goto("/consumer-groups/create")
    choose(page, "Terraform")
    page.get_by_label("Name").fill("gold")
    shown = page.locator("#code-terraform")
    expect(shown).to_contain_text('name = "gold"')
    expect(shown).to_be_visible()

    page.get_by_role("button", name="Copy Terraform").click()

    expect(page.get_by_role("status")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == shown.inner_text()
    page.goto("/realms/create")
    expect(page.get_by_role("radio", name="Terraform")).to_be_checked()
    page.get_by_label("Name").first.fill("prod")
    expect(page.locator("#code-terraform")).to_contain_text('name = "prod"')


def test_languages_are_chosen_by_keyboard(signed_in: Page) -> None:
    page = signed_in
    page.goto("/control-planes/create")

    page.get_by_role("radio", name="curl").focus()
    page.keyboard.press("ArrowRight")

    expect(page.get_by_role("radio", name="decK")).to_be_checked()
    expect(page.get_by_text("knows no such places")).to_be_visible()


def test_without_javascript_every_language_is_there(
    page_without_js: Page, server: Server, consumer: str
) -> None:
    page = page_without_js
    sign_in(page, server)

    page.goto(f"/consumers/{consumer}/edit")

    expect(page.locator("#code-curl")).to_be_visible()
    choose(page, "kubectl")
    expect(page.locator("#code-kubectl")).to_be_visible()
    expect(page.locator("#code-kubectl")).to_contain_text("kind: KongConsumer")
    expect(page.locator("#code-curl")).to_be_hidden()
    expect(page.get_by_label("With secrets")).to_have_count(0)


def test_a_dialog_tells_how_it_is_deleted_by_code(
    signed_in: Page, consumer: str
) -> None:
    page = signed_in
    page.goto(f"/consumers/{consumer}")

    page.get_by_role("link", name="Delete").click()
    wait_for_htmx(page)
    dialog = page.get_by_role("dialog")
    dialog.locator("summary").click()

    expect(dialog.get_by_role("region", name="curl")).to_contain_text("-X DELETE")


def test_a_list_opens_its_code_in_a_dialog(signed_in: Page, consumer: str) -> None:
    page = signed_in
    page.goto("/consumers")

    page.get_by_role("link", name="As code").click()

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("region", name="curl")).to_contain_text("/consumers")
    dialog.get_by_role("link", name="Close").click()
    expect(page).to_have_url(re.compile("/consumers$"))
