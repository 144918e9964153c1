"""How a secret looks where it must not be read."""

from typing import Any

DOTS = "••••••••"


def mask(secret: str | None) -> str | None:
    """Return `secret` with all but its ends hidden; a short one is hidden whole."""
    if secret is None:
        return None
    if len(secret) < 16:
        return DOTS
    return f"{secret[:4]}{DOTS}{secret[-4:]}"


def masked(value: Any, kind: dict) -> Any:
    """Return a value with every secret in it masked, at any depth.

    `kind` is its field as a schema serves it; secrets are `encrypted` there.
    """
    if value is None:
        return None
    if kind.get("encrypted"):
        return mask(value) if isinstance(value, str) else DOTS
    if isinstance(value, list):
        return [masked(each, kind.get("elements", {})) for each in value]
    if isinstance(value, dict):
        kinds, other = inner_kinds(kind), kind.get("values", {})
        return {key: masked(each, kinds.get(key, other)) for key, each in value.items()}
    return value


def inner_kinds(record: dict) -> dict[str, dict]:
    """Return the fields of a record by name, the deprecated ones too."""
    items = [*record.get("fields", ()), *record.get("shorthand_fields", ())]
    return {name: kind for item in items for name, kind in item.items()}
