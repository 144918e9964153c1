"""How values stand in Konnect's answers."""

from datetime import UTC, datetime


def say_time(moment: datetime | None) -> str | None:
    """Return a moment as ISO 8601 in UTC, with three decimals; None stays None."""
    if moment is None:
        return None
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
