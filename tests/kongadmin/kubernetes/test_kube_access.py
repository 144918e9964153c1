"""Who may do what through the façade."""

import base64
from collections.abc import Callable

import pytest

from clients import Client
from factories import make_token, make_user
from manifests import (
    CONFIGURATION,
    CONSUMERS,
    consumer,
    credential,
    path_of,
    refused,
    secret,
)

KEYS = f"{CONFIGURATION}/v1alpha1/namespaces/default/kongcredentialapikeys"
SECRETS = "/api/v1/namespaces/default/secrets"
PLANES = "/apis/konnect.konghq.com/v1alpha2/konnectgatewaycontrolplanes"
KEY = credential("KongCredentialAPIKey", "key", key="k-1")
PLANE = {
    "apiVersion": "konnect.konghq.com/v1alpha2",
    "kind": "KonnectGatewayControlPlane",
    "metadata": {"name": "edge"},
    "spec": {"createControlPlaneRequest": {"name": "edge"}},
}


def basic(token: str) -> dict[str, str]:
    coded = base64.b64encode(f"kubectl:{token}".encode()).decode()
    return {"Authorization": f"Basic {coded}"}


@pytest.fixture
def acting_as(kube: Client, settings) -> Callable[[str], Client]:
    """Return the client of somebody with a role, with RBAC on."""
    settings.ENFORCE_RBAC = True

    def act(role: str) -> Client:
        token = make_token(make_user(f"a-{role}", role))
        return Client(kube.application, {"Authorization": f"Bearer {token}"})

    return act


def test_a_token_is_needed(acting_as, kube: Client) -> None:
    for path in ("/version", "/api", "/apis", "/openapi/v2", CONSUMERS):
        status = refused(kube.get(path), 401, "Unauthorized")
        assert status["message"] == "Unauthorized"


@pytest.mark.parametrize(
    "headers",
    [
        basic("nope"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic bm9jb2xvbg=="},
        {"Authorization": "Bearer nope"},
        {"Authorization": "Digest x"},
    ],
)
def test_a_wrong_token_is_refused(acting_as, kube: Client, headers: dict) -> None:
    refused(kube.get(CONSUMERS, headers=headers), 401, "Unauthorized")


def test_a_token_may_travel_as_anybodys_password(acting_as, kube: Client) -> None:
    token = make_token(make_user("root", "super-admin"))

    assert kube.get(CONSUMERS, headers=basic(token)).status == 200


def test_a_wrong_token_is_refused_without_rbac_too(kube: Client) -> None:
    assert kube.get(CONSUMERS).status == 200
    refused(kube.get(CONSUMERS, headers=basic("nope")), 401, "Unauthorized")


def test_a_viewer_reads_but_no_secrets(acting_as) -> None:
    viewer = acting_as("viewer")

    assert viewer.get(CONSUMERS).status == 200
    assert viewer.get(PLANES).status == 200
    for path in (KEYS, SECRETS):
        refused(viewer.get(path), 403, "Forbidden")
        refused(viewer.get(f"{path}?watch=1"), 403, "Forbidden")
    status = refused(viewer.post(CONSUMERS, json=consumer()), 403, "Forbidden")
    assert 'User "a-viewer (token ' in status["message"]
    assert 'cannot create resource "kongconsumers" in API group' in status["message"]


def test_an_editor_writes_what_concerns_consumers(acting_as) -> None:
    editor = acting_as("editor")

    assert editor.post(CONSUMERS, json=consumer()).status == 201
    assert editor.post(path_of(KEY), json=KEY).status == 201
    assert editor.get(f"{KEYS}/key").json()["spec"]["key"] == "k-1"
    refused(editor.post(path_of(PLANE), json=PLANE), 403, "Forbidden")


READING = {"get", "list", "watch"}
WRITING = {"create", "update", "patch", "delete", "deletecollection"}
EVERY = READING | WRITING


def ask_all(client: Client, manifest: dict) -> dict[str, int]:
    """Ask to do everything there is with an object that exists; return the codes."""
    path, headers = path_of(manifest), {"Content-Type": "application/merge-patch+json"}
    name = manifest["metadata"]["name"]
    one = f"{path}/{name}"
    asked = {
        "get": ("GET", one, {}),
        "list": ("GET", path, {}),
        "watch": ("GET", f"{path}?watch=1&resourceVersion=many", {}),
        "create": ("POST", path, {"json": manifest}),
        "update": ("PUT", one, {"json": manifest}),
        "patch": ("PATCH", one, {"json": {}, "headers": headers}),
        "delete": ("DELETE", f"{one}?dryRun=All", {}),
        "deletecollection": ("DELETE", f"{path}?dryRun=All", {}),
        "get status": ("GET", f"{one}/status", {}),
        "patch status": ("PATCH", f"{one}/status", {"json": {}, "headers": headers}),
        "update status": ("PUT", f"{one}/status", {"json": manifest}),
    }
    if manifest["kind"] == "Secret":  # which has none
        asked = {verb: one for verb, one in asked.items() if "status" not in verb}
    return {
        verb: client.ask(method, path, **options).status
        for verb, (method, path, options) in asked.items()
    }


@pytest.mark.parametrize(
    ("role", "manifest", "allowed"),
    [
        ("", consumer("c"), set()),
        ("viewer", consumer("c"), READING),
        ("editor", consumer("c"), EVERY),
        ("super-admin", consumer("c"), EVERY),
        ("", KEY, set()),
        ("viewer", KEY, set()),
        ("editor", KEY, EVERY),
        ("viewer", secret(), set()),
        ("editor", secret(), EVERY),
        ("viewer", PLANE, READING),
        ("editor", PLANE, READING),
        ("super-admin", PLANE, EVERY),
    ],
)
def test_every_verb_asks_for_its_right(
    acting_as, role: str, manifest: dict, allowed: set[str]
) -> None:
    root = make_token(make_user("root", "super-admin"))
    client = acting_as(role)
    assert (
        client.post(path_of(manifest), json=manifest, headers=basic(root)).status < 300
    )

    codes = ask_all(client, manifest)

    refused_verbs = {verb for verb, code in codes.items() if code == 403}
    assert refused_verbs == {v for v in codes if v.split()[0] not in allowed}
    assert 401 not in codes.values()
    assert not any(code >= 500 for code in codes.values())


def test_without_a_token_every_verb_is_unauthorized(acting_as, kube: Client) -> None:
    acting_as("viewer")

    assert set(ask_all(kube, consumer()).values()) == {401}


def test_who_deletes_a_namespace_may_delete_all_in_it(acting_as) -> None:
    root, editor = acting_as("super-admin"), acting_as("editor")
    for name in ("shops", "planes"):
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        assert editor.post("/api/v1/namespaces", json=manifest).status == 201
    editor.post(CONSUMERS.replace("default", "shops"), json=consumer())
    planes = path_of(PLANE).replace("default", "planes")
    assert root.post(planes, json=PLANE).status == 201

    assert editor.delete("/api/v1/namespaces/shops").status == 200
    refused(editor.delete("/api/v1/namespaces/planes"), 403, "Forbidden")
    refused(editor.delete("/api/v1/namespaces"), 405, "MethodNotAllowed")


def test_a_plugin_admin_sees_none_of_it(acting_as) -> None:
    client = acting_as("plugin-admin")

    for path in (CONSUMERS, KEYS, SECRETS, PLANES):
        refused(client.get(path), 403, "Forbidden")
    assert client.get("/apis").status == 200


@pytest.mark.parametrize(
    ("role", "allowed"), [("viewer", False), ("editor", True), ("super-admin", True)]
)
def test_may_i_is_answered_by_the_role(acting_as, role: str, allowed: bool) -> None:
    asked = {"group": "", "resource": "secrets", "verb": "get"}
    review = {"spec": {"resourceAttributes": asked}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    answer = acting_as(role).post(path, json=review)

    assert answer.json()["status"] == {"allowed": allowed}


def test_what_may_i_is_answered_by_the_role(acting_as) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"

    said = acting_as("viewer").post(path, json={"spec": {"namespace": "x"}}).json()

    rules = {
        one["resources"][0]: one["verbs"] for one in said["status"]["resourceRules"]
    }
    assert rules["kongconsumers"] == ["get", "list", "watch"]
    assert rules["kongconsumers/status"] == ["get"]
    assert "secrets" not in rules


def test_one_is_told_by_ones_name(acting_as) -> None:
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

    said = acting_as("viewer").post(path, json={}).json()

    assert said["status"]["userInfo"]["username"] == "a-viewer"


def test_the_change_log_names_who_wrote_and_how(acting_as, kube: Client) -> None:
    from kongadmin.changes import Change

    given = consumer(spec={"controlPlaneRef": {"type": "kic"}})
    acting_as("editor").post(CONSUMERS, json=given)

    change = Change.objects.filter(entity_type="consumers").latest("pk")
    assert change.dialect == "kubernetes"
    assert change.actor.startswith("a-editor")


def test_pages_of_other_sites_may_do_nothing(kube: Client) -> None:
    headers = {"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site"}

    refused(kube.post(CONSUMERS, json=consumer(), headers=headers), 403, "Forbidden")
    refused(kube.get(CONSUMERS, headers=headers), 403, "Forbidden")


def test_a_foreign_host_is_refused(kube: Client) -> None:
    answer = kube.get("/apis", headers={"Host": "evil.example.com"})

    refused(answer, 403, "Forbidden")
