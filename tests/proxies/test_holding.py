"""nginx that repeats decisions by itself, for as long as the authorizer lets it."""

import pytest

from servers import Server, ask


@pytest.fixture
def held(authorizer: Server) -> str:
    """The Admin API of the control plane `held`, where ann and bob have keys."""
    ask(f"{authorizer.admin}/workspaces", "POST", json={"name": "held"})
    admin = f"{authorizer.admin}/held"
    for name in ("ann", "bob"):
        ask(f"{admin}/consumers", "POST", json={"username": name})
        ask(f"{admin}/consumers/{name}/key-auth", "POST", json={"key": f"{name}s-key"})
    if not ask(f"{admin}/plugins").json()["data"]:
        assert ask(f"{admin}/plugins", "POST", json={"name": "key-auth"}).status == 201
    return admin


def who(front: str, **headers: str) -> str | int:
    """Return whom the upstream service was told of; the status if it was not asked."""
    answer = ask(f"{front}/x", headers=headers)
    if answer.status != 200:
        return answer.status
    return answer.json()["headers"]["x-consumer-username"][0]


def test_a_decision_is_repeated_and_never_for_another_key(front_of, held):
    front = front_of("nginx-holding")
    first = [who(front, apikey="anns-key"), who(front, apikey="bobs-key")]
    assert ask(f"{held}/consumers/ann", "DELETE").status == 204

    again = [who(front, apikey="anns-key"), who(front, apikey="bobs-key")]

    assert first == again == ["ann", "bob"]
    assert who(front) == who(front, apikey="nobodys-key") == 401
    assert who(front, Authorization="anns-key") == 401


def test_a_refusal_is_not_held(front_of, held):
    front = front_of("nginx-holding")
    assert who(front, apikey="carls-key") == 401

    ask(f"{held}/consumers", "POST", json={"username": "carl"})
    ask(f"{held}/consumers/carl/key-auth", "POST", json={"key": "carls-key"})

    assert who(front, apikey="carls-key") == "carl"


def test_what_is_counted_is_not_held(front_of, held):
    front = front_of("nginx-holding")
    limit = {"name": "rate-limiting", "config": {"year": 2, "policy": "local"}}
    plugin = ask(f"{held}/plugins", "POST", json=limit).json()
    ask(f"{held}/consumers/bob/key-auth", "POST", json={"key": "bobs-other-key"})

    met = [who(front, apikey="bobs-other-key") for _ in range(3)]
    ask(f"{held}/plugins/{plugin['id']}", "DELETE")

    assert met == ["bob", "bob", 403]
