"""How a secret looks where it must not be read."""

from collections.abc import Mapping
from typing import Any

DOTS = "••••••••"


def mask(secret: str | None) -> str | None:
    """Return `secret` with all but its ends hidden; a short one is hidden whole."""
    if secret is None:
        return None
    if len(secret) < 16:
        return DOTS
    return f"{secret[:4]}{DOTS}{secret[-4:]}"


def masked(fields: Mapping[str, dict], values: dict) -> dict:
    """Return a record's values with those masked that its fields call `encrypted`.

    `fields` are a schema's, by name; whatever lies deeper is looked at as well.
    """
    return {name: hide(fields.get(name, {}), value) for name, value in values.items()}


def hide(kind: dict, value: Any) -> Any:
    """Return the value of a field of that kind as it looks masked."""
    if kind.get("encrypted"):
        return hide_all(value)
    if isinstance(value, list):
        return [hide(kind.get("elements", {}), item) for item in value]
    if isinstance(value, dict) and "fields" in kind:
        fields = {name: of for field in kind["fields"] for name, of in field.items()}
        return masked(fields, value)
    if isinstance(value, dict):
        return {name: hide(kind.get("values", {}), of) for name, of in value.items()}
    return value


def hide_all(value: Any) -> Any:
    """Mask every text of a secret, which may be a list or a record of them."""
    if isinstance(value, list):
        return [hide_all(item) for item in value]
    if isinstance(value, dict):
        return {name: hide_all(item) for name, item in value.items()}
    return mask(value) if isinstance(value, str) else value
