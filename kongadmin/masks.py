"""How a secret looks where it must not be read."""

DOTS = "••••••••"


def mask(secret: str | None) -> str | None:
    """Return `secret` with all but its ends hidden; a short one is hidden whole."""
    if secret is None:
        return None
    if len(secret) < 16:
        return DOTS
    return f"{secret[:4]}{DOTS}{secret[-4:]}"
