"""Credentials of every type: made, seen once, revealed, changed and deleted."""

import re
from collections.abc import Callable
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from browsing import sign_in, with_and_without_js
from consumers.credentials import CREDENTIALS
from servers import Server, ask

# What a person types for each type, and what the API then has.
TYPED: dict[str, dict[str, str]] = {
    "acl": {"Group": "typed-group"},
    "basic-auth": {"Username": "typed-basic", "Password": "typed-password"},
    "hmac-auth": {"Username": "typed-hmac"},
    "jwt": {},
    "key-auth": {},
    "oauth2": {
        "Name": "typed-app",
        "Redirect URIs": "https://a.test/1\nhttps://a.test/2",
    },
    "key-auth-enc": {},
    "mtls-auth": {"Subject name": "CN=typed.test"},
}
MADE = {
    "hmac-auth": ["secret"],
    "jwt": ["key", "secret"],
    "key-auth": ["key"],
    "key-auth-enc": ["key"],
    "oauth2": ["client_id", "client_secret"],
}
REVEALED = {
    "hmac-auth": "secret",
    "jwt": "secret",
    "key-auth": "key",
    "key-auth-enc": "key",
    "oauth2": "client_secret",
}
numbers = count(1)
every_kind = pytest.mark.parametrize("kind", CREDENTIALS)


@pytest.fixture
def consumer(server: Server) -> str:
    """A consumer of the test's own; returns its username."""
    name = f"prover-{next(numbers):03}"
    ask(f"{server.admin}/consumers", "POST", json={"username": name})
    return name


def made_by_api(server: Server, consumer: str, kind: str, **body) -> dict:
    url = f"{server.admin}/consumers/{consumer}/{CREDENTIALS[kind].nested_path}"
    answer = ask(url, "POST", json=body)
    assert answer.status == 201, answer.text
    return answer.json()


def only_one(server: Server, consumer: str, kind: str) -> dict:
    path = CREDENTIALS[kind].nested_path
    [found] = ask(f"{server.admin}/consumers/{consumer}/{path}").json()["data"]
    return found


def fill_in(page: Page, kind: str, suffix: str = "") -> None:
    for label, text in TYPED[kind].items():
        end = "" if label == "Redirect URIs" else suffix
        page.get_by_label(label, exact=True).or_(
            page.get_by_label(f"{label} optional")
        ).fill(f"{text}{end}")


def create(page: Page) -> None:
    page.get_by_role("button", name="Create", exact=True).click()


@every_kind
@with_and_without_js
def test_a_credential_is_made_from_the_tab_and_what_is_made_up_is_shown_once(
    new_page: Callable, session, server: Server, consumer: str, kind: str, has_js: bool
) -> None:
    page = new_page(storage_state=session, java_script_enabled=has_js)
    page.goto(f"/consumers/{consumer}/credentials")

    page.get_by_role("link", name=CREDENTIALS[kind].button).first.click()
    fill_in(page, kind, suffix=str(has_js))
    create(page)

    expect(page).to_have_url(re.compile(f"/consumers/{consumer}/credentials$"))
    expect(page.get_by_text(re.compile("created")).first).to_be_visible()
    stored = only_one(server, consumer, kind)
    expect(
        page.get_by_role("region", name=CREDENTIALS[kind].label, exact=True)
    ).to_be_visible()
    for name in MADE.get(kind, ()):
        expect(page.get_by_text(stored[name], exact=True).first).to_be_visible()
    page.reload()
    if kind in REVEALED:
        assert stored[REVEALED[kind]] not in page.content()
    assert "typed-password" not in page.content()


def test_the_values_typed_for_a_client_are_what_is_stored(
    signed_in: Page, server: Server, consumer: str
) -> None:
    page = signed_in
    page.goto(f"/consumers/{consumer}/credentials/oauth2/create")

    fill_in(page, "oauth2")
    page.get_by_role("group", name="Client ID").get_by_label("Use my own").check()
    page.get_by_label("Own client ID").fill("client-of-the-test")
    page.get_by_label("public", exact=True).check()
    page.get_by_label("Tags").fill("a, b")
    create(page)

    expect(page.get_by_text("OAuth 2.0 client created")).to_be_visible()
    stored = only_one(server, consumer, "oauth2")
    assert stored["client_id"] == "client-of-the-test"
    assert stored["client_type"] == "public"
    assert stored["redirect_uris"] == ["https://a.test/1", "https://a.test/2"]
    assert stored["tags"] == ["a", "b"]
    assert stored["hash_secret"] is False


def test_a_hashed_client_secret_is_seen_once_and_never_again(
    signed_in: Page, server: Server, consumer: str
) -> None:
    page = signed_in
    page.goto(f"/consumers/{consumer}/credentials/oauth2/create")

    page.get_by_label("Name", exact=True).fill("hashed")
    page.get_by_label("Hash the secret").check()
    create(page)

    expect(page.locator("#born-2")).to_have_text(re.compile("^[A-Za-z0-9]{32}$"))
    assert only_one(server, consumer, "oauth2")["client_secret"].startswith("$pbkdf2")
    expect(page.get_by_text("set, stored as a hash")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Reveal"))).to_have_count(0)


@pytest.mark.one_database
def test_another_algorithm_asks_for_a_public_key(
    signed_in: Page, consumer: str
) -> None:
    page = signed_in
    page.goto(f"/consumers/{consumer}/credentials/jwt/create")
    expect(page.get_by_label("Public key")).to_be_hidden()

    page.get_by_label("Algorithm").select_option("RS256")
    create(page)

    expect(page.get_by_label("Public key")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    page.get_by_label("Public key").fill("not a key")
    create(page)
    expect(
        page.get_by_text("This is no public key in PEM format.").first
    ).to_be_visible()


CONFLICTS = {
    "basic-auth": ("Username", {"username": "held", "password": "x"}),
    "hmac-auth": ("Username", {"username": "held"}),
    "jwt": ("Own key", {"key": "held"}),
    "key-auth": ("Own key", {"key": "held"}),
    "oauth2": ("Own client ID", {"client_id": "held", "name": "x"}),
    "mtls-auth": ("Subject name", {"subject_name": "held"}),
    "acl": ("Group", {"group": "held"}),
}


@pytest.mark.parametrize("kind", CONFLICTS)
def test_a_taken_name_is_explained_at_the_field_with_a_way_to_its_holder(
    signed_in: Page, server: Server, consumer: str, kind: str
) -> None:
    label, body = CONFLICTS[kind]
    held = {n: f"held-by-{kind}" if v == "held" else v for n, v in body.items()}
    holder = consumer if kind == "acl" else f"holder-of-{kind}"
    ask(f"{server.admin}/consumers", "POST", json={"username": holder})
    made_by_api(server, holder, kind, **held)
    page = signed_in
    page.goto(f"/consumers/{consumer}/credentials/{kind}/create")

    fill_in(page, kind)
    if label.startswith("Own"):
        group = page.get_by_role("group", name=label.removeprefix("Own ").capitalize())
        if kind == "oauth2":
            group = page.get_by_role("group", name="Client ID")
        group.get_by_label("Use my own").check()
    page.get_by_label(label, exact=True).fill(f"held-by-{kind}")
    create(page)

    field = page.get_by_label(label, exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text(f"{holder} has this already").first).to_be_visible()
    page.get_by_role("link", name="View it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(holder)


@pytest.mark.parametrize("kind", REVEALED)
def test_revealing_is_deliberate_and_written_down(
    signed_in: Page, server: Server, consumer: str, kind: str
) -> None:
    needed = {"hmac-auth": {"username": f"curious-{kind}"}, "oauth2": {"name": "app"}}
    made = made_by_api(server, consumer, kind, **needed.get(kind, {}))
    secret = made[REVEALED[kind]]
    page = signed_in
    page.goto(f"/consumers/{consumer}/credentials")
    assert secret not in page.content()

    page.get_by_role("button", name=re.compile("Reveal")).click()

    expect(page.get_by_role("dialog").get_by_text(secret, exact=True)).to_be_visible()
    page.goto(f"/consumers/{consumer}/activity")
    expect(page.get_by_text(re.compile("revealed")).first).to_be_visible()
    assert secret not in page.content()


def test_a_password_stays_when_none_is_typed_and_changes_when_one_is(
    signed_in: Page, server: Server, consumer: str
) -> None:
    made = made_by_api(
        server, consumer, "basic-auth", username="stays", password="first"
    )
    page = signed_in
    address = f"/consumers/{consumer}/credentials/basic-auth/{made['id']}/edit"
    page.goto(address)

    page.get_by_label("Username").fill("renamed")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(
        page.get_by_text("Basic auth credential renamed saved.").first
    ).to_be_visible()
    renamed = only_one(server, consumer, "basic-auth")
    assert (renamed["username"], renamed["password"]) == ("renamed", made["password"])
    page.goto(address)
    page.get_by_label("New password").fill("second")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("renamed saved").first).to_be_visible()
    assert only_one(server, consumer, "basic-auth")["password"] != made["password"]


@every_kind
def test_deleting_names_the_credential_and_says_what_stops_working(
    signed_in: Page, server: Server, consumer: str, kind: str
) -> None:
    page = signed_in
    page.goto(f"/consumers/{consumer}/credentials/{kind}/create")
    fill_in(page, kind, suffix="-leaving")
    create(page)
    page.wait_for_url(f"**/consumers/{consumer}/credentials")

    page.get_by_role("link", name=re.compile("^Delete .")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(CREDENTIALS[kind].loss_of(consumer))).to_be_visible()
    dialog.get_by_role("button", name="Yes, delete").click()

    expect(page.get_by_text(re.compile("deleted")).first).to_be_visible()
    expect(page.get_by_text("No credential yet")).to_be_visible()


@pytest.mark.one_database
def test_the_menu_offers_every_type_by_keyboard(
    signed_in: Page, server: Server, consumer: str
) -> None:
    made_by_api(server, consumer, "acl", group="one")
    page = signed_in
    page.goto(f"/consumers/{consumer}/credentials")

    page.locator("summary", has_text="New Credential").focus()
    page.keyboard.press("ArrowDown")
    offered = page.locator("details[open] a").all_inner_texts()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    assert offered == [declared.button for declared in CREDENTIALS.values()]
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "New Basic Auth Credential"
    )


def test_each_section_is_paged_by_itself(
    signed_in: Page, server: Server, consumer: str, wait_for_htmx
) -> None:
    for number in range(17):
        made_by_api(server, consumer, "acl", group=f"group-{number:02}")
        made_by_api(server, consumer, "hmac-auth", username=f"{consumer}-{number:02}")
    page = signed_in
    page.goto(f"/consumers/{consumer}/credentials")

    page.get_by_role("navigation", name="Pages of acl").get_by_text("Next").click()
    expect(page.get_by_text("group-00")).to_be_visible()
    wait_for_htmx(page)

    expect(page).to_have_url(re.compile("acl-after="))
    expect(page.locator("#acl tbody tr")).to_have_count(2)
    expect(page.locator("#hmac-auth tbody tr")).to_have_count(15)
    page.get_by_role("navigation", name="Pages of hmac-auth").get_by_text(
        "Next"
    ).click()
    expect(page.locator("#hmac-auth tbody tr")).to_have_count(2)
    expect(page.locator("#acl tbody tr")).to_have_count(2)


def test_groups_that_others_are_in_are_offered(
    signed_in: Page, server: Server, consumer: str
) -> None:
    ask(f"{server.admin}/consumers", "POST", json={"username": "a-member"})
    made_by_api(server, "a-member", "acl", group="offered-to-others")

    signed_in.goto(f"/consumers/{consumer}/credentials/acl/create")

    options = signed_in.locator("datalist option")
    assert "offered-to-others" in [o.get_attribute("value") for o in options.all()]


def test_revealing_and_changing_need_no_script(
    page_without_js: Page, server: Server, consumer: str
) -> None:
    made = made_by_api(server, consumer, "hmac-auth", username=f"plain-{consumer}")
    page = page_without_js
    sign_in(page, server)
    page.goto(f"/consumers/{consumer}/credentials")

    page.get_by_role("button", name=re.compile("Reveal")).click()
    expect(page.get_by_text(made["secret"], exact=True)).to_be_visible()
    page.get_by_role("link", name="Hide").click()
    page.get_by_role("link", name=re.compile("^Edit .")).click()
    page.get_by_label("New secret").fill("another-secret-of-mine")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page).to_have_url(re.compile("/credentials$"))
    changed = only_one(server, consumer, "hmac-auth")
    assert changed["secret"] == "another-secret-of-mine"


def test_nobody_overwrites_a_credential_they_have_not_seen(
    signed_in: Page, server: Server, consumer: str
) -> None:
    made = made_by_api(server, consumer, "jwt", key=f"first-{consumer}")
    url = f"{server.admin}/jwts/{made['id']}"
    page = signed_in
    page.goto(f"/consumers/{consumer}/credentials/jwt/{made['id']}/edit")
    ask(url, "PATCH", json={"key": f"meanwhile-{consumer}"})

    page.get_by_label("Key", exact=True).fill(f"mine-{consumer}")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text(f"meanwhile-{consumer}").first).to_be_visible()
    assert ask(url).json()["key"] == f"meanwhile-{consumer}"
    page.get_by_role("button", name="Save over it").click()
    expect(page.get_by_text("saved").first).to_be_visible()
    assert ask(url).json()["key"] == f"mine-{consumer}"


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("basic-auth", "username"),
        ("hmac-auth", "username"),
        ("jwt", "key"),
        ("oauth2", "client_id"),
        ("acl", "group"),
    ],
)
def test_what_a_credential_is_called_leads_to_its_consumer(
    signed_in: Page, server: Server, consumer: str, kind: str, field: str
) -> None:
    text = f"pasted-name-of-some-{kind}"
    needed = {"basic-auth": {"password": "x"}, "oauth2": {"name": "app"}}
    made_by_api(server, consumer, kind, **{field: text}, **needed.get(kind, {}))
    page = signed_in
    page.goto("/")

    page.keyboard.press("/")
    page.keyboard.type(text)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(consumer)
    expect(page.get_by_text(text, exact=True)).to_be_visible()


def test_the_list_names_the_types_a_consumer_has(
    signed_in: Page, server: Server, consumer: str
) -> None:
    made_by_api(server, consumer, "key-auth")
    made_by_api(server, consumer, "key-auth")
    made_by_api(server, consumer, "jwt")

    signed_in.goto(f"/consumers?q={consumer}")

    row = signed_in.get_by_role("row").filter(has_text=consumer)
    expect(row).to_contain_text("jwt · 1, key-auth · 2")


def test_deleting_a_consumer_counts_all_it_proves_itself_with(
    signed_in: Page, server: Server, consumer: str
) -> None:
    made_by_api(server, consumer, "jwt")
    made_by_api(server, consumer, "acl", group="a")
    made_by_api(server, consumer, "acl", group="b")

    signed_in.goto(f"/consumers/{consumer}/delete")

    expect(signed_in.get_by_text("2 ACL groups")).to_be_visible()
    expect(signed_in.get_by_text("1 JWT credential")).to_be_visible()
