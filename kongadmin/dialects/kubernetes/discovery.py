"""What is served, as clients ask for it first: groups, versions, resources, verbs."""

from typing import Any

from kongadmin.dialects.kubernetes.kinds import Kind, group_versions

VERSION = {
    # Some kubectls start the one of their kind that is nearest to this minor version.
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.0",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "",
}
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
COLLECTION_VERBS = sorted([*VERBS, "deletecollection"])
STATUS_VERBS = ["get", "patch", "update"]
GROUP = "apidiscovery.k8s.io"
AGGREGATED = "APIGroupDiscoveryList"


def groups(is_core: bool) -> dict[str, dict[str, list[Kind]]]:
    """Return the kinds by group and version: the core group's, or all others'."""
    found: dict[str, dict[str, list[Kind]]] = {}
    for kinds in group_versions().values():
        group, version = kinds[0].group, kinds[0].version
        if is_core == (not group):
            found.setdefault(group, {})[version] = kinds
    return found


def aggregated(is_core: bool, version: str) -> dict[str, Any]:
    """Return everything below /api or /apis at once; `version` is v2 or v2beta1."""
    return {
        "kind": AGGREGATED,
        "apiVersion": f"{GROUP}/{version}",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": group, "creationTimestamp": None}
                if group
                else {"creationTimestamp": None},
                "versions": [
                    {
                        "version": name,
                        "freshness": "Current",
                        "resources": [say_resource(kind) for kind in kinds],
                    }
                    for name, kinds in versions.items()
                ],
            }
            for group, versions in groups(is_core).items()
        ],
    }


def say_resource(kind: Kind) -> dict[str, Any]:
    names = {"group": kind.group, "version": kind.version, "kind": kind.name}
    said = {
        "resource": kind.plural,
        "responseKind": names,
        "scope": "Namespaced" if kind.is_namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": verbs_of(kind),
        "shortNames": list(kind.short),
        "categories": list(kind.categories),
    }
    if kind.has_status:
        status = {"subresource": "status", "responseKind": names, "verbs": STATUS_VERBS}
        said["subresources"] = [status]
    return {name: value for name, value in said.items() if value != []}


def versions(address: str) -> dict[str, Any]:
    """Return /api of legacy discovery."""
    every = {"clientCIDR": "0.0.0.0/0", "serverAddress": address}
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [every],
    }


def group_list() -> dict[str, Any]:
    """Return /apis of legacy discovery."""
    said = [say_group(name) for name in groups(is_core=False)]
    bare = [{k: v for k, v in one.items() if k not in ENVELOPE} for one in said]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": bare}


ENVELOPE = ("kind", "apiVersion")


def say_group(name: str) -> dict[str, Any]:
    said = [
        {"groupVersion": f"{name}/{version}", "version": version}
        for version in groups(is_core=False)[name]
    ]
    return {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": name,
        "versions": said,
        "preferredVersion": said[0],
    }


def resource_list(api_version: str) -> dict[str, Any]:
    """Return a group version of legacy discovery."""
    kinds = group_versions()[api_version]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version,
        "resources": [line for kind in kinds for line in lines(kind)],
    }


def verbs_of(kind: Kind) -> list[str]:
    """Return what may be done; namespaces go one by one."""
    return COLLECTION_VERBS if kind.is_namespaced else VERBS


def lines(kind: Kind) -> list[dict[str, Any]]:
    common = {"namespaced": kind.is_namespaced, "kind": kind.name}
    said = {
        "name": kind.plural,
        "singularName": kind.singular,
        **common,
        "verbs": verbs_of(kind),
        "shortNames": list(kind.short),
        "categories": list(kind.categories),
    }
    main = {name: value for name, value in said.items() if value != []}
    status = {
        "name": f"{kind.plural}/status",
        "singularName": "",
        **common,
        "verbs": STATUS_VERBS,
    }
    return [main, status] if kind.has_status else [main]


def negotiate(accept: str) -> str | None:
    """Return the version of the aggregated answer that is wanted; None: the legacy one.

    The first of the client's wishes that can be met counts, as in its own order.
    """
    for wish in accept.split(","):
        media_type, *parameters = (part.strip() for part in wish.split(";"))
        given = dict(part.partition("=")[::2] for part in parameters)
        is_aggregated = given.get("g") == GROUP and given.get("as") == AGGREGATED
        if is_aggregated and given.get("v") in ("v2", "v2beta1"):
            return given["v"]
        if media_type == "application/json" and not parameters:
            return None
    return None


def content_type(version: str) -> str:
    return f"application/json;g={GROUP};v={version};as={AGGREGATED}"
