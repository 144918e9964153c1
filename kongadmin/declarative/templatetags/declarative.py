"""Filters of the pages that import and export."""

from django import template

from kongadmin.declarative.formats import FORMATS
from kongadmin.declarative.kinds import KINDS
from kongadmin.declarative.words import SIGNS, WORDS

register = template.Library()


@register.filter
def format_label(name: str) -> str:
    """Return what people call a format."""
    return FORMATS[name].label if name in FORMATS else name


@register.filter
def kind_words(name: str) -> str:
    """Return what people call several entities of a kind."""
    return KINDS[name].words if name in KINDS else name


@register.filter
def thousands(count: int | float | str) -> str:
    """Return a number with its thousands apart; a text as it is."""
    return count if isinstance(count, str) else f"{int(count):,}"


@register.filter
def sign(verb: str) -> str:
    """Return the sign that stands before a count of a verb."""
    return SIGNS.get(verb, "")


@register.filter
def verb_words(verb: str) -> str:
    return WORDS.get(verb, verb)


@register.filter
def totals(counts: dict[str, dict[str, int]]) -> list[tuple[str, int]]:
    """Return how many there are of every verb, without those that there are none of."""
    summed = {
        verb: sum(each.get(verb, 0) for each in counts.values()) for verb in SIGNS
    }
    return [(verb, count) for verb, count in summed.items() if count]
