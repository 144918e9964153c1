"""Limits in words: what a list of limits and windows means to a person."""

UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}

type Number = int | float


def whole(seconds: Number) -> tuple[Number, str]:
    """Return a length of time as an amount of the largest unit that fits: 2, hours."""
    fits = (u for u in reversed(UNITS) if seconds and not seconds % UNITS[u])
    unit = next(fits, "seconds")
    # Without a division that makes a float of what is too long for one.
    amount = seconds if unit == "seconds" else seconds // UNITS[unit]
    return int(amount) if amount % 1 == 0 else amount, unit


def written(number: Number) -> str:
    return f"{number:,}".removesuffix(".0")


def window_in_words(seconds: Number) -> str:
    """Return `per minute`, or `per 30 seconds`."""
    amount, unit = whole(seconds)
    return f"per {unit[:-1]}" if amount == 1 else f"per {written(amount)} {unit}"


def limits_in_words(config: dict, noun: str = "") -> str:
    """Return `100 per minute and 1,000 per hour, sliding`; a `noun` says 100 of what.

    `config` has limit and window_size side by side, and window_type.
    """
    pairs = zip(config["limit"], config["window_size"], strict=False)
    parts = [f"{written(limit)} {window_in_words(size)}" for limit, size in pairs]
    if noun:
        parts[:1] = [part.replace(" ", f" {noun} ", 1) for part in parts[:1]]
    *first, last = parts or ["nothing"]
    text = f"{', '.join(first)} and {last}" if first else last
    return f"{text}, {config.get('window_type', 'sliding')}"
