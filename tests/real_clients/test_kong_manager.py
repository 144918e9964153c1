"""What Kong Manager's own single-page application asks of an Admin API.

Each row is one kind of call that the real application was seen to make: with the
headers and the body it sends, and the fields that it reads of the answer.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from servers import Answer, Server, ask

GUI = "http://localhost:8002"
HEADERS = {
    "Accept": "application/json, text/plain, */*",
    "Origin": GUI,
    "Sec-Fetch-Site": "same-site",
    "Sec-Fetch-Mode": "cors",
}
PAGE = "?sort_desc=1&size=30"
ROOT = (
    "version edition hostname tagline lua_version plugins.enabled_in_cluster "
    "plugins.available_on_server configuration.database configuration.role "
    "configuration.admin_listen.0 configuration.admin_gui_listeners.0.port "
    "configuration.admin_gui_listeners.0.ssl configuration.proxy_listeners.0.port "
    "configuration.proxy_listeners.0.ssl configuration.pg_user configuration.pg_host "
    "configuration.pg_port"
)
CONSUMER = "id username custom_id tags created_at updated_at"
LISTED_PLUGIN = (
    "id name instance_name enabled tags consumer route service updated_at created_at"
)
# Path segment, name of the schema, what the form sends, what its list shows.
CREDENTIALS = {
    "acls": ("acls", {"group": "admins"}, "group"),
    "basic-auth": (
        "basicauth_credentials",
        {"username": "spa", "password": "secret", "tags": ["a"]},
        "username",
    ),
    "hmac-auth": ("hmacauth_credentials", {"username": "spa"}, "username secret"),
    "jwt": ("jwt_secrets", {"algorithm": "HS256"}, "key algorithm"),
    "key-auth": ("keyauth_credentials", {"ttl": 0}, "key"),
    "oauth2": (
        "oauth2_credentials",
        {"name": "spa", "client_type": "confidential", "hash_secret": False},
        "name client_id client_secret",
    ),
    "key-auth-enc": ("keyauth_enc_credentials", {"ttl": 0}, "key"),
}


class Browser:
    """Asks as the application does: from its own origin, with a preflight first."""

    def __init__(self, base: str) -> None:
        self.base = base

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        """Return the answer once the browser would let the application see it."""
        if method not in ("GET", "HEAD"):
            self.preflight(method, path, with_body=body is not None)
        answer = ask(f"{self.base}{path}", method, json=body, headers=HEADERS)
        assert answer.headers["Access-Control-Allow-Origin"] == GUI
        return answer

    def preflight(self, method: str, path: str, with_body: bool) -> None:
        asked = {"Access-Control-Request-Headers": "content-type"} if with_body else {}
        headers = {**HEADERS, "Access-Control-Request-Method": method, **asked}
        answer = ask(f"{self.base}{path}", "OPTIONS", headers=headers)
        assert answer.status in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] == GUI
        allowed = answer.headers["Access-Control-Allow-Methods"].split(", ")
        assert method in allowed
        if with_body:
            allowed = answer.headers["Access-Control-Allow-Headers"]
            assert allowed == "content-type"


@pytest.fixture
def spa(server: Server) -> Iterator[Browser]:
    """The application before an empty control plane."""
    ask(f"{server.admin}/workspaces", "POST", json={"name": "spa"})
    yield Browser(f"{server.admin}/spa")
    ask(f"{server.admin}/workspaces/spa?cascade=true", "DELETE")


def has(data: Any, fields: str) -> bool:
    """Say whether every one of the dotted fields is there, null or not."""
    for field in fields.split():
        node = data
        for step in field.split("."):
            key = int(step) if step.isdecimal() else step
            try:
                node = node[key]
            except (KeyError, IndexError, TypeError):
                return False
    return True


def make(spa: Browser, username: str = "anna") -> str:
    body = {"username": username, "custom_id": None, "tags": []}
    answer = spa("POST", "/consumers", body)
    assert answer.status == 201, answer.text
    return answer.json()["id"]


def make_plugin(spa: Browser, **body: object) -> dict:
    answer = spa("POST", "/plugins", {"name": "rate-limiting", **body})
    assert answer.status == 201, answer.text
    return answer.json()


def as_form(row: dict, typed: dict) -> dict:
    """Return what the form of a credential sends: all it showed, and what was typed.

    A password is typed anew.
    """
    unsent = {"created_at", "updated_at", "ttl", "password"}
    return {name: row[name] for name in row if name not in unsent} | typed


# The node


@pytest.mark.parametrize("path", ["", "/"])
def test_the_node_is_asked_before_everything(server: Server, path: str) -> None:
    answer = Browser(server.admin)("GET", path)

    assert answer.status == 200
    assert has(answer.json(), ROOT)
    assert answer.json()["edition"] == "enterprise"


def test_it_is_served_below_a_path_as_well(server: Server) -> None:
    below = Browser(f"{server.manager}/admin-api")

    assert has(below("GET", "").json(), ROOT)
    assert below("GET", f"/consumers{PAGE}").json()["data"] is not None


# Consumers


def test_a_consumer_is_made_shown_changed_and_deleted(spa: Browser) -> None:
    body = {"username": "anna", "custom_id": None, "tags": ["a"]}

    made = spa("POST", "/consumers", body)
    path = f"/consumers/{made.json()['id']}"
    changed = spa("PATCH", path, {**body, "custom_id": "42"})
    shown = spa("GET", path)
    deleted = spa("DELETE", path)

    assert (made.status, has(made.json(), CONSUMER)) == (201, True)
    assert (changed.status, changed.json()["custom_id"]) == (200, "42")
    assert shown.json() == changed.json()
    assert (deleted.status, deleted.body) == (204, b"")


def test_consumers_are_listed_page_by_page(spa: Browser) -> None:
    for number in range(17):
        make(spa, f"consumer-{number:02}")

    first = spa("GET", "/consumers?sort_desc=1&size=15").json()
    path = f"/consumers?sort_desc=1&size=15&offset={first['offset']}"
    second = spa("GET", path).json()

    assert len(first["data"]) == 15
    assert all(has(row, CONSUMER) for row in first["data"])
    assert len(second["data"]) == 2
    assert "offset" not in second


def test_consumers_are_sorted_and_filtered(spa: Browser) -> None:
    for name in ("anna", "Berta", "carla"):
        make(spa, name)

    by_name = spa("GET", "/consumers?size=30&sort_by=username").json()
    falling = spa("GET", "/consumers?size=30&sort_by=username&sort_desc=1").json()
    some = spa("GET", "/consumers?username=R&sort_desc=1&size=30").json()

    names = [row["username"] for row in by_name["data"]]
    assert names == ["anna", "Berta", "carla"]
    assert [row["username"] for row in falling["data"]] == names[::-1]
    assert {row["username"] for row in some["data"]} <= set(names)


@pytest.mark.parametrize("text", ["nobody", "a b", "..", "#x", "a/b?c", "%C5%BE", "x/"])
def test_a_filter_that_finds_nothing_is_not_found(server: Server, text: str) -> None:
    """The text stands unescaped in the path; a browser leaves out what is behind #."""
    browser = Browser(server.admin)
    path = f"/consumers/{text.replace(' ', '%20').partition('#')[0]}"

    answer = browser("GET", path)

    if path == "/consumers/":
        assert has(answer.json(), "data")
    else:
        assert (answer.status, answer.json()) == (404, {"message": "Not found"})


def test_the_exact_name_is_found(spa: Browser) -> None:
    id_ = make(spa)

    assert spa("GET", "/consumers/anna").json()["id"] == id_


# Credentials


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_a_credential_is_made_listed_changed_and_deleted(
    spa: Browser, kind: str
) -> None:
    schema, body, shown = CREDENTIALS[kind]
    consumer = make(spa)
    path = f"/consumers/{consumer}/{kind}"

    form = spa("GET", f"/schemas/{schema}")
    made = spa("POST", path, body)
    listed = spa("GET", f"{path}{PAGE}").json()
    id_ = made.json()["id"]
    read = spa("GET", f"{path}/{id_}")
    changed = spa("PATCH", f"{path}/{id_}", as_form(read.json(), body))
    deleted = spa("DELETE", f"{path}/{id_}")

    assert all(len(field) == 1 for field in form.json()["fields"])
    assert made.status == 201, made.text
    [row] = listed["data"]
    assert has(row, f"id created_at tags {shown}")
    assert read.status == changed.status == 200
    assert deleted.status == 204


def test_an_empty_form_is_told_what_is_missing(spa: Browser) -> None:
    consumer = make(spa)

    answer = spa("POST", f"/consumers/{consumer}/basic-auth", {})

    assert answer.status == 400
    assert "required field missing" in answer.json()["message"]


@pytest.mark.parametrize(
    ("schema", "field"),
    [("basicauth_credentials", "password"), ("oauth2_credentials", "client_secret")],
)
def test_what_is_encrypted_is_typed_unseen(
    spa: Browser, schema: str, field: str
) -> None:
    fields = spa("GET", f"/schemas/{schema}").json()["fields"]
    [definition] = [entry[field] for entry in fields if field in entry]

    assert definition["encrypted"] is True


# Plugins


def test_plugins_of_a_consumer_are_listed_and_switched(spa: Browser) -> None:
    consumer = make(spa)
    path = f"/consumers/{consumer}/plugins"
    body = {"name": "rate-limiting", "config": {"minute": 5}, "instance_name": "five"}

    made = spa("POST", path, body)
    [row] = spa("GET", f"{path}{PAGE}").json()["data"]
    [picked] = spa("GET", path).json()["data"]
    off = spa("PATCH", f"{path}/{row['id']}", {**row, "enabled": False})
    by_name = spa("GET", f"{path}/five")
    whole = spa("GET", f"{path}/{row['id']}?expand_partials=true")
    deleted = spa("DELETE", f"{path}/{row['id']}")

    assert made.status == 201, made.text
    assert has(row, LISTED_PLUGIN)
    assert picked["name"] == "rate-limiting"
    assert (off.status, off.json()["enabled"]) == (200, False)
    assert by_name.json() == whole.json() == off.json()
    assert deleted.status == 204


def test_global_plugins_are_listed_and_found(spa: Browser) -> None:
    plugin = make_plugin(spa, config={"minute": 5}, instance_name="all")

    [row] = spa("GET", f"/plugins{PAGE}").json()["data"]

    assert has(row, LISTED_PLUGIN)
    assert spa("GET", "/plugins/all").json() == plugin
    assert spa("GET", "/plugins/nothing").status == 404
    assert (
        "rate-limiting" in spa("GET", "/kong").json()["plugins"]["enabled_in_cluster"]
    )


def test_a_plugin_form_is_made_from_its_schema(spa: Browser) -> None:
    schema = spa("GET", "/schemas/plugins/key-auth").json()

    fields = {name: kind for field in schema["fields"] for name, kind in field.items()}
    assert fields.keys() >= {"config", "protocols"}
    assert "eq" in fields["consumer"]  # which keeps the form from offering one
    assert isinstance(schema["entity_checks"], list)


@pytest.mark.parametrize("path", ["/services", "/routes", "/consumers"])
def test_pickers_learn_whether_they_have_everything(spa: Browser, path: str) -> None:
    answer = spa("GET", f"{path}?size=50")

    assert (answer.status, answer.json()) == (200, {"data": [], "next": None})


# Consumer groups, which only the enterprise and Konnect pages show


def test_groups_are_listed_with_how_many_consumers_they_have(spa: Browser) -> None:
    group = spa("POST", "/consumer_groups", {"name": "gold", "tags": []}).json()
    members = f"/consumer_groups/{group['id']}/consumers"
    consumer = make(spa)

    added = spa("POST", members, {"consumer": consumer})
    twice = spa("POST", members, {"consumer": consumer})
    [row] = spa("GET", "/consumer_groups?counter=true").json()["data"]
    whole = spa("GET", f"/consumer_groups/{group['id']}").json()
    alone = spa("GET", f"/consumer_groups/{group['id']}?list_consumers=false").json()
    listed = spa("GET", members).json()

    assert (added.status, twice.status) == (201, 409)
    assert has(row, "id name tags")
    assert row["consumers_count"] == 1
    assert [c["id"] for c in whole["consumers"]] == [consumer]
    assert alone == {"consumer_group": group}
    assert [c["id"] for c in listed["consumers"]] == [consumer]
    assert spa("DELETE", f"{members}/{consumer}").status == 204


def test_a_consumer_is_put_into_groups_on_its_page(spa: Browser) -> None:
    group = spa("POST", "/consumer_groups", {"name": "gold", "tags": []}).json()["id"]
    path = f"/consumers/{make(spa)}/consumer_groups"

    added = spa("POST", path, {"group": group})
    listed = spa("GET", path).json()
    removed = spa("DELETE", f"{path}/{group}")

    assert (added.status, removed.status) == (201, 204)
    assert [row["id"] for row in listed["consumer_groups"]] == [group]
    changed = spa("PATCH", f"/consumer_groups/{group}", {"name": "gold", "tags": ["a"]})
    assert changed.json()["tags"] == ["a"]
    assert spa("DELETE", f"/consumer_groups/{group}").status == 204


def test_pickers_ask_for_a_thousand_consumers(spa: Browser) -> None:
    assert spa("GET", "/consumers?size=1000").status == 200


# Errors, hazards and origins


@pytest.mark.parametrize(
    "path", ["/nowhere", "/consumers/a/b", "/auth", "/userinfo", "/consumers/a/b/"]
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_an_unknown_path_is_told_in_json_and_never_redirected(
    server: Server, method: str, path: str
) -> None:
    answer = ask(f"{server.admin}{path}", method, headers=HEADERS)

    assert (answer.status, answer.json()) == (404, {"message": "Not found"})
    assert answer.headers["Access-Control-Allow-Origin"] == GUI


def test_a_slash_at_the_end_is_not_redirected(spa: Browser) -> None:
    make(spa)

    answers = [spa("GET", path) for path in ("/consumers/", "/consumers/anna/")]

    assert [answer.status for answer in answers] == [200, 200]


def test_an_error_says_its_message(spa: Browser) -> None:
    make(spa)

    answer = spa("POST", "/consumers", {"username": "anna", "tags": []})

    assert answer.status == 409
    assert json.loads(answer.body).keys() == {"code", "name", "message", "fields"}


def test_only_the_managers_origin_may_read_where_one_is_configured() -> None:
    gui = "https://manager.example.com"
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    with Server(ADMIN_GUI_URL=f"{gui}/kong") as server:
        own = ask(f"{server.admin}/consumers", headers={**HEADERS, "Origin": gui})
        write = ask(
            f"{server.admin}/consumers",
            "POST",
            json={"username": "anna"},
            headers={**HEADERS, "Origin": gui},
        )
        foreign = ask(f"{server.admin}/consumers", headers=elsewhere)

    assert (own.status, write.status, foreign.status) == (200, 201, 403)
    for answer in (own, write, foreign):
        assert answer.headers["Access-Control-Allow-Origin"] == gui
