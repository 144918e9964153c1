"""One product of its own, one upstream service, and the proxies between them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import servers
from proxies import fronts, upstream
from servers import Server, ask


@pytest.fixture(scope="session")
def authorizer() -> Iterator[Server]:
    """A product that knows carl, and ann who may ask once a year; preflights pass."""
    with Server(WORKERS="1") as running:
        admin = running.admin
        [plugin] = ask(f"{admin}/plugins").json()["data"]
        skips = {"config": {"run_on_preflight": False}}
        assert ask(f"{admin}/plugins/{plugin['id']}", "PATCH", json=skips).status == 200
        for name in ("carl", "ann"):
            make(f"{admin}/consumers", username=name)
            make(f"{admin}/consumers/{name}/key-auth", key=f"the-key-of-{name}")
        make(f"{admin}/consumers/carl/acls", group="friends")
        limit = {"year": 1, "policy": "local"}
        make(f"{admin}/consumers/ann/plugins", name="rate-limiting", config=limit)
        yield running


@pytest.fixture
def spent(authorizer: Server) -> dict[str, str]:
    """The headers of a request of ann, who has asked this year."""
    headers = {"apikey": "the-key-of-ann"}
    assert ask(authorizer.proxy, headers=headers).status in (200, 429)
    return headers


@pytest.fixture
def hidden(authorizer: Server) -> Iterator[None]:
    """Keys are kept from the upstream service."""
    plugins = ask(f"{authorizer.admin}/plugins").json()["data"]
    [plugin] = [each for each in plugins if each["name"] == "key-auth"]
    url = f"{authorizer.admin}/plugins/{plugin['id']}"
    ask(url, "PATCH", json={"config": {"hide_credentials": True}})
    yield
    ask(url, "PATCH", json={"config": {"hide_credentials": False}})


@pytest.fixture
def strangers_only(authorizer: Server) -> Iterator[None]:
    """Friends may not pass."""
    url = f"{authorizer.admin}/plugins"
    plugin = make(url, name="acl", config={"deny": ["friends"]})
    yield
    assert ask(f"{url}/{plugin['id']}", "DELETE").status == 204


def make(url: str, **fields: object) -> dict:
    answer = ask(url, "POST", json=fields)
    assert answer.status == 201, answer.text
    return answer.json()


@pytest.fixture(scope="session")
def upstream_port() -> Iterator[int]:
    with upstream.serving() as port:
        yield port


@pytest.fixture(scope="session")
def front_of(authorizer: Server, upstream_port: int) -> Iterator[Callable[[str], str]]:
    """Gives the URL of a proxy by its name; each is started once, when first asked."""
    started: dict[str, str | None] = {}
    with ExitStack() as stack:

        def front(name: str) -> str:
            if reason := fronts.missing(name):
                pytest.skip(reason)
            if name not in started:
                started[name] = None
                folder = stack.enter_context(fronts.own_folder())
                [port] = servers.free_ports(1)
                at = fronts.Addresses(
                    f"127.0.0.1:{port}",
                    authorizer.admin.removeprefix("http://"),
                    f"127.0.0.1:{upstream_port}",
                )
                command = (fronts.FRONTS | fronts.HOLDING)[name](folder, at)
                running = fronts.running(command, folder, at.front)
                started[name] = stack.enter_context(running)
            return started[name] or pytest.fail(f"{name} did not start")

        yield front


@pytest.fixture
def running_fronts() -> list[str]:
    """The names of the proxies that can be run here."""
    return [name for name in fronts.FRONTS if not fronts.missing(name)]


@pytest.fixture(params=fronts.FRONTS)
def front(request: pytest.FixtureRequest, front_of: Callable[[str], str]) -> str:
    """The URL of each proxy in turn."""
    return front_of(request.param)
