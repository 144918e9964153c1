"""An object as clients see it: apiVersion, kind, metadata, body and status."""

from datetime import UTC, datetime
from typing import Any

from kongadmin.dialects.kubernetes import conversion
from kongadmin.dialects.kubernetes.kinds import Kind
from kongadmin.dialects.kubernetes.models import Object

# What is not part of the body.
ENVELOPE = ("apiVersion", "kind", "metadata", "status")


def say_time(moment: datetime) -> str:
    """Return a moment as Kubernetes writes it: UTC, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def say(object: Object, kind: Kind | None = None) -> dict[str, Any]:
    """Return the whole object, as of `kind`; by default in the version it is stored in.

    The answer shares its parts with the object: copy what shall change.
    """
    kind = kind or object.kind
    body = conversion.convert(object.body, object.kind, kind)
    said = {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": say_metadata(object),
        **body,
    }
    if object.status is not None:
        said["status"] = object.status
    return said


def say_metadata(object: Object) -> dict[str, Any]:
    deleted = object.deletion_timestamp
    given = {
        "name": object.name,
        "generateName": object.generate_name,
        "namespace": object.namespace,
        "uid": str(object.uid),
        "resourceVersion": str(object.resource_version or ""),
        "generation": object.generation,
        "creationTimestamp": say_time(object.created_at),
        "deletionTimestamp": deleted and say_time(deleted),
        "deletionGracePeriodSeconds": 0 if deleted else None,
        "labels": object.labels,
        "annotations": object.annotations,
        "ownerReferences": object.owner_references,
        "finalizers": object.finalizers,
        "managedFields": object.managed_fields,
    }
    return {
        name: value for name, value in given.items() if value not in (None, "", [], {})
    }


def recast(said: dict, source: Kind, target: Kind) -> dict:
    """Return what one version of a kind says as another says it."""
    if source == target:
        return said
    envelope = {name: said[name] for name in ("metadata", "status") if name in said}
    return {
        "apiVersion": target.api_version,
        "kind": target.name,
        **envelope,
        **conversion.convert(body_of(said), source, target),
    }


def body_of(said: dict) -> dict:
    """Return what of an object is neither envelope nor status."""
    return {name: value for name, value in said.items() if name not in ENVELOPE}
