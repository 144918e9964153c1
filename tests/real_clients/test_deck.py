"""decK, built from its source, against the product: what it syncs stays as it is."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from programs import BUILT, needs
from real_deck import EVERYTHING, FORMAT, Deck, write
from servers import Server, ask

pytestmark = needs("deck")


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server whose every entity decK may delete."""
    with Server() as running:
        yield running


@pytest.fixture
def deck(own: Server) -> Iterator[Deck]:
    deck = Deck(own)
    yield deck
    deck.do("reset", "--force")
    for workspace in names(own, "/workspaces", "name"):
        if workspace != "default":
            address = f"{own.admin}/workspaces/{workspace}?cascade=true"
            assert ask(address, "DELETE").status == 204


def without_passwords(path: Path) -> Path:
    """Write everything but the basic-auth credentials.

    Of those this decK sends a field SkipHash to be validated, and with --skip-defaults
    asks for a schema `basicauth_credential`; no Kong has either.
    """
    content = yaml.safe_load(EVERYTHING.read_text())
    for consumer in content["consumers"]:
        consumer.pop("basicauth_credentials", None)
    return write(path, **content)


def names(server: Server, path: str, field: str = "username") -> list[str]:
    return sorted(row[field] for row in ask(f"{server.admin}{path}").json()["data"])


def test_it_finds_the_product(deck: Deck) -> None:
    assert "Successfully connected to Kong!" in deck.do("ping")
    assert "3.10.0.0" in deck.do("ping")


def test_it_finds_what_it_can_sync_valid(deck: Deck, tmp_path: Path) -> None:
    deck.do("validate", without_passwords(tmp_path / "kong.yaml"))


def test_it_is_told_what_is_not_valid(deck: Deck, tmp_path: Path) -> None:
    plugin = {"name": "request-termination", "config": {"status_code": 1}}
    file = write(tmp_path / "kong.yaml", plugins=[plugin])

    done = deck.run("validate", file)

    assert done.returncode == 1
    assert "value should be between 100 and 599" in done.stderr


def test_what_it_has_synced_differs_no_more(deck: Deck) -> None:
    assert deck.differences(EVERYTHING)

    deck.do("sync", EVERYTHING)

    assert deck.differences(EVERYTHING) == ""


def test_what_it_dumps_can_be_synced_again(deck: Deck, tmp_path: Path) -> None:
    deck.do("sync", EVERYTHING)
    dumped = deck.dump(tmp_path / "dump.yaml", "--with-id")
    deck.do("reset", "--force")
    gone = deck.dump(tmp_path / "empty.yaml")

    # The password is a hash by now and is hashed again, as by Kong.
    deck.do("sync", tmp_path / "dump.yaml")

    assert gone == FORMAT
    assert len(dumped["consumers"]) == 3
    assert deck.differences(tmp_path / "dump.yaml") == ""
    assert deck.differences(EVERYTHING) == ""


def test_a_dump_without_defaults_says_the_same(deck: Deck, tmp_path: Path) -> None:
    file = without_passwords(tmp_path / "kong.yaml")
    deck.do("sync", file)

    dumped = deck.dump(tmp_path / "dump.yaml", "--skip-defaults")
    deck.do("reset", "--force")
    deck.do("sync", tmp_path / "dump.yaml")

    [cors] = [plugin for plugin in dumped["plugins"] if plugin["name"] == "cors"]
    assert cors["config"] == {
        "origins": ["https://app.example"],
        "methods": ["GET", "POST"],
    }
    assert deck.differences(file) == ""


def test_a_sync_changes_and_deletes(deck: Deck, own: Server, tmp_path: Path) -> None:
    deck.do("sync", EVERYTHING)
    bob = {"username": "bob", "tags": ["new"], "groups": [{"name": "gold"}]}
    bob["keyauth_credentials"] = [{"key": "bobs-third-key"}]
    groups = [{"name": "gold", "tags": ["renewed"]}]
    file = write(tmp_path / "kong.yaml", consumers=[bob], consumer_groups=groups)

    deck.do("sync", file)

    assert deck.differences(file) == ""
    assert names(own, "/consumers") == ["bob"]
    assert names(own, "/consumers/bob/key-auth", "key") == ["bobs-third-key"]
    assert names(own, "/consumers/bob/consumer_groups", "name") == ["gold"]
    assert names(own, "/plugins", "name") == []


def test_an_apply_deletes_nothing(deck: Deck, own: Server, tmp_path: Path) -> None:
    first = write(tmp_path / "first.yaml", consumers=[{"username": "anna"}])
    second = write(tmp_path / "second.yaml", consumers=[{"username": "bob"}])
    deck.do("sync", first)

    deck.do("apply", second)

    assert names(own, "/consumers") == ["anna", "bob"]


def test_select_tags_leave_what_others_own_alone(
    deck: Deck, own: Server, tmp_path: Path
) -> None:
    others = {"username": "others", "tags": ["team-b"]}
    deck.do("sync", write(tmp_path / "others.yaml", consumers=[others]))
    key = {"key": "ours-key"}
    ours = {"username": "ours", "keyauth_credentials": [key]}
    ours["groups"] = [{"name": "ours"}]
    plugin = {"name": "rate-limiting", "consumer": "ours", "config": {"minute": 5}}
    file = write(
        tmp_path / "ours.yaml",
        _info={"select_tags": ["team-a"]},
        consumers=[ours],
        consumer_groups=[{"name": "ours"}],
        plugins=[plugin],
    )

    deck.do("sync", file)
    after_sync = deck.differences(file), names(own, "/consumers")
    dumped = deck.dump(tmp_path / "dump.yaml", "--select-tag", "team-a")
    deck.do("reset", "--force", "--select-tag", "team-a")

    assert after_sync == ("", ["others", "ours"])
    assert [consumer["username"] for consumer in dumped["consumers"]] == ["ours"]
    assert names(own, "/consumers") == ["others"]
    assert names(own, "/plugins", "name") == []


def test_default_lookup_tags_find_groups_that_others_own(
    deck: Deck, own: Server, tmp_path: Path
) -> None:
    shared = {"name": "shared", "tags": ["shared"]}
    deck.do("sync", write(tmp_path / "shared.yaml", consumer_groups=[shared]))
    file = write(
        tmp_path / "ours.yaml",
        _info={
            "select_tags": ["team-a"],
            "default_lookup_tags": {"consumer_groups": ["shared"]},
        },
        consumers=[{"username": "ours", "groups": [{"name": "shared"}]}],
    )

    deck.do("sync", file)

    assert deck.differences(file) == ""
    assert names(own, "/consumer_groups/shared/consumers") == ["ours"]


def test_a_workspace_is_made_when_it_is_missing(
    deck: Deck, own: Server, tmp_path: Path
) -> None:
    there = ("--workspace", "team-a")

    deck.do("sync", EVERYTHING, *there)

    assert deck.differences(EVERYTHING, *there) == ""
    dumped = deck.dump(tmp_path / "dump.yaml", *there)
    assert dumped["_workspace"] == "team-a"
    assert names(own, "/workspaces", "name") == ["default", "team-a"]
    assert names(own, "/consumers") == []
    deck.do("reset", "--force", *there)
    assert names(own, "/team-a/consumers") == []


def test_every_workspace_is_dumped_to_a_file_of_its_own(
    deck: Deck, own: Server, tmp_path: Path
) -> None:
    file = write(tmp_path / "kong.yaml", consumers=[{"username": "bob"}])
    deck.do("sync", file, "--workspace", "team-b")
    folder = tmp_path / "dumps"
    folder.mkdir()
    command = [BUILT["deck"], "gateway", "dump", "--all-workspaces", *deck.options]

    subprocess.run(command, cwd=folder, check=True)

    dumped = yaml.safe_load((folder / "team-b.yaml").read_text())
    assert dumped["consumers"] == [{"username": "bob"}]
    deck.do("reset", "--force", "--all-workspaces")
    assert names(own, "/team-b/consumers") == []


def test_overrides_of_a_group_are_kept(deck: Deck, own: Server, tmp_path: Path) -> None:
    config = {"limit": [10], "window_size": [10], "retry_after_jitter_max": 1}
    override = {"name": "rate-limiting-advanced", "config": config}
    file = write(
        tmp_path / "kong.yaml",
        _info={"consumer_group_policy_overrides": True},
        consumer_groups=[{"name": "gold", "plugins": [override]}],
    )

    deck.do("sync", file)

    assert deck.differences(file) == ""
    group = ask(f"{own.admin}/consumer_groups/gold").json()
    assert group["plugins"][0]["config"] == {"window_type": "sliding", **config}
    dump = deck.dump(tmp_path / "dump.yaml", "--consumer-group-policy-overrides")
    [dumped] = dump["consumer_groups"]
    assert dumped["plugins"][0]["config"]["limit"] == [10]


def test_a_token_lets_it_in_where_the_api_asks_for_one() -> None:
    with Server(ENFORCE_RBAC="on") as server:
        stranger = Deck(server)
        known = Deck(server, "--headers", f"Kong-Admin-Token:{make_token(server)}")

        refused = stranger.run("sync", EVERYTHING)
        known.do("sync", EVERYTHING)

        assert refused.returncode == 1
        assert "Invalid RBAC credentials" in refused.stderr
        assert known.differences(EVERYTHING) == ""
        known.do("reset", "--force")


def test_it_syncs_with_the_communitys_edition(tmp_path: Path) -> None:
    content = yaml.safe_load(EVERYTHING.read_text())
    del content["consumer_groups"]
    bob, *_ = content["consumers"]
    del bob["mtls_auth_credentials"]
    for consumer in content["consumers"]:
        consumer.pop("groups", None)
    content["plugins"] = [
        plugin
        for plugin in content["plugins"]
        if plugin["name"] != "rate-limiting-advanced"
    ]
    file = write(tmp_path / "kong.yaml", **content)
    with Server(COMPAT_VERSION="3.9.3") as server:
        deck = Deck(server)

        pinged = deck.do("ping")
        deck.do("sync", file)
        dumped = deck.dump(tmp_path / "dump.yaml")

        assert "3.9.3" in pinged
        assert deck.differences(file) == ""
        assert deck.differences(tmp_path / "dump.yaml") == ""
        assert len(dumped["consumers"]) == 3
        deck.do("reset", "--force")


def make_token(server: Server) -> str:
    """Return the text of a token of kong_admin's, made for `server`."""
    return server.run(
        """
import django, json
django.setup()
from django.contrib.auth import get_user_model
from kongadmin.access.models import APIToken
user = get_user_model().objects.get(username="kong_admin")
print(json.dumps(APIToken.issue(user, "decK")[1]))
"""
    )
