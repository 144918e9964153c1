"""Getting in, getting out, and not getting in by guessing."""

import re

from playwright.sync_api import Page, expect

from browsing import sign_in
from servers import Server, ask


def test_pages_lead_to_sign_in_and_back(page: Page, server: Server) -> None:
    page.goto("/consumers?q=x")
    expect(page).to_have_url(re.compile("/account/sign-in"))

    page.get_by_label("Username").fill("kong_admin")
    page.get_by_label("Password", exact=True).fill(server.password)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(re.compile(r"/consumers\?q=x$"))


def test_signing_out_ends_the_session(page: Page, server: Server) -> None:
    sign_in(page, server)

    page.get_by_text("kong_admin").first.click()
    page.get_by_role("button", name="Sign out").first.click()

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto("/consumers")
    expect(page).to_have_url(re.compile("/account/sign-in"))


def test_guessing_is_slowed_down(page: Page) -> None:
    page.goto("/account/sign-in")

    for _ in range(6):
        page.get_by_label("Username").fill("guessed-at")
        page.get_by_label("Password", exact=True).fill("wrong")
        with page.expect_response(re.compile("sign-in")) as answered:
            page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()

    assert answered.value.status == 429
    expect(page.get_by_text(re.compile("minutes?")).first).to_be_visible()


def test_a_token_made_here_opens_the_admin_api(signed_in: Page, server: Server) -> None:
    page = signed_in
    page.goto("/account/tokens/create")

    page.get_by_label("Name").fill("pipeline")
    page.get_by_role("button", name="Create").click()

    text = page.get_by_text(re.compile("^kpat_")).first
    expect(text).to_be_visible()
    answer = ask(
        f"{server.admin}/consumers?size=1",
        headers={"Kong-Admin-Token": text.inner_text().strip()},
    )
    assert answer.status == 200
    page.reload()
    expect(page.get_by_text("pipeline").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^kpat_[\w-]{20,}$"))).to_have_count(0)
