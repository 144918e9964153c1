"""nginx that repeats decisions by itself, for as long as the authorizer lets it."""

from collections.abc import Callable, Iterator

import pytest

from proxies import fronts
from servers import Server, ask

pytestmark = pytest.mark.one_database
CONFIG = {"key_names": ["apikey", "x-other-key"]}


@pytest.fixture(params=fronts.HOLDING)
def front(request: pytest.FixtureRequest, front_of: Callable[[str], str]) -> str:
    """The URL of each nginx that holds decisions, in turn."""
    return front_of(request.param)


@pytest.fixture
def held(authorizer: Server) -> str:
    """The Admin API of the control plane `held`, which asks for keys."""
    ask(f"{authorizer.admin}/workspaces", "POST", json={"name": "held"})
    admin = f"{authorizer.admin}/held"
    if not ask(f"{admin}/plugins").json()["data"]:
        plugin = {"name": "key-auth", "config": CONFIG}
        assert ask(f"{admin}/plugins", "POST", json=plugin).status == 201
    return admin


@pytest.fixture
def key_of(held: str) -> Iterator[Callable[[str], str]]:
    """Makes a consumer, who is gone after the test, and returns its new key."""
    made = []

    def key_of(name: str) -> str:
        made.append(name)
        url = f"{held}/consumers"
        assert ask(url, "POST", json={"username": name}).status == 201
        return ask(f"{url}/{name}/key-auth", "POST").json()["key"]

    yield key_of
    for name in made:
        ask(f"{held}/consumers/{name}", "DELETE")


def who(url: str, method: str = "GET", **headers: str) -> str | int:
    """Return whom the upstream service was told of; the status if it was not asked."""
    answer = ask(url, method, headers=headers)
    if answer.status != 200:
        return answer.status
    return answer.json()["headers"]["x-consumer-username"][0]


def test_a_decision_is_repeated_and_never_for_another_key(front, held, key_of):
    ann, bob = key_of("ann"), key_of("bob")
    first = [who(front, apikey=ann), who(front, apikey=bob)]
    assert ask(f"{held}/consumers/ann", "DELETE").status == 204

    again = [who(front, apikey=ann), who(front, apikey=bob)]

    assert first == again == ["ann", "bob"]
    assert who(front) == who(front, apikey="nobodys-key") == 401
    assert who(front, Authorization=ann) == 401


def test_every_header_with_a_key_tells_decisions_apart(front, key_of):
    ann, bob = {"x-other-key": key_of("ann")}, {"x-other-key": key_of("bob")}

    met = [who(front, **ann), who(front, **bob), who(front, **ann), who(front)]

    assert met == ["ann", "bob", "ann", 401]


def test_a_decision_is_not_repeated_for_another_request(front, held, key_of):
    key = key_of("ann")
    for url in (front, f"{front}/?apikey={key}"):
        assert who(url, apikey=key) == "ann"
    assert ask(f"{held}/consumers/ann", "DELETE").status == 204

    assert who(front, apikey=key) == "ann"
    assert who(f"{front}/other", apikey=key) == 401
    assert who(f"{front}/?apikey={key}") == 401
    assert who(front, "DELETE", apikey=key) == 401
    assert who(front, apikey=key, Host="elsewhere") == 401


def test_a_key_beside_another_is_not_taken_for_it(front, key_of):
    key = key_of("ann")
    assert who(front, apikey=key) == "ann"

    assert who(front, apikey=key, ApiKey="nobodys-key") == 401
    assert who(front, apikey="nobodys-key", ApiKey=key) == 401


def test_a_refusal_is_not_held(front, held, key_of):
    key = key_of("carl")
    url = f"{held}/consumers/carl"
    assert ask(url, "DELETE").status == 204
    assert who(front, apikey=key) == 401

    ask(f"{held}/consumers", "POST", json={"username": "carl"})
    ask(f"{url}/key-auth", "POST", json={"key": key})

    assert who(front, apikey=key) == "carl"


def test_what_is_counted_is_not_held(front, held, key_of):
    key = key_of("bob")
    limit = {"name": "rate-limiting", "config": {"year": 2, "policy": "local"}}
    plugin = ask(f"{held}/plugins", "POST", json=limit).json()

    met = [who(front, apikey=key) for _ in range(3)]
    ask(f"{held}/plugins/{plugin['id']}", "DELETE")

    assert met[:2] == ["bob", "bob"]
    assert met[2] in (403, 429)
