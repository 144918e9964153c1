"""What As code shows while one types makes what the form would, run by its own tool."""

import html
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import kubectl
from filled import Filled
from kubectl import PROGRAM
from programs import BUILT, needs
from servers import Server, ask

pytestmark = pytest.mark.one_database

HOSTILE = 'o\'neill "$HOME" `id` \\ ${{ env "X" }} & 100% +1 日本'
# What the browser sends in place of a secret, and what the variables hold.
TYPED = "•"
TAGS = "a, b c"
HELD = {
    "PASSWORD": 'p"a"s$s',
    "KEY": "a key & a half",
    "SECRET": "hush",
    "REDIS_PASSWORD": "redis",
}


def held_by(who: str) -> dict[str, str]:
    """Return what the variables hold; no two keys are the same."""
    held = HELD | {"KEY": f"{HELD['KEY']} of {who}"}
    return held | {f"DECK_{name}": value for name, value in held.items()}


def run(
    command: list[str | Path], who: str, stdin: str = "", more: dict | None = None
) -> None:
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        env=os.environ | held_by(who) | (more or {}),
        timeout=120,
    )
    assert done.returncode == 0, f"{stdin or command[-1]}\n{done.stdout}{done.stderr}"


def run_in_shell(code: str, server: Server) -> None:
    run(["bash", "-c", code.replace("curl ", "curl --fail-with-body -sS ", 1)], "curl")


def run_in_python(code: str, server: Server) -> None:
    run([sys.executable, "-c", code], "python")


def apply_with_deck(code: str, server: Server) -> None:
    address = ["--kong-addr", server.admin, "--analytics=false"]
    run([BUILT["deck"], "gateway", "apply", "-", *address], "deck", code)


RUNNERS = {"curl": run_in_shell, "python": run_in_python, "deck": apply_with_deck}
IN_CURL = pytest.param("curl", marks=needs("curl"))


@pytest.fixture(scope="module")
def typed(server: Server) -> Callable[[str, dict], Callable[[str], str]]:
    """Types into a form of the Manager; returns its code by language."""
    cookies = server.sign_in()
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())

    def send(path: str, form: dict[str, str]) -> Callable[[str], str]:
        url, headers = f"{server.manager}{path}", {"Cookie": cookie}
        filled = Filled(ask(url, headers=headers).text, "entity-form").values
        assert form.keys() <= filled.keys() | {"key_source"}, filled
        token = {"csrfmiddlewaretoken": cookies["kongadmin_csrf"], "preview": "1"}
        answer = ask(
            url,
            "POST",
            form=filled | form | token,
            headers=headers | {"HX-Request": "true"},
        )
        assert answer.status == 200, answer.text
        return lambda language: text_of(answer.text, language)

    return send


def text_of(page: str, language: str) -> str:
    """Return what Copy would copy."""
    found = re.search(rf'<pre id="code-{language}"[^>]*>(.*?)</pre>', page, re.S)
    assert found, page
    return html.unescape(re.sub(r"</?var[^>]*>", "", found[1]))


def listed(server: Server, path: str) -> list[dict]:
    return ask(f"{server.admin}{path}").json()["data"]


@pytest.mark.parametrize(
    "language", [IN_CURL, "python", pytest.param("deck", marks=needs("deck"))]
)
def test_what_is_typed_is_made(server: Server, typed, language: str) -> None:
    def make(path: str, form: dict[str, str]) -> None:
        RUNNERS[language](typed(path, form)(language), server)

    name, group = f"made-by-{language}", f"group-by-{language}"
    custom_id = f"{language} {HOSTILE}"
    own = f"/consumers/{name}"
    new = f"{own}/credentials/{{}}/create".format

    make(
        "/consumers/create",
        {"username": name, "custom_id": custom_id, "tags": "a, b c"},
    )
    consumer = ask(f"{server.admin}{own}").json()
    assert (consumer["custom_id"], consumer["tags"]) == (custom_id, ["a", "b c"])

    login = f"login of {language}"
    make(new("basic-auth"), {"username": login, "password": TYPED})
    make(new("key-auth"), {"key_source": "own", "key": TYPED, "tags": "t"})
    make(new("acl"), {"group": HOSTILE})
    make(new("hmac-auth"), {"username": login, "secret_source": "own", "secret": TYPED})
    assert listed(server, f"{own}/basic-auth")[0]["username"] == login
    assert listed(server, f"{own}/key-auth")[0]["key"].startswith(HELD["KEY"])
    assert listed(server, f"{own}/acls")[0]["group"] == HOSTILE
    assert listed(server, f"{own}/hmac-auth")[0]["secret"] == HELD["SECRET"]

    make("/consumer-groups/create", {"name": group, "tags": "tier"})
    make(f"/consumer-groups/{group}/rate-limiting", {"window-0-limit": "7"})
    config = ask(f"{server.admin}/consumer_groups/{group}").json()["plugins"][0][
        "config"
    ]
    assert (config["limit"], config["window_size"]) == ([7], [60])

    made = {"config.minute": "5", "config.redis.password": TYPED}
    make(f"/plugins/rate-limiting/create?consumer={name}", made)
    [plugin] = listed(server, f"{own}/plugins")
    assert plugin["config"]["minute"] == 5
    assert plugin["config"]["redis"]["password"] == HELD["REDIS_PASSWORD"]

    # Everything that was there before is there still.
    again = ask(f"{server.admin}{own}").json()
    assert (again["custom_id"], again["tags"]) == (custom_id, ["a", "b c"])

    [signer] = listed(server, f"{own}/hmac-auth")
    make(f"{own}/credentials/hmac-auth/{signer['id']}/edit", {"username": "renamed"})
    make(f"{own}/edit", {"tags": "", "username": f"{name}-renamed"})
    make(f"/consumer-groups/{group}/edit", {"tags": "other"})
    make(f"/plugins/{plugin['id']}/edit", {"config.minute": "6"})

    own = f"{own}-renamed"
    [changed] = listed(server, f"{own}/hmac-auth")
    assert (changed["id"], changed["username"]) == (signer["id"], "renamed")
    assert changed["secret"] == HELD["SECRET"]
    consumer = ask(f"{server.admin}{own}").json()
    assert (consumer["custom_id"], consumer["tags"] or []) == (custom_id, [])
    tier = ask(f"{server.admin}/consumer_groups/{group}").json()["consumer_group"]
    assert tier["tags"] == ["other"]
    [plugin] = listed(server, f"{own}/plugins")
    assert plugin["config"]["minute"] == 6
    assert plugin["config"]["redis"]["password"] == HELD["REDIS_PASSWORD"]
    ask(f"{server.admin}{own}", "DELETE")


@pytest.mark.parametrize("language", [IN_CURL, "python"])
def test_what_is_typed_is_made_in_konnects_terms(
    server: Server, typed, language: str
) -> None:
    def make(path: str, form: dict[str, str]) -> None:
        RUNNERS[language](typed(path, form)(language), server)

    name = f"by-{language}"
    labels = {"name": name, "description": HOSTILE, "labels": "env: prod"}
    make("/control-planes/create", labels | {"auth_type": "pinned_client_certs"})
    times = {"ttl": "30", "negative_ttl": "5", "consumer_groups": "gold"}
    make("/realms/create", {"name": name, "access": "every", **times})
    inside = f"/realms/{name}/consumers"
    make(f"{inside}/create", {"username": name, "custom_id": HOSTILE, "type": "admin"})
    keys = f"{inside}/{name}/credentials/key-auth/create"
    make(keys, {"key_source": "generate", "tags": "ci"})
    make(keys, {"key_source": "own", "key": TYPED})

    realms = {each["name"]: each for each in listed(server, "/v1/realms")}
    realm = realms[name]
    assert (realm["ttl"], realm["consumer_groups"]) == (30, ["gold"])
    assert realm["allow_all_control_planes"] is True
    [consumer] = listed(server, f"/v1/realms/{realm['id']}/consumers")
    assert (consumer["custom_id"], consumer["type"]) == (HOSTILE, "admin")
    path = f"/v1/realms/{realm['id']}/consumers/{consumer['id']}/keys"
    assert {key["type"] for key in listed(server, path)} == {"new", "legacy"}
    planes = listed(server, "/v2/control-planes")
    [plane] = [each for each in planes if each["name"] == name]
    assert (plane["description"], plane["labels"]) == (HOSTILE, {"env": "prod"})

    make(f"/realms/{name}/edit", {"ttl": "45", "access": "listed"})
    make(f"/control-planes/{name}/edit", {"description": "", "labels": ""})
    make(f"{inside}/{name}/edit", {"custom_id": "", "type": "proxy"})

    realm = ask(f"{server.admin}/v1/realms/{realm['id']}").json()
    assert (realm["ttl"], realm["allow_all_control_planes"]) == (45, False)
    plane = ask(f"{server.admin}/v2/control-planes/{plane['id']}").json()
    assert (plane["description"], plane["labels"]) == ("", {})
    [consumer] = listed(server, f"/v1/realms/{realm['id']}/consumers")
    assert (consumer["custom_id"], consumer["type"]) == (None, "proxy")


@kubectl.needed()
def test_kubectl_makes_what_is_typed(server: Server, typed) -> None:
    config = {"KUBECONFIG": str(server.home / "kubeconfig.yaml")}

    def make(path: str, form: dict[str, str]) -> None:
        code = typed(path, form)("kubectl").replace("kubectl ", f"{PROGRAM} ", 1)
        run(["bash", "-c", code], "kubectl", more=config)

    custom_id = f"kubectl {HOSTILE}"
    make("/consumers/create", {"username": "by-kubectl", "custom_id": custom_id})
    make("/consumer-groups/create", {"name": "group-by-kubectl", "tags": "tier"})
    new = "/consumers/by-kubectl/credentials/{}/create".format
    make(new("basic-auth"), {"username": "login of kubectl", "password": TYPED})
    make(new("key-auth"), {"key_source": "own", "key": TYPED})
    make(new("acl"), {"group": HOSTILE})
    make(new("hmac-auth"), {"username": "k", "secret_source": "own", "secret": TYPED})

    own = "/consumers/by-kubectl"
    assert ask(f"{server.admin}{own}").json()["custom_id"] == custom_id
    assert listed(server, f"{own}/basic-auth")[0]["username"] == "login of kubectl"
    assert listed(server, f"{own}/key-auth")[0]["key"].startswith(HELD["KEY"])
    assert listed(server, f"{own}/acls")[0]["group"] == HOSTILE
    assert listed(server, f"{own}/hmac-auth")[0]["secret"] == HELD["SECRET"]
    group = ask(f"{server.admin}/consumer_groups/group-by-kubectl").json()
    assert "tier" in group["consumer_group"]["tags"]

    plane = {"name": "plane-by-kubectl", "description": HOSTILE, "labels": "env: prod"}
    make("/control-planes/create", plane)
    make("/@plane-by-kubectl/consumers/create", {"username": "inside"})
    inside = ask(f"{server.admin}/plane-by-kubectl/consumers/inside")
    assert inside.status == 200
