"""Files as tests write them down, and what is read of them."""

import io
from textwrap import dedent

import pytest

from kongadmin.declarative.document import Document, Problem, Row, Unreadable
from kongadmin.declarative.formats import Options
from kongadmin.dialects.deck.reading import read

VERSION = '_format_version: "3.0"\n'


def document(text: str | bytes, **environment: str) -> Document:
    content = text if isinstance(text, bytes) else dedent(text).encode()
    return read(io.BytesIO(content), Options(environment=environment))


def rows(text: str, **environment: str) -> list[Row]:
    """Return the rows of a file; the text begins on its second line."""
    return list(document(VERSION + dedent(text), **environment).rows)


def said(text: str, **environment: str) -> list[tuple[str, dict]]:
    return [(row.kind, row.values) for row in rows(text, **environment)]


def wrong_with(content: str | bytes, **environment: str) -> list[Problem]:
    """Return what is wrong with a whole file."""
    with pytest.raises(Unreadable) as caught:
        list(document(content, **environment).rows)
    return list(caught.value.problems)


def problems(text: str, **environment: str) -> list[Problem]:
    """Return what is wrong with a file; the text begins on its second line."""
    return wrong_with(VERSION + dedent(text), **environment)


def problem(text: str, **environment: str) -> Problem:
    (found,) = problems(text, **environment)
    return found
