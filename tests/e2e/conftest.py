"""A real Chromium on the real Manager; a page that complains fails its test."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

import browsing
from servers import Server

NewPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if reason := browsing.missing():
        pytest.skip(reason)
    # Playwright keeps a loop running in this thread, which Django would object to.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=10_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browsing.CHROMIUM, args=browsing.FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def session(browser: Browser, server: Server) -> StorageState:
    """The cookies of kong_admin, who signs in once."""
    context = browser.new_context(base_url=server.manager)
    browsing.sign_in(context.new_page(), server)
    cookies = context.storage_state()
    context.close()
    return cookies


@pytest.fixture
def new_page(browser: Browser, server: Server) -> Iterator[NewPage]:
    """Opens tabs, each a browser of its own; takes Playwright's options for a context.

    `new_page(color_scheme="dark", viewport={"width": 360, "height": 800})`
    """
    contexts, errors = [], []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{"base_url": server.manager, **options})
        contexts.append(context)
        page = context.new_page()
        browsing.watch(page, errors)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors, "\n".join(["the page complained:", *errors])


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A fresh tab, nobody signed in."""
    return new_page()


@pytest.fixture
def signed_in(new_page: NewPage, session: StorageState) -> Page:
    """A fresh tab in which kong_admin is signed in; go to a page first."""
    return new_page(storage_state=session)


@pytest.fixture
def page_without_js(new_page: NewPage) -> Page:
    """A fresh tab of a browser without JavaScript, nobody signed in."""
    return new_page(java_script_enabled=False)


@pytest.fixture
def wait_for_htmx() -> Callable[[Page], None]:
    return browsing.wait_for_htmx
