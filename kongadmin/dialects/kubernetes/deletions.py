"""How something shall be deleted: what the body of the request says, or its query."""

from dataclasses import dataclass
from typing import Any

from kongadmin.dialects.kubernetes.calls import Call
from kongadmin.dialects.kubernetes.errors import Cause, bad_request, wrong_options

ORPHAN = "Orphan"
POLICIES = (ORPHAN, "Background", "Foreground")


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is left behind, and which object is meant: its uid, its version."""

    is_orphaning: bool
    preconditions: dict[str, Any]


def read_deletion(call: Call, options: dict) -> Deletion:
    """Return how to delete; that it is but a dry run is noted with the call."""
    if stages := options.get("dryRun"):
        call.arguments = call.arguments | {"dryRun": read_stages(stages)}
        call.check()
    wanted = options.get("preconditions")
    preconditions = wanted if isinstance(wanted, dict) else {}
    return Deletion(is_orphaning(call, options), preconditions)


def read_stages(stages: Any) -> str:
    if not (isinstance(stages, list) and all(isinstance(s, str) for s in stages)):
        raise bad_request("dryRun: Invalid value: must be a list of texts")
    return ",".join(dict.fromkeys(stages))


def is_orphaning(call: Call, options: dict) -> bool:
    policy = options.get("propagationPolicy") or call.given("propagationPolicy")
    if policy and policy not in POLICIES:
        known = ", ".join(f'"{name}"' for name in POLICIES)
        why = f'Unsupported value: "{policy}": supported values: {known}'
        cause = Cause("FieldValueNotSupported", "propagationPolicy", why)
        raise wrong_options("DeleteOptions", [cause])
    return policy == ORPHAN or options.get("orphanDependents") is True
