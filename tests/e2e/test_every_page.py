"""What holds for each page: accessible in both schemes, light to load, nothing odd."""

import gzip

import pytest
from playwright.sync_api import Page

from browsing import COLOURS, MISSING_PAGE, violations
from consumers.credentials import CREDENTIALS
from factories import NEEDED
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
    *(f"/consumers/shown/credentials/{kind}/create" for kind in CREDENTIALS),
    "/consumers/bare/credentials",
    "/consumers/shown/plugins",
    "/consumers/shown/activity",
    "/consumers/shown/delete",
    "/consumers/shown/consumer-groups",
    "/consumers/shown/consumer-groups/join",
    "/consumer-groups",
    "/consumer-groups?q=nothing-has-this",
    "/consumer-groups/create",
    "/consumer-groups/shown-tier",
    "/consumer-groups/shown-tier?format=json",
    "/consumer-groups/shown-tier/edit",
    "/consumer-groups/shown-tier/consumers",
    "/consumer-groups/shown-tier/consumers/add",
    "/consumer-groups/shown-tier/rate-limiting",
    "/consumer-groups/shown-tier/rate-limiting/delete",
    "/consumer-groups/shown-tier/plugins",
    "/consumer-groups/shown-tier/activity",
    "/consumer-groups/shown-tier/delete",
    "/consumer-groups/empty-tier/consumers",
    "/consumer-groups/empty-tier/rate-limiting",
    "/plugins",
    "/plugins?q=nothing-is-called-so",
    "/plugins/select",
    "/plugins/select?consumer=shown",
    "/plugins/rate-limiting/create?consumer=shown",
    "/plugins/key-auth/create",
    "/plugins/response-ratelimiting/create",
    "/try-a-request",
    "/control-planes",
    "/control-planes?q=nothing-is-called-so",
    "/control-planes/create",
    "/control-planes/shown-plane",
    "/control-planes/shown-plane?format=json",
    "/control-planes/shown-plane/edit",
    "/control-planes/shown-plane/realms",
    "/control-planes/shown-plane/activity",
    "/control-planes/shown-plane/delete",
    "/realms",
    "/realms?q=nothing-is-called-so",
    "/realms/create",
    "/realms/shown-realm/edit",
    "/realms/shown-realm/control-planes",
    "/realms/shown-realm/consumer-groups",
    "/realms/shown-realm/cache",
    "/realms/shown-realm/activity",
    "/realms/shown-realm/delete",
    "/realms/shown-realm/consumers",
    "/realms/shown-realm/consumers/create",
    "/realms/shown-realm/consumers/shown",
    "/realms/shown-realm/consumers/shown/edit",
    "/realms/shown-realm/consumers/shown/move",
    "/realms/shown-realm/consumers/shown/credentials",
    "/realms/shown-realm/consumers/shown/credentials/key-auth/create",
    "/realms/shown-realm/consumers/shown/delete",
    "/realms/empty-realm/consumers",
    "/realms/empty-realm/consumer-groups",
    "/import",
    "/import/history",
    "/export",
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
    "/account/tokens?whose=everybody",
    "/account/tokens/create",
    "/account/tokens/kubectl",
    "/access/users",
    "/access/users/create",
    "/access/users/1",
    "/access/users/1/password",
    "/access/users/1/delete",
    "/access/roles",
    MISSING_PAGE,
]
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 740}
PARTS = 6  # so that several processes share what takes longest


@pytest.fixture(scope="session")
def shown(server: Server) -> dict[str, str]:
    """A consumer with everything a page can show; returns its credentials' ids by kind.

    Another has nothing.
    """
    ask(f"{server.admin}/consumers", "POST", json={"username": "bare"})
    body = {"username": "shown", "custom_id": "S-1", "tags": ["eu", "gold"]}
    assert ask(f"{server.admin}/consumers", "POST", json=body).status == 201
    keys = f"{server.admin}/consumers/shown/key-auth"
    groups = f"{server.admin}/consumer_groups"
    for name in ("shown-tier", "empty-tier"):
        ask(groups, "POST", json={"name": name, "tags": ["tier"]})
    ask(f"{groups}/shown-tier/consumers", "POST", json={"consumer": "shown"})
    limits = {"config": {"limit": [100, 1000], "window_size": [60, 3600]}}
    override = "overrides/plugins/rate-limiting-advanced"
    ask(f"{groups}/shown-tier/{override}", "PUT", json=limits)
    ask(keys, "POST", json={"key": "a-key-with-an-end-soon", "ttl": 86_400 * 3})
    limits = {"name": "rate-limiting", "config": {"minute": 5}, "tags": ["eu"]}
    for owner in ("consumers/shown", "consumer_groups/shown-tier"):
        ask(f"{server.admin}/{owner}/plugins", "POST", json=limits)
    ids = {}
    for kind, declared in CREDENTIALS.items():
        body = {**NEEDED[kind](f"shown-by-its-{kind}-text"), "tags": ["ci"]}
        url = f"{server.admin}/consumers/shown/{declared.nested_path}"
        ids[kind] = ask(url, "POST", json=body).json()["id"]
    make_places(server)
    hashed = {"name": "hashed", "hash_secret": True, "redirect_uris": ["https://a.b/c"]}
    ask(f"{server.admin}/consumers/shown/oauth2", "POST", json=hashed)
    return ids


def make_places(server: Server) -> None:
    """Make a control plane and two realms, one with a consumer and its key."""
    planes, realms = f"{server.admin}/v2/control-planes", f"{server.admin}/v1/realms"
    labels = {"labels": {"env": "test"}}
    plane = ask(planes, "POST", json={"name": "shown-plane", **labels}).json()
    ask(realms, "POST", json={"name": "empty-realm"})
    body = {"name": "shown-realm", "consumer_groups": ["shown-tier"]}
    body["allowed_control_planes"] = [plane["id"]]
    realm = ask(realms, "POST", json=body).json()
    consumers = f"{realms}/{realm['id']}/consumers"
    consumer = ask(consumers, "POST", json={"username": "shown"}).json()
    key = ask(f"{consumers}/{consumer['id']}/keys", "POST", json={})
    assert key.status == 201, key.text


def paths_by_id(server: Server, shown: dict[str, str]) -> list[str]:
    """Return the pages whose addresses are known once their rows are made."""
    tab = "/consumers/shown/credentials"
    consumer = ask(f"{server.admin}/consumers/shown").json()["id"]
    plugins = ask(f"{server.admin}/consumers/shown/plugins").json()["data"]
    plugin = f"/plugins/{plugins[0]['id']}"
    return [
        *(f"{tab}/{kind}/{id_}/edit" for kind, id_ in shown.items()),
        f"{tab}/oauth2/{shown['oauth2']}/delete",
        f"/consumer-groups/shown-tier/consumers/{consumer}/remove",
        *(plugin, f"{plugin}/edit", f"{plugin}/delete"),
    ]


@pytest.mark.one_database
@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing(
    new_page, session, server: Server, shown: dict, part: int
) -> None:
    page: Page = new_page(storage_state=session, reduced_motion="reduce")
    found = []

    for path in [*PAGES, *paths_by_id(server, shown)][part::PARTS]:
        page.goto(path)
        found += [f"{path}: {fault}" for fault in faults_in_every_look(page)]

    assert not found, "\n".join(found)


@pytest.mark.one_database
def test_axe_finds_nothing_before_signing_in(new_page) -> None:
    page: Page = new_page(reduced_motion="reduce")
    page.goto("/account/sign-in")

    assert not faults_in_every_look(page)


def faults_in_every_look(page: Page) -> list[str]:
    """Return what is wrong with the page, wide and narrow, light and dark.

    A scheme changes colours only, so the second of each width is asked about these.
    """
    found = []
    for scheme, width, rules in (
        ("light", WIDE, ()),
        ("dark", WIDE, COLOURS),
        ("dark", NARROW, ()),
        ("light", NARROW, COLOURS),
    ):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(width)
        look = f"{scheme}, {width['width']} wide"
        found += [f"{look}: {fault}" for fault in violations(page, *rules)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{look}: scrolls sideways")
    return found


def test_every_page_opens(server: Server, shown: dict) -> None:
    cookies = "; ".join(f"{name}={v}" for name, v in server.sign_in().items())

    for path in [*PAGES[:-1], *paths_by_id(server, shown)]:
        answer = ask(f"{server.manager}{path}", headers={"Cookie": cookies})
        assert answer.status == 200, path


@pytest.mark.one_database
def test_a_list_of_thirty_is_light(
    new_page, session, server: Server, shown: dict
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


@pytest.mark.one_database
def test_the_credentials_tab_is_light(new_page, session, shown: dict) -> None:
    page: Page = new_page(storage_state=session)
    answers = []
    page.on("response", lambda answer: answers.append(answer))

    page.goto("/consumers/shown/credentials")
    page.wait_for_load_state("networkidle")

    assert len(answers) <= 5, [answer.url for answer in answers]
    assert len(gzip.compress(answers[0].body())) <= 20 * 1024
    assert page.locator("*").count() <= 700


def test_without_an_account_every_page_leads_to_sign_in(server: Server) -> None:
    for path in PAGES[:-1]:
        answer = ask(f"{server.manager}{path}")
        assert answer.status == 302, path
        assert "/account/sign-in" in answer.headers["Location"]


@pytest.mark.one_database
def test_every_page_forbids_foreign_code(server: Server) -> None:
    policy = ask(f"{server.manager}/account/sign-in").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
