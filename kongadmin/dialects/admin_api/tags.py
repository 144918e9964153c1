"""The tag filter of lists: `a,b` is all of them, `a/b` any. Contract §1.7."""

import re

from kongadmin.dialects.admin_api.errors import Refusal, invalid_options
from kongadmin.tags import TagFilter

MOST_TAGS = 5
TAG = r"[^\x00-\x1f\x7f,/\udc80-\udcff]+"
FILTER = re.compile(f"{TAG}(?:(?:,{TAG})*|(?:/{TAG})*)")


def read_tags(text: str | bool | None) -> TagFilter | None:
    """Return the filter that `?tags=` spells, None where there is none."""
    if text is None or text is True:
        return None
    if text == "":
        raise invalid_options(tags="cannot be null")
    if not FILTER.fullmatch(text):
        raise invalid_options(tags="invalid filter syntax")
    tags = tuple(re.split("[,/]", text))
    if len(tags) > MOST_TAGS:
        raise invalid_options(tags=f"cannot query more than {MOST_TAGS} tags")
    return TagFilter(tags, any="/" in text)


def check_tag(tag: str) -> None:
    """Refuse a tag in a path that is not UTF-8."""
    for position, character in enumerate(tag, 1):
        if "\udc80" <= character <= "\udcff":
            text = f"invalid utf-8 character sequence detected at position {position}"
            raise Refusal.coded(10, text, about="tag")
