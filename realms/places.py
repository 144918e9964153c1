"""Where the pages about what is in a realm lie: below the address of the realm.

There every link keeps to the realm by itself, because the script prefix of the request
ends in it. So a realm's consumers have the pages of all consumers.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from urllib.parse import quote

from django.urls import get_script_prefix, reverse, set_script_prefix

INSIDE = re.compile(
    r"/realms/(?P<ref>[^/]+)(?P<rest>/(?:consumers|activity|search)(?:/.*)?)", re.DOTALL
)
_PREFIX = re.compile(r"realms/[^/]+/\Z")


def root() -> str:
    """Return the prefix of all addresses of the control plane one is in."""
    return _PREFIX.sub("", get_script_prefix())


def is_inside() -> bool:
    """Say whether the page that is being made is about what is in a realm."""
    return root() != get_script_prefix()


def outside(view: str, *args) -> str:
    """Return the address of a page that is not about what is in a realm."""
    return root() + _path(view, args)


def inside(ref: str, view: str, *args) -> str:
    """Return the address of a page about what is in the realm that `ref` names."""
    return f"{root()}realms/{quote(ref)}/{_path(view, args)}"


def front_door(plane) -> str:
    """Return where one goes to work in another control plane."""
    # The prefix /@name of a control plane is not part of where all of them are.
    base = root().partition("/@")[0].rstrip("/")
    return f"{base}/" if plane.is_default else f"{base}/@{quote(plane.name)}/"


def here(view: str, *args) -> str:
    """Return the address of a page about what is where one is."""
    return get_script_prefix() + _path(view, args)


@lru_cache(4096)
def _path(view: str, args: tuple) -> str:
    # Django makes an address up at length, and a page has fifty.
    return reverse(view, args=args).removeprefix(get_script_prefix())


@contextmanager
def entered(ref: str) -> Iterator[None]:
    """Let every address that is made up meanwhile lie in the realm."""
    before = get_script_prefix()
    set_script_prefix(f"{root()}realms/{quote(ref)}/")
    try:
        yield
    finally:
        set_script_prefix(before)
