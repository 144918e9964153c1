"""Pasting a client's command and reading why it is refused."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, StorageState, expect

from browsing import violations
from servers import Server, ask

pytestmark = pytest.mark.one_database

KEY = "a-key-that-is-tried-on-a-page"


@pytest.fixture
def prepared(server: Server) -> None:
    ask(f"{server.admin}/consumers", "POST", json={"username": "trier"})
    ask(f"{server.admin}/consumers/trier/key-auth", "POST", json={"key": KEY})
    ask(f"{server.admin}/plugins", "POST", json={"name": "key-auth"})
    config = {"hour": 500, "policy": "local"}
    limit = {"name": "rate-limiting", "config": config}
    ask(f"{server.admin}/consumers/trier/plugins", "POST", json=limit)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_a_pasted_command_is_told_step_by_step(
    new_page: Callable[..., Page],
    session: StorageState,
    prepared: None,
    scheme: str,
    width: int,
) -> None:
    page = new_page(
        storage_state=session,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    page.goto("/try-a-request")

    page.get_by_label("curl command").fill(f"curl -H 'apikey: {KEY}' localhost:8000/x")
    page.get_by_role("button", name="Try it").click()

    result = page.locator("#result")
    expect(result).to_contain_text("the request of consumer trier is passed on")
    assert KEY not in result.inner_text()
    assert page.url.endswith("/try-a-request")
    assert not violations(page)


def test_it_works_without_javascript(
    new_page: Callable[..., Page], session: StorageState, prepared: None
) -> None:
    page = new_page(storage_state=session, java_script_enabled=False)
    page.goto("/try-a-request")

    page.get_by_label("curl command").fill("curl -H 'apikey: wrong' localhost:8000/x")
    page.get_by_role("button", name="Try it").click()

    expect(page.locator("#result")).to_contain_text("Refused by key-auth with 401")
    expect(page.get_by_label("curl command")).to_have_value("")
