"""What is served, as clients find it out: discovery, OpenAPI, reviews of oneself."""

import pytest
from openapi_spec_validator import validate

from clients import Client
from kongadmin.dialects.kubernetes import discovery
from kongadmin.dialects.kubernetes.kinds import KINDS, Kind
from kongadmin.dialects.kubernetes.schemas import schema_of
from manifests import refused

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
BOTH = f"{AGGREGATED.format('v2')},{AGGREGATED.format('v2beta1')},application/json"


def test_the_version_is_one_that_dispatchers_know(kube: Client) -> None:
    said = kube.get("/version").json()

    assert (said["major"], said["minor"]) == ("1", "32")


@pytest.mark.parametrize("version", ["v2", "v2beta1"])
@pytest.mark.parametrize("path", ["/api", "/apis"])
def test_everything_is_told_at_once(kube: Client, path: str, version: str) -> None:
    accept = f"{AGGREGATED.format(version)},application/json"

    answer = kube.get(path, headers={"Accept": accept})

    assert answer.headers["Content-Type"] == AGGREGATED.format(version)
    said = answer.json()
    assert said["kind"] == "APIGroupDiscoveryList"
    assert said["apiVersion"] == f"apidiscovery.k8s.io/{version}"


def test_a_resource_is_told_with_all_its_names(kube: Client) -> None:
    said = kube.get("/apis", headers={"Accept": BOTH}).json()

    group = said["items"][0]
    assert group["metadata"]["name"] == "configuration.konghq.com"
    assert [one["version"] for one in group["versions"]] == [
        "v1",
        "v1beta1",
        "v1alpha1",
    ]
    kind = {
        "group": "configuration.konghq.com",
        "version": "v1",
        "kind": "KongConsumer",
    }
    verbs = "create delete deletecollection get list patch update watch".split()
    assert group["versions"][0]["resources"] == [
        {
            "resource": "kongconsumers",
            "singularResource": "kongconsumer",
            "scope": "Namespaced",
            "responseKind": kind,
            "shortNames": ["kc"],
            "categories": ["kong-ingress-controller", "kong"],
            "verbs": verbs,
            "subresources": [
                {
                    "subresource": "status",
                    "responseKind": kind,
                    "verbs": ["get", "patch", "update"],
                }
            ],
        }
    ]


def test_older_clients_ask_step_by_step(kube: Client) -> None:
    json = {"Accept": "application/json"}

    assert kube.get("/api", headers=json).json()["versions"] == ["v1"]
    groups = kube.get("/apis", headers=json).json()["groups"]
    found = {one["name"] for one in groups}
    assert found == {"configuration.konghq.com", "konnect.konghq.com"}
    for group in groups:
        assert kube.get(f"/apis/{group['name']}").json()["versions"]
        for version in group["versions"]:
            path = f"/apis/{version['groupVersion']}"
            said = kube.get(path).json()
            assert said["kind"] == "APIResourceList"
            assert said["groupVersion"] == version["groupVersion"]
    names = {one["name"] for one in kube.get("/api/v1").json()["resources"]}
    assert names == {"namespaces", "namespaces/status", "secrets"}


def test_every_kind_of_the_contract_is_served() -> None:
    assert {kind.name for kind in KINDS} == {
        *("KongConsumer", "KongConsumerGroup", "KongCredentialBasicAuth"),
        *("KongCredentialAPIKey", "KongCredentialKeyAuth", "KongCredentialACL"),
        *("KongCredentialJWT", "KongCredentialHMAC", "KonnectGatewayControlPlane"),
        *("KonnectAPIAuthConfiguration", "Namespace", "Secret"),
    }


def test_the_second_openapi_is_empty_in_the_right_type(kube: Client) -> None:
    answer = kube.get("/openapi/v2")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Type"] == (
        "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    )


def test_the_index_leads_to_every_document(kube: Client) -> None:
    paths = kube.get("/openapi/v3").json()["paths"]

    assert "api/v1" in paths
    assert "apis/configuration.konghq.com/v1" in paths
    for place in paths.values():
        document = kube.get(place["serverRelativeURL"]).json()
        validate(document)


def test_below_a_prefix_the_index_tells_it(kube: Client) -> None:
    from kongadmin.listeners import manager

    mounted = Client(manager, {"Host": "localhost:8002"})

    paths = mounted.get("/admin-api/openapi/v3").json()["paths"]

    url = "/admin-api/openapi/v3/apis/configuration.konghq.com/v1"
    assert paths["apis/configuration.konghq.com/v1"]["serverRelativeURL"] == url
    assert mounted.get(url).status == 200


def test_patches_are_said_to_know_field_validation(kube: Client) -> None:
    document = kube.get("/openapi/v3/apis/configuration.konghq.com/v1").json()

    base = "/apis/configuration.konghq.com/v1/namespaces/{namespace}/kongconsumers"
    patch = document["paths"][f"{base}/{{name}}"]["patch"]
    names = {one["name"] for one in patch["parameters"]}
    assert names >= {"dryRun", "fieldManager", "fieldValidation", "force"}
    assert patch["x-kubernetes-group-version-kind"] == {
        "group": "configuration.konghq.com",
        "version": "v1",
        "kind": "KongConsumer",
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.version} {kind.name}")
def test_every_field_is_described(kind: Kind) -> None:
    def check(schema: dict, path: str) -> None:
        assert path.endswith("[]") or schema.get("description"), path
        for name, inner in schema.get("properties", {}).items():
            check(inner, f"{path}.{name}")
        if "items" in schema:
            check(schema["items"], f"{path}[]")

    check(schema_of(kind), kind.name)


def test_what_only_we_understand_is_not_served(kube: Client) -> None:
    text = kube.get("/openapi/v3/apis/configuration.konghq.com/v1").text

    assert "x-rules" not in text


# Oneself


def test_who_am_i(kube: Client) -> None:
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

    answer = kube.post(path, json={})

    assert answer.status == 201
    assert answer.json()["status"]["userInfo"]["username"] == "anyone on this machine"


@pytest.mark.parametrize(
    ("group", "resource", "verb", "is_allowed"),
    [
        ("configuration.konghq.com", "kongconsumers", "create", True),
        ("configuration.konghq.com", "kongconsumers", "fly", False),
        ("configuration.konghq.com", "kongconsumers/status", "patch", True),
        ("configuration.konghq.com", "kongconsumers/status", "delete", False),
        ("configuration.konghq.com", "kongconsumers/scale", "get", False),
        ("", "secrets", "create", True),
        ("", "secrets/status", "get", False),
        ("", "namespaces", "deletecollection", False),
        ("*", "*", "*", True),
        ("apps", "deployments", "create", False),
    ],
)
def test_may_i(
    kube: Client, group: str, resource: str, verb: str, is_allowed: bool
) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    plural, _, part = resource.partition("/")
    asked = {"group": group, "resource": plural, "subresource": part, "verb": verb}

    answer = kube.post(path, json={"spec": {"resourceAttributes": asked}})

    assert answer.json()["status"]["allowed"] is is_allowed


@pytest.mark.parametrize(
    ("path", "verb", "is_allowed"),
    [
        ("/version", "get", True),
        ("/apis/configuration.konghq.com/v1", "get", True),
        ("/version", "post", False),
        ("/metrics", "get", False),
    ],
)
def test_may_i_read_a_path(
    kube: Client, path: str, verb: str, is_allowed: bool
) -> None:
    review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    asked = {"path": path, "verb": verb}

    answer = kube.post(review, json={"spec": {"nonResourceAttributes": asked}})

    assert answer.json()["status"]["allowed"] is is_allowed


def test_what_may_i(kube: Client) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"

    answer = kube.post(path, json={"spec": {"namespace": "default"}})

    assert answer.status == 201
    status = answer.json()["status"]
    verbs = {
        (one["apiGroups"][0], one["resources"][0]): one["verbs"]
        for one in status["resourceRules"]
    }
    consumers = "configuration.konghq.com", "kongconsumers"
    assert verbs[consumers] == discovery.COLLECTION_VERBS
    assert verbs["", "namespaces/status"] == discovery.STATUS_VERBS
    assert verbs["authentication.k8s.io", "selfsubjectreviews"] == ["create"]
    assert "/version" in status["nonResourceRules"][0]["nonResourceURLs"]
    assert status["incomplete"] is False


# Beside the Admin API


@pytest.mark.parametrize("name", ["api", "apis", "openapi", "version"])
def test_no_control_plane_hides_or_is_hidden(kube: Client, name: str) -> None:
    answer = kube.post("/workspaces", json={"name": name})

    assert answer.status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/version", "/apis", "/openapi/v3"])
def test_what_only_is_read_takes_no_other_method(
    kube: Client, method: str, path: str
) -> None:
    refused(kube.ask(method, path), 405, "MethodNotAllowed")


def test_a_trailing_slash_does_not_matter(kube: Client) -> None:
    assert kube.get("/apis/").status == 200
    assert kube.get("/api/v1/namespaces/").json()["items"]
