"""The operator guide's commands with the real kubectl, and what they are good for."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

import kubectl
from kubectl import Kubectl
from servers import Server, ask

pytestmark = kubectl.needed()

PREREQUISITES = """
apiVersion: konnect.konghq.com/v1alpha1
kind: KonnectAPIAuthConfiguration
metadata: {name: konnect-api-auth, namespace: default}
spec: {type: token, token: kpat_not-a-real-token, serverURL: us.api.konghq.com}
---
apiVersion: konnect.konghq.com/v1alpha1
kind: KonnectGatewayControlPlane
metadata: {name: gateway-control-plane, namespace: default}
spec:
  name: gateway-control-plane
  konnect: {authRef: {name: konnect-api-auth}}
"""
CONSUMER = """
kind: KongConsumer
apiVersion: configuration.konghq.com/v1
metadata:
  name: consumer
  namespace: default
username: consumer
custom_id: 08433C12-2B81-4738-B61D-3AA2136F0212 # Optional
spec:
  controlPlaneRef:
    type: konnectNamespacedRef
    konnectNamespacedRef:
      name: gateway-control-plane # KonnectGatewayControlPlane reference
"""
BASIC_AUTH = """
apiVersion: configuration.konghq.com/v1alpha1
kind: KongCredentialBasicAuth
metadata:
  name: basic-auth-cred
  namespace: default
spec:
  consumerRef:
    name: consumer
  password: pass
  username: username
"""
GROUP = """
kind: KongConsumerGroup
apiVersion: configuration.konghq.com/v1beta1
metadata:
  name: consumer-group
  namespace: default
spec:
  name: consumer-group
  controlPlaneRef:
    type: konnectNamespacedRef
    konnectNamespacedRef:
      name: gateway-control-plane # KonnectGatewayControlPlane reference
"""
INGRESS = """
apiVersion: v1
kind: Secret
metadata: {name: till-key, labels: {konghq.com/credential: key-auth}}
stringData: {key: till-4711}
---
apiVersion: configuration.konghq.com/v1
kind: KongConsumer
metadata:
  name: till
  annotations: {kubernetes.io/ingress.class: kong}
username: till
credentials: [till-key]
"""
PLANE = "/gateway-control-plane"


@pytest.fixture
def own() -> Iterator[Server]:
    """A server of the test's own: what the guide makes has names of the guide's."""
    with Server() as running:
        yield running


@pytest.fixture
def cli(own: Server, tmp_path: Path) -> Kubectl:
    """kubectl, pointed at the server by the file that it writes as it starts."""
    return Kubectl(own.home / "kubeconfig.yaml", tmp_path)


@pytest.fixture
def guided(cli: Kubectl) -> Kubectl:
    """kubectl, with all that the guide makes already made."""
    member = CONSUMER + "consumerGroups: [consumer-group]\n"
    cli.apply("---".join([PREREQUISITES, GROUP, member, BASIC_AUTH]))
    return cli


def authorizer(server: Server, plane: str, **headers: str) -> int:
    """Return what the authorizer says to a request."""
    url = f"{server.proxy}/"
    if plane != "default":
        url = f"{server.admin}/dataplane/v1/{plane}/auth/envoy/"
    return ask(url, headers=headers).status


def test_the_guide_works_as_it_is_written(own: Server, cli: Kubectl) -> None:
    cli.apply(PREREQUISITES)

    applied = cli.apply(CONSUMER)
    assert applied == "kongconsumer.configuration.konghq.com/consumer created"
    assert cli.condition("kongconsumer consumer") == [1, "Programmed", "True"]

    applied = cli.apply(BASIC_AUTH)
    name = "kongcredentialbasicauth.configuration.konghq.com/basic-auth-cred"
    assert applied == f"{name} created"
    what = "kongcredentialbasicauth basic-auth-cred"
    assert cli.condition(what) == [1, "Programmed", "True"]

    applied = cli.apply(GROUP)
    name = "kongconsumergroup.configuration.konghq.com/consumer-group"
    assert applied == f"{name} created"
    what = "kongconsumergroup consumer-group"
    assert cli.condition(what) == [1, "Programmed", "True"]

    applied = cli.apply(CONSUMER + "consumerGroups: [consumer-group]\n")
    assert applied == "kongconsumer.configuration.konghq.com/consumer configured"
    found = cli.condition("kongconsumer consumer", "KongConsumerGroupRefsValid")
    assert found == [2, "Valid", "True"]

    applied = cli.apply(CONSUMER + "consumerGroups: [consumer-group]\n")
    assert applied == "kongconsumer.configuration.konghq.com/consumer unchanged"


def test_what_it_made_is_at_the_admin_api_at_once(own: Server, guided: Kubectl) -> None:
    consumer = ask(f"{own.admin}{PLANE}/consumers/consumer").json()

    assert consumer["custom_id"] == "08433C12-2B81-4738-B61D-3AA2136F0212"
    assert "k8s-name:consumer" in consumer["tags"]
    jsonpath = "-o=jsonpath={.status.konnect.id}"
    assert guided.do("get", "kongconsumer", "consumer", jsonpath) == consumer["id"]
    groups = ask(f"{own.admin}{PLANE}/consumers/consumer/consumer_groups").json()
    assert [one["name"] for one in groups["consumer_groups"]] == ["consumer-group"]


@pytest.mark.usefixtures("guided")
def test_its_password_opens_the_authorizer(own: Server) -> None:
    plugin = {"name": "basic-auth"}
    assert ask(f"{own.admin}{PLANE}/plugins", "POST", json=plugin).status == 201

    def asked(password: str) -> int:
        coded = b64encode(f"username:{password}".encode()).decode()
        plane = "gateway-control-plane"
        return authorizer(own, plane, Authorization=f"Basic {coded}")

    assert asked("pass") == 200
    assert asked("wrong") == 401


def test_a_key_in_a_secret_opens_it_too_until_it_is_rotated_and_deleted(
    own: Server, cli: Kubectl
) -> None:
    cli.apply(INGRESS)
    cli.do("wait", "--for=condition=Programmed", "kongconsumer/till", "--timeout=20s")
    assert authorizer(own, "default", apikey="till-4711") == 200

    cli.apply(INGRESS.replace("till-4711", "till-4712"))
    assert authorizer(own, "default", apikey="till-4711") == 401
    assert authorizer(own, "default", apikey="till-4712") == 200

    cli.do("delete", "secret", "till-key", "--timeout=20s")
    assert authorizer(own, "default", apikey="till-4712") == 401
    found = cli.condition("kongconsumer till", "CredentialSecretRefsValid")
    assert found == [1, "Invalid", "False"]


def test_what_the_admin_api_changes_or_deletes_is_put_right(
    own: Server, guided: Kubectl
) -> None:
    address = f"{own.admin}{PLANE}/consumers/consumer"

    ask(address, "PATCH", json={"custom_id": "other"})
    assert ask(address).json()["custom_id"].startswith("08433C12")

    assert ask(address, "DELETE").status == 204
    assert ask(address).status == 200
    assert ask(f"{own.admin}{PLANE}/basic-auths/username").status == 200
    assert guided.condition("kongconsumer consumer")[2] == "True"


def test_a_name_that_somebody_has_is_waited_for(own: Server, cli: Kubectl) -> None:
    made = ask(f"{own.admin}/consumers", "POST", json={"username": "anna"}).json()
    manifest = INGRESS.partition("---")[2].replace("till", "anna")
    cli.apply(manifest.partition("credentials")[0])
    assert cli.condition("kongconsumer anna")[1:] == ["FailedToCreate", "False"]

    ask(f"{own.admin}/consumers/{made['id']}", "DELETE")

    assert cli.condition("kongconsumer anna")[1:] == ["Programmed", "True"]


def test_no_secret_of_it_is_in_the_log_or_the_database(
    own: Server, guided: Kubectl
) -> None:
    guided.apply(INGRESS)
    assert guided.condition("kongconsumer till")[1:] == ["Programmed", "True"]

    assert "till-471" not in own.log
    if own.database:
        return
    stored = b"".join(path.read_bytes() for path in own.home.glob("*.db*"))
    for secret in (b"till-471", b64encode(b"till-471")[:10], b"kpat_not-a-real"):
        assert secret not in stored


def test_deleting_leaves_nothing_behind(own: Server, guided: Kubectl) -> None:
    guided.apply(INGRESS)

    guided.do("delete", "kongconsumer", "consumer", "till", "--timeout=20s")

    assert ask(f"{own.admin}{PLANE}/consumers/consumer").status == 404
    assert ask(f"{own.admin}/consumers/till").status == 404
    what = "kongcredentialbasicauth basic-auth-cred"
    assert guided.condition(what, "KongConsumerRefValid")[1:] == ["Invalid", "False"]

    guided.do("delete", "konnectgatewaycontrolplane", "gateway-control-plane")
    assert ask(f"{own.admin}{PLANE}/consumers").status == 404
