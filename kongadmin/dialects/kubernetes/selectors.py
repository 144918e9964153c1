"""Which objects a list or a watch is about: selectors of labels and of fields."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from kongadmin.dialects.kubernetes.errors import bad_request
from kongadmin.dialects.kubernetes.metadata import why_not_key, why_not_value

# A comma between two requirements, not between the values of one.
BETWEEN = re.compile(r",(?![^()]*\))")
IN = re.compile(r"\s*(?P<key>\S+)\s+(?P<verb>in|notin)\s*\((?P<values>[^()]*)\)\s*")
EQUAL = re.compile(r"\s*(?P<key>[^\s=!]+)\s*(?P<verb>==|=|!=)\s*(?P<value>[^\s=!]*)\s*")
EXISTS = re.compile(r"\s*(?P<verb>!?)\s*(?P<key>[^\s=!()]+)\s*")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one part of a selector asks: `values` is None where any value will do."""

    key: str
    wants: bool
    values: frozenset[str] | None

    def fits(self, given: Mapping[str, str]) -> bool:
        value = given.get(self.key)
        has = value is not None and (self.values is None or value in self.values)
        return has == self.wants


type Selector = tuple[Requirement, ...]


def matches(selector: Selector, given: Mapping[str, str]) -> bool:
    return all(requirement.fits(given) for requirement in selector)


def read_labels(text: str) -> Selector:
    """Return the selector that a labelSelector spells; 400 where it spells none."""
    return tuple(map(read_label, split(text)))


def split(text: str) -> Iterator[str]:
    if text.strip():
        yield from BETWEEN.split(text)


def read_label(part: str) -> Requirement:
    for pattern, read in LABEL_FORMS.items():
        found = pattern.fullmatch(part)
        if found:
            return checked(read(found.groupdict()), part)
    raise bad_request(f"unable to parse requirement: {part!r} is not understood")


def checked(requirement: Requirement, part: str) -> Requirement:
    why = why_not_key(requirement.key)
    for value in requirement.values or ():
        why = why or why_not_value(value)
    if why:
        raise bad_request(f"unable to parse requirement: {part!r}: {why}")
    return requirement


def read_set(found: dict[str, str]) -> Requirement:
    values = frozenset(value.strip() for value in found["values"].split(","))
    return Requirement(found["key"], found["verb"] == "in", values)


def read_equal(found: dict[str, str]) -> Requirement:
    values = frozenset([found["value"]])
    return Requirement(found["key"], found["verb"] != "!=", values)


def read_exists(found: dict[str, str]) -> Requirement:
    return Requirement(found["key"], not found["verb"], None)


LABEL_FORMS: dict[re.Pattern, Callable[[dict], Requirement]] = {
    IN: read_set,
    EQUAL: read_equal,
    EXISTS: read_exists,
}


def read_fields(text: str, known: frozenset[str]) -> Selector:
    """Return the selector that a fieldSelector spells, of `known` fields only."""
    found = []
    for part in split(text):
        match = EQUAL.fullmatch(part)
        if match is None:
            raise bad_request(f"invalid selector: {part!r}; can't understand it")
        if match["key"] not in known:
            raise bad_request(f"field label not supported: {match['key']}")
        found.append(read_equal(match.groupdict()))
    return tuple(found)
