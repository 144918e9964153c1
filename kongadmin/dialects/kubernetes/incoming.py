"""Manifests on their way in: checked against their kind, completed, judged."""

import base64
from typing import Any

from kongadmin.dialects.kubernetes import metadata, schemas
from kongadmin.dialects.kubernetes.calls import IGNORE, STRICT, Call
from kongadmin.dialects.kubernetes.errors import bad_request, invalid
from kongadmin.dialects.kubernetes.kinds import Kind


def check_type(given: dict, kind: Kind) -> None:
    """Refuse a manifest of another kind than its address names."""
    for name, wanted in (("apiVersion", kind.api_version), ("kind", kind.name)):
        if given.setdefault(name, wanted) != wanted:
            raise bad_request(
                f"the API version in the data ({given.get('apiVersion')}) and kind "
                f"({given.get('kind')}) do not match the expected ones "
                f"({kind.api_version}, {kind.name})"
            )


def place(given: dict, call: Call) -> None:
    """Put a manifest where its address says; refuse one that says another."""
    meta = given.get("metadata")
    if not isinstance(meta, dict):
        meta = given["metadata"] = {}
    named = meta.get("name") or None
    if call.name and named not in (None, call.name):
        raise bad_request(
            f"the name of the object ({named}) does not match the name on the URL "
            f"({call.name})"
        )
    if meta.get("namespace") not in (None, "", call.namespace):
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent "
            "on the request"
        )
    if call.name:
        meta["name"] = call.name
    elif not named and isinstance(meta.get("generateName"), str):
        meta["name"] = metadata.generated(meta["generateName"])
    if call.namespace:
        meta["namespace"] = call.namespace


def prune(given: dict, call: Call) -> None:
    """Take away what the kind does not know: refused, warned of or passed over.

    So is what the body says twice.
    """
    slips = slips_in(given, call)
    if slips and call.validation == STRICT:
        kind = call.kind
        raise bad_request(
            f'{kind.name} in version "{kind.version}" cannot be handled as a '
            f"{kind.name}: strict decoding error: {', '.join(slips)}"
        )
    warn(call, slips)


def slips_in(given: dict, call: Call) -> list[str]:
    """Take away what the kind does not know; return that, and what is said twice."""
    unknown = schemas.prune(given, schemas.schema_of(call.kind))
    return [
        *(f'duplicate field "{path}"' for path in call.repeated),
        *(f'unknown field "{path}"' for path in unknown),
    ]


def warn(call: Call, slips: list[str]) -> None:
    if call.validation != IGNORE:
        call.warnings += slips


def complete(given: dict, kind: Kind) -> None:
    """Fill in what a manifest may leave out."""
    schemas.fill(given, schemas.schema_of(kind))
    if kind.plural == "secrets":
        fold(given)


def fold(secret: dict) -> None:
    """Put what a Secret says in clear text beside what it says in base64."""
    texts = secret.get("stringData")
    if not isinstance(texts, dict) or not all_texts(texts):
        return
    del secret["stringData"]
    data = secret.get("data", {})
    if isinstance(data, dict) and texts:
        coded = {n: base64.b64encode(v.encode()).decode() for n, v in texts.items()}
        secret["data"] = data | coded


def all_texts(values: dict) -> bool:
    return all(isinstance(value, str) for value in values.values())


def judge_types(config: dict, kind: Kind) -> None:
    """Refuse what cannot even be merged: a text where a list should be, say."""
    causes = schemas.judge(config, schemas.schema_of(kind))
    wrong = [cause for cause in causes if cause.reason == schemas.WRONG_TYPE]
    if wrong:
        raise invalid(kind, config["metadata"]["name"], wrong)


def judge(given: dict, old: dict | None, kind: Kind) -> None:
    """Refuse what the kind's schema or rules refuse, all of it at once."""
    causes = list(schemas.judge(given, schemas.schema_of(kind), old))
    meta: Any = given["metadata"]
    if not any(cause.field.startswith("metadata") for cause in causes):
        causes += metadata.judge(meta, old["metadata"] if old else {}, kind)
    if causes:
        name = meta.get("name", "")
        raise invalid(kind, name if isinstance(name, str) else "", causes)


def prune_applied(config: dict, call: Call) -> None:
    """The same for what is applied on the server's side, which is told differently."""
    slips = slips_in(config, call)
    if slips and call.validation == STRICT:
        kind = call.kind
        told = "\n".join(map(told_of_applied, slips))
        raise bad_request(
            f"failed to create typed patch object ({call.namespace}/{call.name}; "
            f"{kind.api_version}, Kind={kind.name}): {told}"
        )
    warn(call, slips)


def told_of_applied(slip: str) -> str:
    """Return a slip as a path and what is wrong there."""
    what, path, _ = slip.split('"')
    wrong = "field not declared in schema" if "unknown" in what else what.strip()
    return f".{path}: {wrong}"
