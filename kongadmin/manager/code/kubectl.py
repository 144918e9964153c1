"""An act as a manifest for kubectl, in a here-document."""

import re
from typing import Any

from kongadmin import managed
from kongadmin.manager.code.acts import Act, Thing, Verb
from kongadmin.manager.code.writing import SECRET, yaml

API = "configuration.konghq.com"
KINDS = {
    "consumers": (f"{API}/v1", "KongConsumer"),
    "consumer_group_consumers": (f"{API}/v1", "KongConsumer"),
    "consumer_groups": (f"{API}/v1beta1", "KongConsumerGroup"),
    "basicauth_credentials": (f"{API}/v1alpha1", "KongCredentialBasicAuth"),
    "keyauth_credentials": (f"{API}/v1alpha1", "KongCredentialAPIKey"),
    "hmacauth_credentials": (f"{API}/v1alpha1", "KongCredentialHMAC"),
    "jwt_secrets": (f"{API}/v1alpha1", "KongCredentialJWT"),
    "acls": (f"{API}/v1alpha1", "KongCredentialACL"),
    "control_planes": ("konnect.konghq.com/v1alpha2", "KonnectGatewayControlPlane"),
}
LEAVE = "Take the group out of consumerGroups of the KongConsumer, and apply it again."
UNSAID = {
    "realm": "There is no kind of Kubernetes for realms and what is in them.",
    "realms": "There is no kind of Kubernetes for realms and what is in them.",
    (Verb.DELETE, "consumer_group_consumers"): LEAVE,
    (Verb.LIST, "consumer_group_consumers"): "A KongConsumer names its groups, not a "
    "KongConsumerGroup its consumers: kubectl get kongconsumers.",
    Verb.ASK: "kubectl changes configuration; it asks no questions about it.",
    "plugins": "Plugins are not among the kinds that kubectl finds here.",
    "consumer_group_overrides": "A KongConsumerGroup has no limits of its own.",
    "oauth2_credentials": "There is no kind for OAuth 2.0 clients: name a Secret with "
    "the label konghq.com/credential: oauth2 in the KongConsumer.",
    "mtls_auth_credentials": "There is no kind for names of certificates: name a "
    "Secret with the label konghq.com/credential: mtls-auth in the KongConsumer.",
    "keyauth_enc_credentials": "There is no kind for encrypted keys.",
}
DEFAULT = "default"
# Fields that stand at the top of a KongConsumer, and those that no manifest has.
ON_TOP = ("username", "custom_id")
UNKNOWN = {"keyauth_credentials": ("ttl",)}


def write(act: Act) -> str:
    """Return a command, with the manifest that it applies."""
    _, kind = KINDS[act.kind]
    if act.verb == Verb.LIST:
        return f"kubectl get {kind.lower()}s"
    if act.verb == Verb.DELETE:
        place = namespace(act)
        where = "" if place == DEFAULT else f" --namespace {place}"
        return f"kubectl delete {kind.lower()} {object_name(act)}{where}"
    text = yaml(manifest(act))
    unknown = [name for name in UNKNOWN.get(act.kind, ()) if name in act.declared]
    lines = [f"# A {kind} has no {name}." for name in unknown]
    mark = "EOF" if SECRET.search(text) else "'EOF'"
    return "\n".join([f"kubectl apply -f - <<{mark}", *lines, text, "EOF"])


def variable(field: str) -> str:
    """Return how a manifest leaves a value to the shell that writes it, in quotes."""
    return f'$(printf %s "${field.upper()}" | jq -Rs .)'


def manifest(act: Act) -> dict[str, Any]:
    version, kind = KINDS[act.kind]
    metadata: dict[str, Any] = {"name": object_name(act)}
    place = namespace(act)
    metadata |= {} if place == DEFAULT else {"namespace": place}
    document = {"apiVersion": version, "kind": kind, "metadata": metadata}
    if act.kind == "control_planes":
        return document | {"spec": {"createControlPlaneRequest": _known(act)}}
    if act.kind in ("consumers", "consumer_groups", "consumer_group_consumers"):
        place = control_plane(act)
        metadata |= {} if place else {"annotations": CLASS}
        return document | _consumer_or_group(act, place)
    owner = act.ref("consumers")
    spec = {"consumerRef": {"name": name_of(owner)}, **_known(act)}
    return document | {"spec": spec}


CLASS = {"kubernetes.io/ingress.class": "kong"}


def control_plane(act: Act) -> dict[str, Any]:
    """Return the reference to a control plane; the default one needs none."""
    if not act.workspace:
        return {}
    named = {"name": slug(act.workspace)}
    return {
        "controlPlaneRef": {
            "type": "konnectNamespacedRef",
            "konnectNamespacedRef": named,
        }
    }


def _known(act: Act) -> dict[str, Any]:
    unknown = UNKNOWN.get(act.kind, ())
    values = {n: value for n, value in act.declared.items() if n not in unknown}
    return without_origin(values)


def _consumer_or_group(act: Act, place: dict) -> dict[str, Any]:
    values = _known(act)
    if act.kind == "consumer_group_consumers":
        values = without_origin(act.ref("consumers").values)
    top = {name: values[name] for name in ON_TOP if name in values}
    spec = {n: value for n, value in values.items() if n not in ON_TOP} | place
    if act.kind == "consumer_group_consumers":
        top["consumerGroups"] = [name_of(act.ref("consumer_groups"))]
    return top | ({"spec": spec} if spec else {})


def namespace(act: Act) -> str:
    """Return where the object is: with its consumer, if it has one."""
    owner = act.ref("consumers")
    values = owner.values if owner else act.values
    return managed.origin(values.get("tags")).get("namespace", DEFAULT)


def without_origin(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out the tags that every object gets anyway."""
    tags = managed.without_origin(values.get("tags"))
    rest = {name: value for name, value in values.items() if name != "tags"}
    return rest | ({"tags": tags} if tags else {})


def object_name(act: Act) -> str:
    """Return what the object is called: as what it stands for, as far as that goes."""
    owner = act.ref("consumers")
    if act.kind == "consumer_group_consumers":
        return name_of(owner)
    if known := managed.origin(act.values.get("tags")).get("name"):
        return known
    own = slug(act.name or KINDS[act.kind][1])
    return slug(f"{owner.name} {own}") if owner else own


def name_of(thing: Thing) -> str:
    return managed.origin(thing.values.get("tags")).get("name") or slug(thing.name)


def slug(text: str) -> str:
    """Return a name that Kubernetes takes (RFC 1123)."""
    kept = re.sub(r"[^a-z0-9.]+", "-", text.lower())
    parts = filter(None, (part.strip("-") for part in kept.split(".")))
    return ".".join(parts)[:253].strip("-.") or "unnamed"
