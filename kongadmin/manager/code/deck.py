"""An act as a decK file.

What hangs on a consumer or group stands with the whole of it: decK sets back to nothing
what a file leaves out.
"""

from typing import Any

from kongadmin.manager.code.acts import Act, Thing, Verb, token_header
from kongadmin.manager.code.writing import SHELL, yaml

PLACES = "A decK file holds what is in one control plane, and knows no such places."
UNSAID = {
    "realm": PLACES,
    "organization": PLACES,
    Verb.DELETE: "decK deletes what its file no longer has: take it out there, then "
    "run deck gateway sync.",
    Verb.ASK: "decK changes configuration; it asks no questions about it.",
    "keyauth_enc_credentials": "decK knows no encrypted keys.",
}
OWNERS = ("consumer_groups", "consumers")
RATE_LIMITING = "rate-limiting-advanced"


def write(act: Act) -> str:
    """Return a file for `deck gateway apply`; for a list the command that dumps it."""
    if act.verb == Verb.LIST:
        return f"deck gateway dump --output-file -{_tags(act)}{_address(act)}"
    head: dict[str, Any] = {"_format_version": "3.0"}
    if act.workspace:
        head["_workspace"] = act.workspace
    return f"# deck gateway apply this.yaml{_address(act)}\n{yaml(head | content(act))}"


def variable(field: str) -> str:
    """Return how a file leaves a value to decK's environment.

    decK puts it in before it reads YAML, so it is decK that has to quote it.
    """
    return f'${{{{ env "DECK_{field.upper()}" | printf "%q" }}}}'


def _address(act: Act) -> str:
    base = act.url.removesuffix(act.path).removesuffix(f"/{act.workspace}")
    said = f" --kong-addr {SHELL.of(base)}"
    if act.workspace and act.verb == Verb.LIST:
        said += f" --workspace {SHELL.of(act.workspace)}"
    if header := token_header(act):
        said += f' --headers "{header[0]}:${header[2]}"'
    return said


def _tags(act: Act) -> str:
    return "".join(
        f" --select-tag {SHELL.of(tag)}" for tag in act.values.get("tags") or ()
    )


def content(act: Act) -> dict[str, Any]:
    """Return the document that holds what the act is about, and what that hangs on."""
    owners = {kind: act.ref(kind) for kind in OWNERS if act.ref(kind)}
    rows = {kind: _owner(thing) for kind, thing in owners.items()}
    document = {kind: [row] for kind, row in rows.items()}
    match act.kind:
        case "consumer_group_consumers":
            rows["consumers"]["groups"] = [{"name": owners["consumer_groups"].name}]
        case "consumer_group_overrides":
            limits = {"name": RATE_LIMITING, **act.declared}
            rows["consumer_groups"]["plugins"] = [limits]
            return {"_info": {"consumer_group_policy_overrides": True}, **document}
        case "plugins":
            named = {kind[:-1]: thing.id for kind, thing in owners.items()}
            document["plugins"] = [_row(act.id, act.declared | named)]
        case kind if "consumers" in rows:
            rows["consumers"][kind] = [_row(act.id, act.declared)]
        case kind:
            document[kind] = [_row(act.id, act.declared)]
    return document


def _owner(thing: Thing) -> dict[str, Any]:
    return _row(thing.id, thing.values)


def _row(id_: str, values: dict[str, Any]) -> dict[str, Any]:
    return ({"id": id_} if id_ else {}) | values
