"""What holds for each page: accessible in both schemes, light to load, nothing odd."""

import gzip

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from browsing import MISSING_PAGE
from servers import Server, ask

PAGES = [
    "/",
    "/consumers",
    "/consumers?q=nobody-has-this",
    "/consumers/create",
    "/consumers/shown",
    "/consumers/shown?format=json",
    "/consumers/shown/edit",
    "/consumers/shown/credentials",
    "/consumers/shown/credentials/key-auth/create",
    "/consumers/shown/activity",
    "/consumers/shown/delete",
    "/plugins",
    "/activity",
    "/api-reference",
    "/api-reference?q=put+key-auth",
    "/api-reference/consumers",
    "/api-reference/plugins",
    "/api-reference/plugins.rate-limiting-advanced",
    "/api-reference/node",
    "/search?q=shown",
    "/account/password",
    "/account/tokens",
    "/account/tokens/create",
    MISSING_PAGE,
]
LOOKS = {
    "light-wide": {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    "dark-narrow": {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}},
    "dark-wide": {"color_scheme": "dark", "viewport": {"width": 1440, "height": 900}},
    "light-narrow": {
        "color_scheme": "light",
        "viewport": {"width": 360, "height": 740},
    },
}


@pytest.fixture(scope="module")
def shown(server: Server) -> str:
    """A consumer with everything a page can show; returns its credential's id."""
    body = {"username": "shown", "custom_id": "S-1", "tags": ["eu", "gold"]}
    assert ask(f"{server.admin}/consumers", "POST", json=body).status == 201
    keys = f"{server.admin}/consumers/shown/key-auth"
    ask(keys, "POST", json={"key": "a-key-with-an-end-soon", "ttl": 86_400 * 3})
    return ask(keys, "POST", json={"tags": ["ci"]}).json()["id"]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing(new_page, session, shown: str, look: str) -> None:
    page: Page = new_page(storage_state=session, **LOOKS[look])
    found = []

    key = f"/consumers/shown/credentials/key-auth/{shown}"
    for path in [*PAGES, f"{key}/edit", f"{key}/delete"]:
        page.goto(path)
        for violation in Axe().run(page).response["violations"]:
            nodes = [node["html"][:160] for node in violation["nodes"]]
            found.append(f"{path}: {violation['id']}: {nodes}")
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{path} scrolls sideways at {look}"

    assert not found, "\n".join(found)


def test_axe_finds_nothing_before_signing_in(new_page) -> None:
    for look in LOOKS.values():
        page: Page = new_page(**look)
        page.goto("/account/sign-in")
        assert not Axe().run(page).response["violations"]


def test_a_list_of_thirty_is_light(
    new_page, session, server: Server, shown: str
) -> None:
    for number in range(30):
        ask(f"{server.admin}/consumers/light-{number:02}", "PUT", json={"tags": ["x"]})
    page: Page = new_page(storage_state=session)
    answers = []
    page.on("response", lambda answer: answers.append(answer))

    page.goto("/consumers?q=light-")
    page.wait_for_load_state("networkidle")

    sizes: dict[str, int] = {}
    for answer in answers:
        kind = answer.headers["content-type"].partition(";")[0]
        sizes[kind] = sizes.get(kind, 0) + len(gzip.compress(answer.body()))
    assert len(answers) <= 5, [answer.url for answer in answers]
    assert sizes["text/html"] <= 35 * 1024
    assert sizes["text/css"] <= 20 * 1024
    assert sum(size for kind, size in sizes.items() if "javascript" in kind) <= 30_720
    assert page.locator("*").count() <= 700
    assert all(answer.url.startswith(server.manager) for answer in answers)


def test_without_an_account_every_page_leads_to_sign_in(server: Server) -> None:
    for path in PAGES[:-1]:
        answer = ask(f"{server.manager}{path}")
        assert answer.status == 302, path
        assert "/account/sign-in" in answer.headers["Location"]


def test_every_page_forbids_foreign_code(server: Server) -> None:
    policy = ask(f"{server.manager}/account/sign-in").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
