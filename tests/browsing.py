"""What a person does on any page, for the tests that use a real browser."""

import json
import os
import shutil

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page, expect

import programs
from servers import Server

# Debian's Chromium where there is one, else the one that Playwright has installed. The
# shell opens no windows that nobody sees, which take Chromium most of a test's time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-dev-shm-usage",  # of containers is often small
]
# Chromium calls every refused request an error; a form refused with these is none,
# nor is a page that a test asks for because it is missing.
REFUSALS = ("status of 409", "status of 422", "status of 429")
MISSING_PAGE = "/no-such-page"
# What htmx says of a request that a later one replaces. Of one that fails it says more.
OVERTAKEN = ("htmx:sendAbort", "htmx:afterRequest")
REPORT_CSP = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
    `CSP: ${event.violatedDirective} refused ${event.blockedURI || event.sample}`));
"""
# Rules of axe about nothing but colours.
COLOURS = ("color-contrast", "link-in-text-block")
# Both send the same to the server, which stores it alike.
with_and_without_js = pytest.mark.parametrize(
    "has_js",
    [True, pytest.param(False, marks=pytest.mark.one_database)],
    ids=["with-js", "without-js"],
)
HTMX_AT_WORK = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"


def missing() -> str | None:
    """Return why no browser can be started here, or None."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM:
        return None
    with sync_playwright() as playwright:
        if os.path.exists(playwright.chromium.executable_path):
            return None
    return programs.missing("chromium-headless-shell")


def sign_in(page: Page, server: Server, username: str = "kong_admin") -> None:
    """Sign in by the page a person is sent to, and wait for the overview."""
    page.goto("/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password", exact=True).fill(server.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Password", exact=True)).to_have_count(0)


def wait_for_htmx(page: Page) -> None:
    """Wait until no part of the page is being exchanged; evaluates nothing in it."""
    expect(page.locator(HTMX_AT_WORK)).to_have_count(0)


def watch(page: Page, errors: list[str]) -> None:
    """Collect what the page complains about: console errors, exceptions, CSP."""

    def on_console(message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        harmless = any(refusal in message.text for refusal in REFUSALS)
        harmless |= url.endswith(MISSING_PAGE)
        harmless |= message.text.startswith(OVERTAKEN)
        if message.type == "error" and not harmless:
            errors.append(f"{message.text} ({url})")

    page.add_init_script(REPORT_CSP)
    page.on("console", on_console)
    page.on("pageerror", lambda error: errors.append(str(error)))


def violations(page: Page, *rules: str) -> list[str]:
    """Return what axe finds wrong with the page as it looks now; by `rules`, or all."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    options: dict = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = rules
    found = page.evaluate(
        f"axe.run({json.dumps(options)}).then((results) => results.violations)"
    )
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in found
        for node in violation["nodes"]
    ]
