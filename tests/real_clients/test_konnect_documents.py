"""The lines of Konnect's document about realms, run with the real curl, in order."""

import json
import re
import subprocess
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from contract.claims import FOLDER
from programs import needs
from servers import Server, ask

DOCUMENTS = FOLDER.parent / "documents"
FENCED = re.compile(r"```(?:sh)?\n(\s*curl .*?)```", re.DOTALL)
MAKE_TOKEN = """
import json
import django
django.setup()
from django.contrib.auth.models import User
from kongadmin.access.models import APIToken
owner = User.objects.get(username="kong_admin")
print(json.dumps(APIToken.issue(owner, "documents")[1]))
"""
pytestmark = [
    needs("curl"),
    pytest.mark.skipif(
        not DOCUMENTS.exists(), reason=f"the documents are not at {DOCUMENTS}"
    ),
]


def lines() -> list[str]:
    """Return the commands of the document, each as a shell would run it."""
    [path] = DOCUMENTS.glob("000*.txt")
    return FENCED.findall(path.read_text())


def run(line: str, names: dict[str, str]) -> tuple[int, Any]:
    """Return the status and the body that a command answers, its names filled in."""
    for name, value in names.items():
        line = line.replace(name, value)
    command = f"{line.strip()} -s -w '\\n%{{http_code}}'"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=True
    )
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


@pytest.fixture
def names(server: Server) -> dict[str, str]:
    """What a reader of the document puts in for its placeholders."""
    plane = ask(f"{server.admin}/workspaces", "POST", json={"name": "realm-user"})
    token = server.run(MAKE_TOKEN)
    return {
        "https://{region}.api.konghq.com": server.admin,
        "$CONTROL_PLANE_ID": plane.json()["id"],
        "$CONSUMER_GROUP_NAME": "gold",
        "$CONSUMER_NAME": "ariel",
        "$KONNECT_TOKEN": token,
        "KONNECT_TOKEN": token,
    }


def is_let_in(server: Server, realm: dict, key: str) -> bool:
    """Say whether the authorizer takes a key, in the control plane that may ask."""
    source = {"scope": "realm", "id": realm["id"]}
    plugin = {"name": "key-auth", "config": {"identity_realms": [source]}}
    plane = f"{server.admin}/realm-user/plugins/{uuid5(NAMESPACE_URL, realm['id'])}"
    assert ask(plane, "PUT", json=plugin).status == 200
    url = f"{server.admin}/dataplane/v1/realm-user/auth/nginx"
    headers = {"X-Original-URI": "/", "X-Original-Method": "GET", "apikey": key}
    return ask(url, headers=headers).status == 200


def test_a_realm_a_consumer_and_a_key_as_documented(
    server: Server, names: dict[str, str]
) -> None:
    make_realm, make_consumer, make_key = lines()

    status, realm = run(make_realm, names)
    names["{realmId}"] = realm["id"]
    consumer_status, consumer = run(make_consumer, names)
    names["{consumerId}"] = consumer["id"]
    key_status, key = run(make_key, names)

    assert (status, consumer_status, key_status) == (201, 201, 201)
    assert (realm["ttl"], realm["negative_ttl"]) == (10, 10)
    assert realm["allowed_control_planes"] == [names["$CONTROL_PLANE_ID"]]
    assert realm["consumer_groups"] == consumer["consumer_groups"] == ["gold"]
    assert (key["type"], key["secret"][:4]) == ("new", "kcc_")
    assert is_let_in(server, realm, key["secret"])
    assert not is_let_in(server, realm, "kcc_wrong")
    gone = ask(f"{server.admin}/v1/realms/{realm['id']}?force=true", "DELETE")
    assert gone.status == 204
    ask(f"{server.admin}/workspaces/realm-user?cascade=true", "DELETE")
