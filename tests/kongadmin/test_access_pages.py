"""Which pages of the Manager open for whom, and what is on them."""

from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver

import clients
from every_role import EVERY_ROLE
from factories import (
    default_control_plane,
    give,
    make_consumer,
    make_control_plane,
    make_key,
    make_user,
)
from kongadmin.access.roles import DEEDS, ROLES
from kongadmin.listeners import manager

SAMPLES = {"str": "anna", "slug": "key-auth", "uuid": UUID(int=0), "int": 0}
PUBLIC = {"access:sign_in", "access:sign_out", "manager:theme"}
PERSONAL = {
    *("account", "password", "roles", "kubectl"),
    *("tokens", "new_token", "edit_token", "revoke_token"),
}
WRITES = (
    *("new", "edit", "delete", "reveal", "add", "remove", "join", "leave"),
    *("move", "purge"),
)
SWITCHES = ("select", "enable", "disable")


IMPORTING = ("admin", "editor", "plugin-admin", "cp-admin", "super-admin")
LIMITS = ("groups:delete_override",)


def pages() -> dict[str, str]:
    """Return a path for every page of the Manager, by name."""
    found = {}
    for app in get_resolver("kongadmin.urls").url_patterns:
        if getattr(app, "app_name", None) in (None, "admin"):
            continue
        for page in app.url_patterns:
            found[f"{app.app_name}:{page.name}"] = "/" + path_of(app, page)
    return found


def path_of(app, page: URLPattern) -> str:
    text = str(app.pattern) + str(page.pattern)
    for name, converter in page.pattern.converters.items():
        kind = next(k for k in SAMPLES if k in type(converter).__name__.lower()[:4])
        text = text.replace(f"<{kind}:{name}>", str(SAMPLES[kind]))
    return text


def is_allowed(role: str, page: str) -> bool:
    app, _, name = page.partition(":")
    if page in PUBLIC or (app == "access" and name in PERSONAL):
        return True
    if page == "planes:new":
        return role in ("cp-admin", "cp-creator", "super-admin")
    if app == "planes" and name != "realms":
        return True  # everybody sees the list of what they may see, be it empty
    if role in ("", "cp-creator"):
        return False
    if app == "access":
        return role == "super-admin" or (role, name) == ("org-reader", "users")
    if app == "declarative":  # import and export of what one may read and write
        reads = name == "start" or name.startswith("export")
        return role in (ROLES if reads else IMPORTING)
    writes = name.startswith(WRITES)
    is_about_plugins = app == "plugins" and (writes or name in SWITCHES)
    if app in ("realms", "planes"):
        may_read = ("cp-admin", "org-reader", "super-admin")
        return role in (("cp-admin", "super-admin") if writes else may_read)
    if role == "plugin-admin":
        is_plugins = app.endswith("plugins") and name != "names"
        return is_plugins or page in ("manager:overview", "manager:reference")
    if is_about_plugins or page in LIMITS:
        return role in ("admin", "cp-admin", "super-admin")
    return role in (("admin", "editor", "cp-admin", "super-admin") if writes else ROLES)


@pytest.fixture
def signed_in(client: Client, db):
    """Signs somebody new in, with a role everywhere or in one control plane."""

    def sign_in(role: str = "super-admin", scope=None, name: str = "berta") -> Client:
        client.force_login(make_user(name, role, scope))
        return client

    return sign_in


def in_workspace(client: Client) -> clients.Client:
    """Return the same person at the listener, where /@name/ is understood."""
    session = client.cookies["kongadmin_session"].value
    headers = {"Host": "localhost:8002", "Cookie": f"kongadmin_session={session}"}
    return clients.Client(manager, headers)


@pytest.mark.parametrize("page", sorted(pages()))
@pytest.mark.parametrize("role", EVERY_ROLE)
def test_every_page_opens_for_whom_it_should(signed_in, role: str, page: str) -> None:
    make_consumer(username="anna")
    client, path = signed_in(role), pages()[page]

    answer = client.get(path)
    if answer.status_code == 405:
        answer = client.post(path)

    assert answer.status_code < 500
    assert (answer.status_code != 403) == is_allowed(role, page)


@pytest.mark.parametrize("page", sorted(set(pages()) - PUBLIC))
def test_every_page_asks_who_it_is(client: Client, db, page: str) -> None:
    answer = client.get(pages()[page])
    if answer.status_code == 405:
        answer = client.post(pages()[page])

    assert answer.status_code == 302
    assert "/account/sign-in" in answer["Location"]


def test_who_has_no_role_is_told_whom_to_ask(signed_in) -> None:
    make_user("root", "super-admin")

    answer = signed_in("").get("/")

    assert answer.status_code == 403
    assert "You have no role yet" in answer.text
    assert "ask root for one" in answer.text
    assert "/consumers" not in answer.text


def test_the_front_door_leads_to_a_control_plane_one_has(signed_in) -> None:
    team = make_control_plane(name="team-a")
    client = signed_in("viewer", team)

    assert client.get("/")["Location"] == "/@team-a/"
    answer = client.get("/consumers")
    assert answer.status_code == 403
    assert "You have no role in default" in answer.text
    assert "Open team-a" in answer.text


def test_the_switcher_shows_what_one_may_see(signed_in) -> None:
    team = make_control_plane(name="team-a")
    make_control_plane(name="team-b")
    client = signed_in("viewer", team)

    page = in_workspace(client).get("/@team-a/consumers").text

    assert 'href="/@team-a/consumers"' in page
    assert "team-b" not in page
    assert 'href="/"' not in page


def test_a_hidden_control_plane_looks_like_one_that_does_not_exist(signed_in) -> None:
    team = make_control_plane(name="team-a")
    make_control_plane(name="team-b")
    berta = in_workspace(signed_in("admin", team))

    hidden, missing = berta.get("/@team-b/consumers"), berta.get("/@nope-1/consumers")

    assert hidden.status == missing.status == 403
    assert shape(hidden.text, "team-b") == shape(missing.text, "nope-1")


def shape(page: str, name: str) -> str:
    """Return a page without what differs each time."""
    lines = page.replace(name, "NAME").splitlines()
    noise = ("csrfmiddlewaretoken", "Request <code>", "nonce=")
    return "\n".join(line for line in lines if not any(n in line for n in noise))


def test_a_super_admin_is_told_what_does_not_exist(signed_in) -> None:
    root = in_workspace(signed_in())

    assert root.get("/@nope/consumers").status == 404


def test_a_stranger_at_any_control_plane_signs_in_first(client: Client, db) -> None:
    anybody = clients.Client(manager, {"Host": "localhost:8002"})

    assert anybody.get("/@nope/consumers").status == 302
    assert anybody.get("/@%00/consumers").status == 302


@pytest.mark.parametrize(
    ("role", "seen", "hidden"),
    [
        ("viewer", [], ["New Consumer", "/anna/edit", "/anna/delete", "Reveal"]),
        ("editor", ["New Consumer", "/anna/edit", "/anna/delete", "Reveal"], []),
    ],
)
def test_nobody_is_shown_what_they_may_not_do(
    signed_in, role: str, seen: list, hidden: list
) -> None:
    make_key(make_consumer(username="anna"))
    client = signed_in(role)
    paths = ["/", "/consumers", "/consumers/anna", "/consumers/anna/credentials"]

    text = "".join(client.get(path).text for path in paths)

    assert [word for word in seen if word not in text] == []
    assert [word for word in hidden if word in text] == []
    assert "/access/users" not in text


def test_the_page_of_roles_says_what_the_rules_say(signed_in) -> None:
    page = signed_in("viewer").get("/access/roles").text

    for words, *_ in DEEDS:
        assert words in page
    for role in ROLES.values():
        assert role.label in page
        assert role.summary in page


def test_a_role_costs_no_query_on_a_page(signed_in) -> None:
    here = default_control_plane()
    client = signed_in("viewer", here)
    give(make_user(), "editor", here)
    client.get("/consumers")

    with CaptureQueriesContext(connection) as captured:
        client.get("/consumers")

    texts = [query["sql"] for query in captured]
    assert not [text for text in texts if "access_grant" in text]
    assert len(texts) <= 5, texts
