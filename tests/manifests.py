"""Manifests that tests make up, and what else they often say to the façade."""

from typing import Any

from servers import Answer

CONFIGURATION = "/apis/configuration.konghq.com"
CONSUMERS = f"{CONFIGURATION}/v1/namespaces/default/kongconsumers"
MERGE = {"Content-Type": "application/merge-patch+json"}
APPLY = {"Content-Type": "application/apply-patch+yaml"}


def consumer(name: str = "shop", **fields: Any) -> dict:
    metadata = {"name": name, **fields.pop("metadata", {})}
    return {
        "apiVersion": "configuration.konghq.com/v1",
        "kind": "KongConsumer",
        "metadata": metadata,
        "username": name,
        **fields,
    }


def credential(kind: str, name: str, **spec: Any) -> dict:
    return {
        "apiVersion": "configuration.konghq.com/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"consumerRef": {"name": "shop"}, **spec},
    }


def secret(name: str = "key", **fields: Any) -> dict:
    metadata = {"name": name, **fields.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **fields}


def path_of(manifest: dict) -> str:
    """Return the address of the collection that a manifest belongs to."""
    version, plural = manifest["apiVersion"], f"{manifest['kind'].lower()}s"
    namespace = manifest["metadata"].get("namespace", "default")
    root = "apis" if "/" in version else "api"
    if plural == "namespaces":
        return f"/{root}/{version}/{plural}"
    return f"/{root}/{version}/namespaces/{namespace}/{plural}"


def refused(answer: Answer, code: int, reason: str) -> dict:
    """Return the Status that says why, once it is what it should be."""
    assert answer.status == code, answer.text
    status = answer.json()
    expected = ("Status", "v1", "Failure", reason, code)
    names = ("kind", "apiVersion", "status", "reason", "code")
    assert tuple(status[name] for name in names) == expected
    return status
