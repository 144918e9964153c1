"""What an open Admin API refuses from browsers, and what CORS it speaks."""

import pytest

from clients import Client

GUI = "https://manager.example.com"
ELSEWHERE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
SAFE, UNSAFE = ["GET", "HEAD", "OPTIONS"], ["POST", "PUT", "PATCH", "DELETE"]


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "169.254.0.1:8001", "", "a b"]
)
@pytest.mark.parametrize("rbac", [True, False])
def test_a_foreign_host_is_refused(api: Client, settings, host: str, rbac) -> None:
    settings.ENFORCE_RBAC = rbac

    answer = api.get("/consumers", headers={"Host": host})

    assert answer.status == 403
    assert "KONGADMIN_ALLOWED_HOSTS" in answer.json()["message"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8001", "[::1]:8001"])
def test_this_machine_is_a_known_host(api: Client, host: str) -> None:
    assert api.get("/consumers", headers={"Host": host}).status == 200


@pytest.mark.parametrize("method", [*SAFE, *UNSAFE])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_is_refused(api: Client, method: str, site: str) -> None:
    answer = api.ask(method, "/consumers/anna", headers={"Sec-Fetch-Site": site})

    assert answer.status == 403


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost.evil.example", "http://[::1"],
)
@pytest.mark.parametrize("method", UNSAFE)
def test_an_older_browser_is_known_by_its_origin(
    api: Client, method: str, origin: str
) -> None:
    answer = api.ask(method, "/consumers/anna", headers={"Origin": origin})

    assert answer.status == 403


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:8002", "http://127.0.0.1:8002", "http://[::1]:8002", GUI],
)
def test_the_manager_and_pages_of_this_machine_may_write(
    api: Client, settings, origin: str
) -> None:
    settings.ADMIN_GUI_URL = settings.ADMIN_GUI_ORIGIN = GUI
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}

    assert api.put("/consumers/anna", headers=headers).status == 200


def test_a_link_from_another_site_may_be_followed(api: Client) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert api.get("/consumers", headers=headers).status == 200
    assert api.post("/consumers", headers=headers).status == 403


def test_programs_send_none_of_it_and_may_all(api: Client) -> None:
    assert api.post("/consumers", form="username=anna").status == 201


def test_with_rbac_a_token_is_enough_from_anywhere(client_of) -> None:
    answer = client_of().put("/consumers/anna", headers=ELSEWHERE)

    assert answer.status == 200


def test_cors_echoes_the_origin_or_allows_any(client_of) -> None:
    api = client_of()

    echoed = api.get("/consumers", headers={"Origin": "https://a.example"})

    assert echoed.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert api.get("/").headers["Access-Control-Allow-Origin"] == "*"


def test_cors_allows_only_the_manager_where_it_has_an_address(
    client_of, settings
) -> None:
    settings.ADMIN_GUI_URL = settings.ADMIN_GUI_ORIGIN = GUI

    answer = client_of().get("/consumers", headers=ELSEWHERE)

    assert answer.headers["Access-Control-Allow-Origin"] == GUI
    assert answer.headers["Vary"] == "Origin"


def test_no_main_answer_says_what_a_preflight_says(api: Client) -> None:
    headers = api.get("/consumers").headers

    assert headers["Access-Control-Allow-Methods"] is None
    assert headers["Access-Control-Allow-Headers"] is None
