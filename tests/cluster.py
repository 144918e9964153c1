"""Writes manifests as the server does, without the wire: stored, then settled."""

import base64
from typing import Any

import yaml

from kongadmin.dialects.kubernetes import conversion, store
from kongadmin.dialects.kubernetes.kinds import find, stored_as
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.reconcile import reconcile
from kongadmin.dialects.kubernetes.store import Change
from kongadmin.dialects.kubernetes.wire import ENVELOPE

PLANE = """
apiVersion: konnect.konghq.com/v1alpha1
kind: KonnectGatewayControlPlane
metadata: {name: gateway-control-plane}
spec: {name: gateway-control-plane}
"""
CONSUMER = """
apiVersion: configuration.konghq.com/v1
kind: KongConsumer
metadata: {name: consumer}
username: consumer
custom_id: 08433C12
spec: &spec
  controlPlaneRef:
    type: konnectNamespacedRef
    konnectNamespacedRef: {name: gateway-control-plane}
"""
GROUP = """
apiVersion: configuration.konghq.com/v1beta1
kind: KongConsumerGroup
metadata: {name: consumer-group}
spec:
  name: consumer-group
  controlPlaneRef:
    type: konnectNamespacedRef
    konnectNamespacedRef: {name: gateway-control-plane}
"""
BASIC_AUTH = """
apiVersion: configuration.konghq.com/v1alpha1
kind: KongCredentialBasicAuth
metadata: {name: basic-auth-cred}
spec: {consumerRef: {name: consumer}, username: username, password: pass}
"""
KEY = """
apiVersion: configuration.konghq.com/v1alpha1
kind: KongCredentialAPIKey
metadata: {name: key}
spec: {consumerRef: {name: consumer}, key: key-of-consumer}
"""
INGRESS_CONSUMER = """
apiVersion: configuration.konghq.com/v1
kind: KongConsumer
metadata: {name: till, annotations: {kubernetes.io/ingress.class: kong}}
username: till
credentials: [till-key]
"""
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: till-key, labels: {konghq.com/credential: key-auth}}
stringData: {key: till-4711}
"""


def read(manifest: str, **changed: Any) -> dict:
    """Return a manifest, `changed` at its top level; None takes a field away."""
    said = yaml.safe_load(manifest) | changed
    return {name: value for name, value in said.items() if value is not None}


def apply(*manifests: str | dict) -> Object:
    """Create or change objects, each in a request of its own; return the last."""
    for manifest in manifests:
        said = manifest if isinstance(manifest, dict) else read(manifest)
        with store.writing():
            object = written(said)
    return object


def written(said: dict) -> Object:
    kind = find(said["apiVersion"], said["kind"])
    stored = stored_as(kind.plural)
    body = {name: value for name, value in said.items() if name not in ENVELOPE}
    fields = {
        "body": conversion.convert(folded(body), kind, stored),
        "labels": said["metadata"].get("labels", {}),
        "annotations": said["metadata"].get("annotations", {}),
    }
    place = said["metadata"].get("namespace", "default"), said["metadata"]["name"]
    object = store.find(kind.plural, *place)
    verb = "update" if object else "create"
    if object:
        store.update(object, **fields)
    else:
        object = store.make(kind.plural, *place, **fields)
    reconcile([Change(verb, object)])
    object.refresh_from_db()
    return object


def folded(body: dict) -> dict:
    """Return a Secret's texts in base64, as they are kept."""
    texts = body.pop("stringData", {})
    data = {k: base64.b64encode(v.encode()).decode() for k, v in texts.items()}
    return {**body, "data": data} if data else body


def delete(object: Object) -> None:
    with store.writing():
        reconcile(store.delete(fresh(object)))


def fresh(object: Object) -> Object:
    return Object.objects.get(pk=object.pk)


def told(object: Object) -> dict[str, str]:
    """Return the conditions of an object as it is now: True, or the reason why not."""
    conditions = fresh(object).status["conditions"]
    return {
        one["type"]: "True" if one["status"] == "True" else one["reason"]
        for one in conditions
    }


def message(object: Object, type_: str) -> str:
    found = {one["type"]: one for one in fresh(object).status["conditions"]}
    return found[type_]["message"]


def konnect_id(object: Object) -> str | None:
    return fresh(object).status.get("konnect", {}).get("id")
