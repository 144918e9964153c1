"""Filters of lists, as `filter[name][eq]=x` or, for equality, `filter[name]=x`."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kongadmin.dialects.konnect.problems import parameter

EQUAL = "eq"
FILTER = re.compile(r"filter\[(\w*)\](?:\[(\w*)\])?")


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition of a list: the text that a field is compared with, and how."""

    field: str
    operator: str
    text: str

    @property
    def texts(self) -> list[str]:
        """The items of a list separated by commas."""
        return [item.strip() for item in self.text.split(",")]


def read_filters(
    arguments: dict, operators: Mapping[str, Collection[str]]
) -> tuple[list[Filter], list[dict]]:
    """Return the filters in a query, and what is wrong with others.

    `operators` holds those that each field can be filtered by.
    """
    found, wrong = [], []
    for name, value in arguments.items():
        if not name.startswith("filter"):
            continue
        match = FILTER.fullmatch(name)
        field, operator = match.groups(default=EQUAL) if match else ("", "")
        if operator in operators.get(field, ()):
            found.append(Filter(field, operator, value if value is not True else ""))
        else:
            wrong.append(
                parameter(name, "invalid", "is no filter of this list", "query")
            )
    return found, wrong
