"""Consumers as CSV: what people's tables mean, and that nothing is lost in ours."""

import io
import json
import string
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kongadmin.declarative.document import Head, Place, Ref, Row, Unreadable
from kongadmin.declarative.formats import FORMATS, Options, recognise

BOB = Ref("consumers", "bob", "username")


def read(text: str | bytes, **columns: str) -> list[tuple[str, dict]]:
    return [(row.kind, row.values) for row in document(text, **columns).rows]


def document(text: str | bytes, **columns: str):
    raw = text if isinstance(text, bytes) else text.encode()
    return FORMATS["csv"].read(io.BytesIO(raw), Options(columns=columns))


def problems(text: str | bytes, **columns: str) -> list[str]:
    with pytest.raises(Unreadable) as refused:
        read(text, **columns)
    return [str(problem) for problem in refused.value.problems]


def write(rows: list[Row], is_hashed: bool = False, **options) -> str:
    head = Head(is_hashed=is_hashed)
    return "".join(FORMATS["csv"].write(iter(rows), head, Options(**options)))


def test_a_row_is_a_consumer_with_what_it_has() -> None:
    text = (
        "username,custom_id,tags,groups,key,basic username,basic password,acl group\n"
        "bob,42,a;b,gold,k1,b,p,admin\n"
    )

    rows = read(text)

    assert rows == [
        ("consumers", {"username": "bob", "custom_id": "42", "tags": ["a", "b"]}),
        (
            "consumer_group_consumers",
            {
                "consumer": BOB,
                "consumer_group": Ref("consumer_groups", "gold", "name"),
            },
        ),
        ("acls", {"consumer": BOB, "group": "admin"}),
        (
            "basicauth_credentials",
            {"consumer": BOB, "username": "b", "password": "p"},
        ),
        ("keyauth_credentials", {"consumer": BOB, "key": "k1"}),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "username;key\nbob;k1\n",
        "username\tkey\nbob\tk1\n",
        "username, key\nbob, k1\n",
        "sep=;\r\nUser Name;API Key\r\nbob;k1\r\n",
        "\ufeffUsername|Key-Auth\r\nbob|k1\r\n",
        "username,key\rbob,k1",
        '"username","key"\n"bob","k1"\n\n,\n',
        "username,key\nbob,k1\n".encode("utf-16"),
    ],
)
def test_delimiters_marks_and_headings_of_many_programs(text: str | bytes) -> None:
    key = {"consumer": BOB, "key": "k1"}

    rows = read(text)

    assert rows == [("consumers", {"username": "bob"}), ("keyauth_credentials", key)]


def test_several_keys_in_numbered_columns_or_in_further_rows() -> None:
    numbered = read("username,key,key 2\nbob,k1,k2\n")

    repeated = read("username,key\nbob,k1\nbob,k2\n")

    assert numbered == repeated
    assert [values["key"] for _, values in numbered[1:]] == ["k1", "k2"]


def test_a_consumer_named_again_must_be_the_same() -> None:
    text = "username,custom_id,key\nbob,1,a\nalice,2,b\nbob,3,c\n"

    assert problems(text) == [
        "line 4, column 1: bob has another custom_id in line 2 "
        "(leave it empty in further rows)"
    ]


def test_cells_may_hold_lines_and_rows_still_know_theirs() -> None:
    text = 'username,jwt.rsa_public_key\nbob,"-----BEGIN\nx\n-----END"\nalice,\n'

    places = [row.place for row in document(text).rows]

    assert places == [Place(2), Place(2), Place(5)]


def test_a_table_speaks_of_its_columns_only() -> None:
    kinds = document("custom_id,groups,key\n1,gold,k\n").head.kinds

    assert kinds == {"consumers", "consumer_group_consumers", "keyauth_credentials"}


def test_columns_with_names_of_their_own_are_mapped() -> None:
    columns = {"Kunde": "username", "Schluessel": "key-auth.key", "Ort": ""}

    rows = read("Kunde,Schluessel,Ort\nbob,k1,Ulm\n", **columns)

    assert [kind for kind, _ in rows] == ["consumers", "keyauth_credentials"]


def test_an_unknown_column_is_refused_and_the_likely_one_named() -> None:
    [problem] = problems("username,pasword\nbob,x\n")

    assert problem == (
        "line 1, column 1: column 2, “pasword”, is none of ours (basic-auth.password?)"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the table is empty"),
        ("key\nk1\n", "no column says who a row is about"),
        ("username,key\n,k1\n", "line 2, column 1: the row names nobody"),
        ("username,key\nbob,k1,k2\n", "line 2, column 1: 3 cells, but 2 columns"),
        ('username\nanna\n"bob\n', "line 3, column 1: a quote is never closed"),
        ('username\n"bob" x\n', "line 2, column 1: there is text behind a closing"),
        (b"username\nb\xf6b\n", "line 2, column 2: this is not UTF-8"),
        (b"username\n" + b"x" * 2_000_000, "line 2, column 1: the line is too long"),
        ("username,password,password_digest\n", "passwords are digests or they are"),
        ("username,key,key\n", "two columns say key-auth.key"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str | bytes, problem: str) -> None:
    assert problem in problems(text)[0]


def test_every_wrong_row_is_named() -> None:
    assert len(problems("username,key\n,k1\nbob,k\n,k2\n")) == 2


@pytest.mark.parametrize(
    ("beginning", "filename", "name"),
    [
        ("username,key\n", "", "csv"),
        ("Custom ID;Tags\n1;a\n", "", "csv"),
        ("whatever", "people.CSV", "csv"),
        ("username: bob\n", "", None),
        ('{"username": "x, key"}', "", None),
        ("hello, world\n", "", None),
    ],
)
def test_a_table_is_recognised(beginning: str, filename: str, name: str) -> None:
    found = recognise(beginning, filename)

    assert (found and found.name) == name


def test_what_looks_like_a_formula_is_guarded_and_read_back() -> None:
    rows = [Row("consumers", {"username": "=cmd()", "custom_id": "'+1", "tags": None})]

    text = write(rows)

    assert text == "username,custom_id\n'=cmd(),''+1\n"
    assert read(text) == [("consumers", {"username": "=cmd()", "custom_id": "'+1"})]


def test_only_what_is_there_has_a_column_and_the_rest_is_told() -> None:
    head = Head()
    rows = [
        Row("consumer_groups", {"name": "gold"}),
        Row("consumers", {"username": "bob", "tags": None, "custom_id": None}),
        Row("plugins", {"name": "cors"}),
    ]

    text = "".join(FORMATS["csv"].write(iter(rows), head, Options()))

    assert text == "username\nbob\n"
    assert head.notes == [
        "a table cannot hold 1 consumer groups, they are left out",
        "a table cannot hold 1 plugins, they are left out",
    ]


def test_asked_for_columns_are_written_in_their_order() -> None:
    rows = [Row("consumers", {"username": "bob", "custom_id": "1"})]

    assert write(rows, columns={"custom_id": "", "Key": ""}) == "custom_id,Key\n1,\n"


def test_masked_secrets_are_not_in_a_table() -> None:
    rows = [
        Row("consumers", {"username": "bob"}),
        Row("keyauth_credentials", {"consumer": BOB, "key": "0123456789abcdefghi"}),
    ]

    assert "456789" not in write(rows, secrets="masked")


def test_secrets_may_be_left_to_variables() -> None:
    environment: dict[str, str] = {}
    rows = [
        Row("consumers", {"username": "bob"}),
        Row("keyauth_credentials", {"consumer": BOB, "key": "k1"}),
        Row("keyauth_credentials", {"consumer": BOB, "key": "k2"}),
    ]

    text = write(rows, secrets="environment", environment=environment)
    unset = problems(text)
    found = FORMATS["csv"].read(
        io.BytesIO(text.encode()), Options(environment=environment)
    )

    assert '${{ env ""DECK_BOB_KEYAUTH_KEY"" }}' in text
    assert [row.values for row in found.rows] == [row.values for row in rows]
    assert unset[0] == (
        "line 2, column 1: environment variable DECK_BOB_KEYAUTH_KEY is not set "
        "(set DECK_BOB_KEYAUTH_KEY)"
    )


def test_a_digest_keeps_the_id_that_it_was_made_with() -> None:
    bob_id = str(uuid4())
    password = {"consumer": BOB, "username": "b", "password": "0123abcd"}
    rows = [
        Row("consumers", {"id": bob_id, "username": "bob"}),
        Row("basicauth_credentials", password),
    ]

    found = document(write(rows, is_hashed=True))

    assert found.head.is_hashed
    assert [row.values for row in found.rows] == [row.values for row in rows]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
words = st.lists(st.text(string.printable, min_size=1), min_size=1, unique=True)
credentials = st.one_of(
    st.builds(
        Row,
        st.just("keyauth_credentials"),
        st.fixed_dictionaries({"key": texts}, optional={"tags": words}),
    ),
    st.builds(
        Row,
        st.just("basicauth_credentials"),
        st.fixed_dictionaries({"username": texts, "password": texts}),
    ),
    st.builds(Row, st.just("acls"), st.fixed_dictionaries({"group": texts})),
    st.builds(
        Row,
        st.just("oauth2_credentials"),
        st.fixed_dictionaries(
            {"name": texts, "hash_secret": st.booleans(), "redirect_uris": words}
        ),
    ),
)
consumers = st.fixed_dictionaries(
    {"username": texts}, optional={"custom_id": texts, "tags": words}
)


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(consumers, st.lists(credentials, max_size=4), words),
        unique_by=lambda each: each[0]["username"],
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_what_is_written_reads_the_same(people: list, is_hashed: bool) -> None:
    rows = []
    for consumer, held, groups in people:
        consumer["id"] = str(uuid4())
        ref = Ref("consumers", consumer["username"], "username")
        rows.append(Row("consumers", consumer))
        rows += [Row(row.kind, {"consumer": ref, **row.values}) for row in held]
        rows += [
            Row(
                "consumer_group_consumers",
                {
                    "consumer": ref,
                    "consumer_group": Ref("consumer_groups", name, "name"),
                },
            )
            for name in groups
        ]

    found = document(write(rows, is_hashed, with_id=True))

    assert in_order(found.rows) == in_order(rows)
    is_told = any(row.kind == "basicauth_credentials" for row in rows)
    assert found.head.is_hashed == (is_hashed and is_told)


def in_order(rows) -> list[str]:
    """Return rows in an order that does not matter, to be compared."""
    return sorted(json.dumps([row.kind, row.values], sort_keys=True) for row in rows)
