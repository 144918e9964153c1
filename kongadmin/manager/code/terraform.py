"""An act as HCL: for Kong's provider kong-gateway, or for konnect.

What is stored already comes with a block that lets Terraform take it over.
"""

import re
from typing import Any

from kongadmin.manager.code.acts import Act, Secret, Verb
from kongadmin.manager.code.writing import HCL, SECRET, Braces

GATEWAY = {
    "consumers": "consumer",
    "consumer_groups": "consumer_group",
    "consumer_group_consumers": "consumer_group_member",
    "keyauth_credentials": "key_auth",
    "basicauth_credentials": "basic_auth",
    "hmacauth_credentials": "hmac_auth",
    "jwt_secrets": "jwt",
    "acls": "acl",
    "mtls_auth_credentials": "mtls_auth",
    "plugins": "plugin",
}
KONNECT = {
    "realms": "realm",
    "control_planes": "gateway_control_plane",
    "consumers": "centralized_consumer",
    "keyauth_credentials": "centralized_consumer_key",
}
UNSAID = {
    Verb.LIST: "Terraform lists only what it looks after: terraform state list.",
    Verb.ASK: "Terraform changes configuration; it asks no questions about it.",
    Verb.MOVE: "Terraform would delete it and make another: its keys would be lost.",
    "oauth2_credentials": "Kong's provider has no resource for OAuth 2.0 clients.",
    "keyauth_enc_credentials": "Kong's provider has no resource for encrypted keys.",
    "consumer_group_overrides": "Kong's provider has no resource for overrides: it "
    "sets limits of a group by a plugin of the group.",
} | {
    ("realm", kind): "The provider konnect has no resource for it: only for keys."
    for kind in GATEWAY.keys() - KONNECT.keys()
}
# What a resource does not have.
UNKNOWN = {"keyauth_credentials": ("ttl",)}
SENSITIVE = {"sensitive": True}
VALUES = Braces(
    HCL,
    pair=" = ",
    comma="",
    step="  ",
    bare_keys=r"[A-Za-z_][A-Za-z0-9_-]*",
    is_aligned=True,
)


def write(act: Act) -> str:
    """Return a resource, its variables, and how to take over what is stored."""
    kind, name = resource(act), local_name(act)
    if act.verb == Verb.DELETE:
        return f"terraform destroy -target={kind}.{name}"
    unknown = UNKNOWN.get(act.kind, ())
    values = {n: v for n, v in attributes(act).items() if n not in unknown}
    block = f'resource "{kind}" "{name}" {VALUES.write(values)}'
    notes = [f"# It has no {n} here." for n in unknown if n in act.declared]
    held = dict.fromkeys(Secret(field).variable for field in SECRET.findall(block))
    variables = [f'variable "{each}" {VALUES.write(SENSITIVE)}' for each in held]
    taken = [taking_over(act, f"{kind}.{name}")] if act.id else []
    return "\n".join([*notes, "\n\n".join([block, *variables, *taken])])


def variable(field: str) -> str:
    """Return how a resource leaves a value to a variable."""
    return f"var.{field}"


def provider(act: Act) -> str:
    return "konnect" if act.is_konnect else "kong-gateway"


def resource(act: Act) -> str:
    """Return the type of the resource, such as kong-gateway_key_auth."""
    names = KONNECT if act.is_konnect else GATEWAY
    own = f"_{act.values['name'].replace('-', '_')}" if act.kind == "plugins" else ""
    return f"{provider(act)}_{names[act.kind]}{own}"


def local_name(act: Act) -> str:
    """Return what the resource is called in its file: an identifier."""
    named = [thing.name for thing in act.refs if thing.kind != "realms"]
    text = "-".join(filter(None, [*named, act.name])) or act.kind.removesuffix("s")
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")
    return name if name[:1].isalpha() else f"_{name}"


def attributes(act: Act) -> dict[str, Any]:
    """Return what the resource is given; others are referred to by their ids."""
    names = {f"{thing.kind[:-1]}_id": thing.id for thing in act.refs}
    ids = {name: id_ or Secret(name) for name, id_ in names.items()}
    more = {"workspace": act.workspace} if act.workspace else {}
    if act.kind == "consumer_group_consumers":
        return ids | more
    if act.kind == "plugins":
        owners = {thing.kind[:-1]: {"id": thing.id} for thing in act.refs}
        values = {n: v for n, v in act.declared.items() if n != "name"}
        return values | owners | more
    return ids | act.declared | more


def taking_over(act: Act, address: str) -> str:
    """Return the block by which Terraform begins to look after what is there."""
    owners = [] if act.kind == "plugins" else act.refs
    ids = {f"{thing.kind[:-1]}_id": thing.id for thing in owners}
    ids |= {"id": act.id} | ({"workspace": act.workspace} if act.workspace else {})
    alone = act.is_konnect and len(ids) == 1
    known = HCL.of(act.id) if alone else f"jsonencode({VALUES.write(ids, '  ')})"
    return f"import {{\n  to = {address}\n  id = {known}\n}}"
