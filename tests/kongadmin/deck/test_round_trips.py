"""What is written is read again as it was, and written again to the byte."""

import io
import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kongadmin.declarative.document import Head, Ref, Row
from kongadmin.declarative.formats import FORMATS, Options
from kongadmin.dialects.deck.scalars import quoted, resolve

ODD = """yes no on off y n true null ~ 1 01 0x10 1e3 1_000 .5 -.inf .nan 1:30 2001-01-01
    = << - -x ?x :x x: [x {x &x *x !x |x >x %x @x `x #x x#y --- ... ${{ 12e03 0o17 +1
    0b11 3.0 "" ' " \\ \\n""".split()
BLANKS = ["", " ", " x", "x ", "x: y", "x #y", "a\nb", "a\nb\n", "a\n\n\n", "\n", "\na"]
MORE = [
    "\ta",
    "a\tb",
    "a\n\tb",
    "a\n b\n",
    " a\nb",
    "a\r\nb",
    "é",
    "😀",
    "\x85",
    "\u2028",
]
TEXTS = st.one_of(
    st.sampled_from([*ODD, *BLANKS, *MORE]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
NAMES = TEXTS.filter(bool)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)
TAGS = st.lists(TEXTS, max_size=2, unique=True)
CREDENTIALS = {
    "keyauth_credentials": {"key": NAMES},
    "basicauth_credentials": {"username": NAMES, "password": NAMES},
    "hmacauth_credentials": {"username": NAMES, "secret": NAMES},
    "jwt_secrets": {"key": NAMES, "secret": NAMES, "rsa_public_key": TEXTS},
    "oauth2_credentials": {
        "name": NAMES,
        "client_secret": NAMES,
        "redirect_uris": TAGS,
    },
    "acls": {"group": NAMES},
    "mtls_auth_credentials": {"subject_name": NAMES, "id": NAMES},
    "keyauth_enc_credentials": {"key": NAMES, "ttl": st.integers(1, 1000)},
}


@st.composite
def plugins(draw, **owner: Ref) -> Row:
    values = {"name": draw(st.sampled_from(["acl", "cors", "of-their-own"]))}
    values["config"] = draw(st.dictionaries(TEXTS, JSON, max_size=3))
    if draw(st.booleans()):
        values["enabled"] = False
    return Row("plugins", values | owner)


@st.composite
def declared(draw) -> list[Row]:
    """Make rows of every kind, in the order that an export has."""
    found = []
    groups = draw(st.lists(NAMES, max_size=2, unique=True))
    for name in groups:
        ref = Ref("consumer_groups", name, "name")
        found.append(Row("consumer_groups", {"name": name, "tags": draw(TAGS)}))
        found += draw(st.lists(plugins(consumer_group=ref), max_size=1))
        if draw(st.booleans()):
            values = {"config": {"limit": [1], "window_size": [60]}}
            found.append(
                Row("consumer_group_overrides", values | {"consumer_group": ref})
            )
    for name in draw(st.lists(NAMES, max_size=3, unique=True)):
        field = draw(st.sampled_from(["username", "custom_id"]))
        ref = Ref("consumers", name, field)
        values = {field: name, "tags": draw(TAGS), "id": f"id of {name}"}
        found.append(Row("consumers", values))
        for kind in draw(st.lists(st.sampled_from([*CREDENTIALS]), max_size=3)):
            values = draw(st.fixed_dictionaries(CREDENTIALS[kind]))
            found.append(Row(kind, values | {"consumer": ref}))
        for group in groups:
            named = {
                "consumer": ref,
                "consumer_group": Ref("consumer_groups", group, "name"),
            }
            found.append(Row("consumer_group_consumers", named))
        found += draw(st.lists(plugins(consumer=ref), max_size=1))
    return found + draw(st.lists(plugins(), max_size=2))


def written(rows: list[Row], name: str, options: Options) -> str:
    return "".join(FORMATS[name].write(rows, Head(select_tags=("a",)), options))


def read(text: str, name: str, options: Options = Options()) -> tuple[Head, list[Row]]:  # noqa: B008
    found = FORMATS[name].read(io.BytesIO(text.encode()), options)
    return found.head, list(found.rows)


def as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def meant(rows: list[Row]) -> list[tuple]:
    """Return what rows say, whatever their order, and whoever names their owners."""
    return sorted(
        (
            row.kind,
            sorted(
                (name, value.text if isinstance(value, Ref) else as_json(value))
                for name, value in row.values.items()
            ),
        )
        for row in rows
    )


@pytest.mark.parametrize("name", ["deck", "dbless"])
@pytest.mark.parametrize("secrets", ["clear", "environment"])
@settings(max_examples=20, deadline=None)
@given(rows=declared())
def test_rows_are_read_as_they_were_written(name: str, secrets: str, rows: list[Row]):
    options = Options(secrets=secrets, with_id=True)
    text = written(rows, name, options)

    head, found = read(text, name, Options(environment=options.environment))

    assert meant(found) == meant(rows)
    again = Options(secrets=secrets, with_id=True)
    assert written(found, name, again) == text
    assert again.environment == options.environment
    assert head.select_tags == (("a",) if name == "deck" else ())


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_a_text_stays_text_in_every_reader(text: str):
    line = f"key: {quoted(text)}\n"

    assert yaml.safe_load(line) == {"key": text}
    assert yaml.load(line, yaml.CSafeLoader) == {"key": text}


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_what_stands_without_quotes_is_text(text: str):
    shown = quoted(text)

    assert shown != text or resolve(text) == text
