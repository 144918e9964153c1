"""Names, rules and limits of plugins as a person says them."""

import re
from collections.abc import Iterable
from typing import Any

from groups.limits import window_in_words, written
from kongadmin.manager.words import in_words

PERIODS = ("second", "minute", "hour", "day", "month", "year")
# Words that are no words: written as such in labels.
_CAPITALS = frozenset(
    "acl arn aws cors gcp hmac http id ip json jwt pkce ssl tls uri url uuid".split()
)
_NAME = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_QUOTED = re.compile(r"'([^']+)'")


def label_of(name: str) -> str:
    """Return a name as a label: `key_in_header` is Key in header."""
    words = re.split(r"[_-]+", name)
    spelled = [word.upper() if word in _CAPITALS else word for word in words]
    text = " ".join(spelled)
    return text[:1].upper() + text[1:]


# Errors

_RULES = {
    "at least one of these fields must be non-empty: ": "Fill in at least one of: {}.",
    "exactly one of these fields must be non-empty: ": "Fill in exactly one of: {}.",
    "all or none of these fields must be set: ": "Fill in all of these or none: {}.",
    "only one or none of these fields must be set: ": "Fill in at most one of: {}.",
    "values of these fields must be distinct: ": "These must differ: {}.",
    "failed conditional validation given value of field ": (
        "{} as chosen asks for more: see the marked field."
    ),
    "at least one of these fields must be true: ": "Switch on at least one of: {}.",
}
_TEXTS = {
    "expected a number": "Enter a number.",
    "expected an integer": "Enter a whole number.",
    "expected a valid UUID": "Enter a UUID.",
    "value must be null": "Leave this empty here.",
}
_BEGINNINGS = {
    "expected one of: ": "Choose one of: ",
    "value must be ": "This must be ",
    "value should be ": "This must be ",
    "length must be ": "The length must be ",
    "should start with: ": "This must start with ",
    "expected to contain: ": "This must contain ",
}


def explain(text: str) -> str:
    """Return one of Kong's error texts as a sentence that names labels."""
    text = text.removeprefix("when updating, ")
    for beginning, sentence in _RULES.items():
        if text.startswith(beginning):
            return sentence.format(_labels(text.removeprefix(beginning)))
    known = _TEXTS.get(text) or in_words(text)
    return known if known != text else _sentence(text)


def explain_all(texts: Iterable[str]) -> list[str]:
    """Return the sentences for several errors; rules about the same fields are one."""
    found: dict[str, str] = {}
    for text in texts:
        names = ", ".join(sorted(_QUOTED.findall(text))) or text
        found.setdefault(names, explain(text))
    return list(found.values())


def _labels(names: str) -> str:
    found = _QUOTED.findall(names) or names.split(", ")
    return ", ".join(label_of(name.rpartition(".")[2]) for name in found)


def _sentence(text: str) -> str:
    for beginning, words in _BEGINNINGS.items():
        if text.startswith(beginning):
            text = words + text.removeprefix(beginning)
            break
    text = _NAME.sub(lambda found: label_of(found[0]).lower(), text)
    return text[:1].upper() + text[1:] + "." * (text[-1:] not in ".!?")


def lines_of(errors: Any) -> list[str]:
    """Return what is wrong with one input, naming the lines it is wrong on."""
    if isinstance(errors, str):
        return [explain(errors)]
    if isinstance(errors, dict):
        return [f"{key}: {text}" for key in errors for text in lines_of(errors[key])]
    return [
        f"{text.removesuffix('.')} (line {number})."
        for number, inner in enumerate(errors, 1)
        if inner
        for text in lines_of(inner)
    ]


# Limits


def limits_of(name: str, config: dict) -> list[str]:
    """Return what a plugin of the rate-limiting family allows, a sentence each.

    What is no number yet, because it is still being typed, is left out.
    """
    read = _LIMITS.get(name)
    return read(config) if read else []


def _by_period(limits: dict, noun: str = "") -> str:
    given = [(limits.get(period), f"per {period}") for period in PERIODS]
    return _allowed(given, noun)


def _allowed(limits: list[tuple], noun: str) -> str:
    """Return `5 requests per minute and 100 per hour`."""
    limits = [pair for pair in limits if isinstance(pair[0], int | float)]
    parts = [f"{written(number)} {window}" for number, window in limits]
    if noun and limits:
        (number, window), *_ = limits
        parts[0] = f"{written(number)} {noun}{'s' * (number != 1)} {window}"
    return _joined(parts)


def _of_periods(config: dict) -> list[str]:
    allowed = _by_period(config, "request")
    return [f"{allowed}, {_counted_by(config.get('limit_by'))}"] if allowed else []


def _of_windows(config: dict) -> list[str]:
    limits, windows = config.get("limit") or (), config.get("window_size") or ()
    both = zip(limits, windows, strict=False)
    pairs = [(n, window_in_words(s)) for n, s in both if isinstance(s, int | float)]
    allowed = _allowed(pairs, "request")
    return [f"{allowed}, {_counted_by(config.get('identifier'))}"] if allowed else []


def _of_answers(config: dict) -> list[str]:
    limits = config.get("limits") or {}
    found = [(name, _by_period(each or {})) for name, each in limits.items()]
    return [f"{name}: {allowed}" for name, allowed in found if allowed]


def _counted_by(what: str | None) -> str:
    return f"counted by {(what or 'consumer').replace('-', ' ')}"


def _joined(parts: list[str]) -> str:
    """Return `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


_LIMITS = {
    "rate-limiting": _of_periods,
    "rate-limiting-advanced": _of_windows,
    "response-ratelimiting": _of_answers,
}
