"""aio-kong, the Python client of Kong's Admin API, against the product."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml
from kong.client import Kong, KongResponseError

from servers import Server, ask

CONFIGURATION = """
consumers:
- username: applied
  custom_id: "applied-1"
  groups: [internal, external]
  auths:
  - {type: key-auth, config: {key: applied-key}}
  - {type: basic-auth, config: {username: applied, password: first}}
- username: anonymous
plugins:
- name: key-auth
  config: {anonymous: anonymous, hide_credentials: true}
- name: acl
  config: {allow: [internal]}
"""


@pytest.fixture
def using(server: Server) -> Callable[[Callable[[Kong], Awaitable]], Any]:
    """Run a coroutine function with a client; return what it returns.

    Each test has a control plane of its own, so that it may delete all there is.
    """
    name = "aio-kong"
    ask(f"{server.admin}/workspaces", "POST", json={"name": name})

    def run(steps: Callable[[Kong], Awaitable]) -> Any:
        # In a thread: the one of the tests may have the browser's loop running.
        job = connected(f"{server.admin}/{name}", steps)
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, job).result()

    yield run
    ask(f"{server.admin}/workspaces/{name}?cascade=true", "DELETE")


async def connected(url: str, steps: Callable[[Kong], Awaitable]) -> Any:
    async with Kong(url) as kong:
        return await steps(kong)


def test_a_consumer_is_made_read_changed_and_deleted(using) -> None:
    async def steps(kong: Kong) -> None:
        made = await kong.consumers.create(username="anna", tags=["a"])
        by_name, by_id = (
            await kong.consumers.get("anna"),
            await kong.consumers.get(made.id),
        )
        changed = await kong.consumers.update("anna", custom_id="42")

        assert by_name == by_id == made
        assert changed["custom_id"] == "42"
        assert changed["tags"] == ["a"]
        assert await kong.consumers.delete("anna") is True
        assert await kong.consumers.has("anna") is False

    using(steps)


def test_a_mistake_is_told(using) -> None:
    async def steps(kong: Kong) -> None:
        await kong.consumers.create(username="anna")

        with pytest.raises(KongResponseError) as taken:
            await kong.consumers.create(username="anna")
        with pytest.raises(KongResponseError) as missing:
            await kong.consumers.get("nobody")

        assert taken.value.status == 409
        assert taken.value.message["fields"] == {"username": "anna"}
        assert missing.value.status == 404
        assert missing.value.message["message"] == "Not found"

    using(steps)


def test_credentials_go_as_forms(using) -> None:
    async def steps(kong: Kong) -> None:
        anna = await kong.consumers.create(username="anna")
        first = await anna.keyauths.get_or_create()
        again = await anna.keyauths.get_or_create()
        await anna.keyauths.create_or_update_credentials({"key": "annas-key"})
        await anna.keyauths.create_or_update_credentials({"key": "annas-key"})
        basic = {"username": "anna", "password": "secret"}
        made = await anna.basicauths.create_credentials(data=basic)
        changed = await anna.basicauths.create_or_update_credentials(
            {**basic, "password": "another"}
        )
        token = await anna.jwts.create()
        group = await anna.acls.create(group="admins")

        assert first.id == again.id
        keys = [key["key"] for key in await anna.keyauths.get_list()]
        assert sorted(keys) == sorted([first["key"], "annas-key"])
        assert changed.id == made.id
        assert changed["password"] != made["password"]
        assert token["algorithm"] == "HS256"
        assert [acl.id for acl in await kong.acls.get_list()] == [group.id]
        assert await anna.jwts.delete(token.id) is True
        assert await anna.jwts.get_full_list() == []

    using(steps)


def test_plugins_belong_to_everyone_or_to_a_consumer(using) -> None:
    async def steps(kong: Kong) -> None:
        anna = await kong.consumers.create(username="anna")
        mine = await anna.plugins.create(name="rate-limiting", config={"minute": 5})
        for_all = await kong.plugins.create(name="rate-limiting", config={"second": 9})
        changed = await kong.plugins.update(for_all.id, config={"hour": 900})

        assert mine["consumer"] == {"id": anna.id}
        assert changed["config"]["second"] == 9
        assert changed["config"]["hour"] == 900
        assert [plugin.id for plugin in await anna.plugins.get_list()] == [mine.id]
        assert len(await kong.plugins.get_full_list()) == 2

    using(steps)


def test_it_pages_through_a_list_and_deletes_while_paging(using) -> None:
    async def steps(kong: Kong) -> None:
        names = [f"consumer-{number:02}" for number in range(25)]
        for name in names:
            await kong.consumers.create(username=name, tags=["many"])

        # It sends the size again behind `next`, which has it already.
        paged = await kong.consumers.get_full_list(size=4)
        tagged = await kong.consumers.get_full_list(size=10, tags="many")
        deleted = await kong.consumers.delete_all()

        assert sorted(consumer.username for consumer in paged) == names
        assert len(tagged) == deleted == len(names)
        assert await kong.consumers.get_list() == []

    using(steps)


def test_a_configuration_can_be_applied_again_and_again(using) -> None:
    async def steps(kong: Kong) -> None:
        configuration = yaml.safe_load(CONFIGURATION)

        for _ in range(3):
            result = await kong.apply_json(configuration)
        applied = await kong.consumers.get("applied")
        anonymous = await kong.consumers.get("anonymous")

        assert [plugin["name"] for plugin in result["plugins"]] == ["key-auth", "acl"]
        assert result["plugins"][0]["config"]["anonymous"] == anonymous.id
        groups = [acl["group"] for acl in await applied.acls.get_list()]
        assert sorted(groups) == ["external", "internal"]
        assert len(await applied.keyauths.get_list()) == 1
        assert len(await applied.basicauths.get_list()) == 1

    using(steps)


def test_what_a_configuration_leaves_out_is_removed(using) -> None:
    async def steps(kong: Kong) -> None:
        configuration = yaml.safe_load(CONFIGURATION)
        await kong.apply_json(configuration)
        configuration["plugins"].pop()
        configuration["consumers"][0]["groups"] = ["external"]

        await kong.apply_json(configuration)
        applied = await kong.consumers.get("applied")

        assert [p["name"] for p in await kong.plugins.get_full_list()] == ["key-auth"]
        assert [acl["group"] for acl in await applied.acls.get_list()] == ["external"]

    using(steps)


def test_it_finds_nothing_of_what_only_a_gateway_needs(using) -> None:
    async def steps(kong: Kong) -> None:
        assert await kong.services.get_list() == []
        assert await kong.routes.get_list() == []
        await kong.delete_all()

    using(steps)
