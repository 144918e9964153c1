"""OpenAPI v3 of each group version, from the table that also judges manifests.

kubectl asks it whether the server knows fieldValidation, and for what `explain` shows.
"""

from functools import cache
from typing import Any

from kongadmin.dialects.kubernetes.kinds import Kind, group_versions
from kongadmin.dialects.kubernetes.schemas import METADATA, schema_of

REF = "#/components/schemas/"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
JSON = "application/json"
WRITING = ("dryRun", "fieldManager", "fieldValidation")
SELECTING = ("labelSelector", "fieldSelector")
READING = (
    *(*SELECTING, "limit", "continue", "resourceVersion", "resourceVersionMatch"),
    *("watch", "timeoutSeconds", "allowWatchBookmarks"),
)
DELETING = ("dryRun", "propagationPolicy")
PATCHES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
)
STRATEGIC = "application/strategic-merge-patch+json"


def places() -> dict[str, str]:
    """Return each group version by where its document is, below /openapi/v3."""
    return {folder(kinds[0]): name for name, kinds in group_versions().items()}


def folder(kind: Kind) -> str:
    return f"{'apis' if kind.group else 'api'}/{kind.api_version}"


def index(prefix: str) -> dict[str, Any]:
    """Return /openapi/v3; `prefix` is what our paths begin with."""
    root = f"{prefix}/openapi/v3"
    return {"paths": {p: {"serverRelativeURL": f"{root}/{p}"} for p in places()}}


META = {
    "allOf": [{"$ref": REF + OBJECT_META}],
    "default": {},
    "description": METADATA["description"],
}


@cache
def document(api_version: str) -> dict[str, Any]:
    """Return the document of one group version."""
    kinds = group_versions()[api_version]
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.32.0"},
        "paths": {p: item for kind in kinds for p, item in paths_of(kind).items()},
        "components": {"schemas": components(kinds)},
    }


def components(kinds: list[Kind]) -> dict[str, Any]:
    found = {OBJECT_META: served(METADATA)}
    for kind in kinds:
        schema = served(schema_of(kind))
        schema["properties"]["metadata"] = META
        schema["x-kubernetes-group-version-kind"] = [names(kind)]
        found[name_of(kind)] = schema
    return found


def name_of(kind: Kind) -> str:
    """Return the name of a kind's schema: its group backwards, its version, itself."""
    group = ".".join(reversed(kind.group.split("."))) or "io.k8s.api.core"
    return f"{group}.{kind.version}.{kind.name}"


def names(kind: Kind) -> dict[str, str]:
    return {"group": kind.group, "version": kind.version, "kind": kind.name}


def served(schema: Any) -> Any:
    """Return a schema without what only we understand."""
    if isinstance(schema, dict):
        return {n: served(v) for n, v in schema.items() if n != "x-rules"}
    return schema


def paths_of(kind: Kind) -> dict[str, Any]:
    within = "/namespaces/{namespace}" if kind.is_namespaced else ""
    collection = f"/{folder(kind)}{within}/{kind.plural}"
    one = {
        "get": operation(kind, "get", ()),
        "put": operation(kind, "put", WRITING, [JSON]),
        "patch": operation(kind, "patch", (*WRITING, "force"), patches(kind)),
        "delete": operation(kind, "delete", DELETING),
        "parameters": [parameter("name", "path")],
    }
    found = {
        collection: {
            "get": operation(kind, "list", READING),
            "post": operation(kind, "post", WRITING, [JSON]),
            "delete": operation(kind, "deletecollection", (*SELECTING, *DELETING)),
        },
        f"{collection}/{{name}}": one,
    }
    if kind.has_status:
        kept = ("get", "put", "patch", "parameters")
        found[f"{collection}/{{name}}/status"] = {name: one[name] for name in kept}
    if within:
        for item in found.values():
            item["parameters"] = [
                *item.get("parameters", ()),
                parameter("namespace", "path"),
            ]
    return found


def patches(kind: Kind) -> list[str]:
    return [*PATCHES] if kind.is_custom else [*PATCHES, STRATEGIC]


def operation(
    kind: Kind, action: str, options: tuple[str, ...], bodies: list[str] | None = None
) -> dict[str, Any]:
    reference = {"schema": {"$ref": REF + name_of(kind)}}
    said = {
        "parameters": [parameter(name, "query") for name in options],
        "responses": {"200": {"description": "OK", "content": {JSON: reference}}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": names(kind),
    }
    if bodies:
        said["requestBody"] = {"content": dict.fromkeys(bodies, reference)}
    return said


def parameter(name: str, place: str) -> dict[str, Any]:
    said = {"name": name, "in": place, "schema": {"type": "string"}}
    return said | ({"required": True} if place == "path" else {})
