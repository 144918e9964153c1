"""Manifests as documents: what kubectl would apply, read and written as rows."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kongadmin.declarative.document import Head, Place, Ref, Row, Unreadable
from kongadmin.declarative.formats import FORMATS, Options, recognise

BOB = Ref("consumers", "bob", "username")
CONSUMER = """\
apiVersion: configuration.konghq.com/v1
kind: KongConsumer
metadata: {name: the-bob, annotations: {konghq.com/tags: "x, y"}}
username: bob
consumerGroups: [the-gold]
credentials: [bobs-key]
spec: {tags: [z]}
"""
GROUP = """\
apiVersion: configuration.konghq.com/v1beta1
kind: KongConsumerGroup
metadata: {name: the-gold}
spec: {name: Gold & Co}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: bobs-key, labels: {konghq.com/credential: key-auth}}
data: {key: azE=}
"""
BASIC = """\
apiVersion: configuration.konghq.com/v1alpha1
kind: KongCredentialBasicAuth
metadata: {name: basic}
spec: {consumerRef: {name: the-bob}, username: b, password: p}
"""


def document(*texts: str, format: str = "kubernetes"):
    raw = "---\n".join(texts).encode()
    return FORMATS["kubernetes"].read(io.BytesIO(raw), Options())


def problems(*texts: str) -> list[str]:
    with pytest.raises(Unreadable) as refused:
        list(document(*texts).rows)
    return [str(problem) for problem in refused.value.problems]


def told(rows) -> list[tuple[str, dict]]:
    return [(row.kind, row.values) for row in rows]


def test_objects_are_rows_whatever_their_order() -> None:
    found = document(BASIC, CONSUMER, SECRET, GROUP)

    rows = list(found.rows)

    gold = Ref("consumer_groups", "Gold & Co", "name")
    assert told(rows) == [
        ("consumer_groups", {"name": "Gold & Co"}),
        ("consumers", {"username": "bob", "tags": ["z", "x", "y"]}),
        ("consumer_group_consumers", {"consumer": BOB, "consumer_group": gold}),
        ("keyauth_credentials", {"consumer": BOB, "key": "k1"}),
        (
            "basicauth_credentials",
            {"consumer": BOB, "username": "b", "password": "p"},
        ),
    ]
    assert [row.place.line for row in rows] == [19, 6, 6, 14, 1]
    assert "plugins" not in found.head.kinds


def test_a_list_and_json_are_read_as_well() -> None:
    text = (
        '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": '
        '"configuration.konghq.com/v1", "kind": "KongConsumer", '
        '"metadata": {"name": "a"}, "custom_id": "7"}]}'
    )

    assert told(document(text).rows) == [("consumers", {"custom_id": "7"})]


def test_who_is_not_in_the_file_is_named_as_the_object_is() -> None:
    [(_, values)] = told(document(BASIC).rows)

    assert values["consumer"] == Ref("consumers", "the-bob")


def test_a_secret_that_is_not_in_the_file_is_noted() -> None:
    found = document(CONSUMER, GROUP)

    assert len(list(found.rows)) == 3
    assert found.head.notes == ["The Secret bobs-key of line 1 is not in the file."]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            BASIC.replace("password: p", "passwd: p"),
            'line 4, column 51: unknown field "spec.passwd"',
        ),
        (
            CONSUMER.replace("username: bob\n", ""),
            "Need to provide either username or custom_id",
        ),
        (
            CONSUMER.replace("KongConsumer", "KongPlugin"),
            "line 2, column 1: configuration.konghq.com/v1 KongPlugin is no kind",
        ),
        (
            GROUP.replace("v1beta1", "v1"),
            "(its apiVersion is configuration.konghq.com/v1beta1)",
        ),
        (GROUP.replace("name: the-gold", ""), "KongConsumerGroup has no name"),
        (GROUP.replace("spec: {", "spec: [{"), "line 4, column"),
        ("- a\n- b\n", "line 1, column 1: this is no object"),
        (BASIC + "---\n" + BASIC, "stands here for the second time"),
        (CONSUMER + "---\n" + SECRET.replace("azE=", "abc"), "illegal base64"),
        (CONSUMER + "---\n" + SECRET.replace("key-auth", "other"), "unsupported"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, problem: str) -> None:
    assert problem in "\n".join(problems(text))


def test_a_slip_is_explained_in_the_document_that_it_is_in() -> None:
    slipped = CONSUMER.replace("credentials: [bobs-key]", 'credentials: ["bobs-key""]')

    [problem] = problems(GROUP, slipped)

    assert problem.startswith("line 11, column")


def test_the_text_shown_with_a_problem_has_no_secret() -> None:
    with pytest.raises(Unreadable) as refused:
        list(document(BASIC.replace("username: b,", "user: b,")).rows)

    assert all("password: p" not in each.line for each in refused.value.problems)


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x]\n" + "\n".join(f"b{n}: &b{n} [*a, *a]" for n in range(9)),
        "!!python/object/apply:os.system ['true']",
        "[" * 5000,
        "\x00\x01",
    ],
)
def test_hostile_texts_are_refused(bomb: str) -> None:
    assert problems(bomb)


def test_manifests_are_recognised() -> None:
    assert recognise(CONSUMER).name == "kubernetes"
    assert recognise('{"apiVersion": "v1", "kind": "List"}').name == "kubernetes"
    assert recognise('_format_version: "3.0"\nconsumers: []\n').name == "deck"


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1
)
tags = st.lists(
    st.from_regex(r"[a-z]{1,140}", fullmatch=True), unique=True, max_size=25
)
fields = {
    "keyauth_credentials": {"key": texts},
    "acls": {"group": texts},
    "hmacauth_credentials": {"username": texts, "secret": texts},
    "jwt_secrets": {"key": texts, "secret": texts, "algorithm": st.just("HS512")},
    "oauth2_credentials": {
        "name": texts,
        "client_id": texts,
        "client_secret": texts,
        "hash_secret": st.just(True),
        "redirect_uris": st.just(["https://a.test/", "https://b.test/"]),
    },
    "mtls_auth_credentials": {"subject_name": texts},
}
credentials = st.one_of(
    st.builds(
        Row, st.just(kind), st.fixed_dictionaries(values, optional={"tags": tags})
    )
    for kind, values in fields.items()
)


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(texts, tags, st.lists(credentials, max_size=3)),
        unique_by=lambda each: each[0],
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["kubernetes", "kubernetes-ingress"]),
)
def test_what_is_written_reads_the_same(people: list, form: str) -> None:
    rows = []
    for username, tags, held in people:
        ref = Ref("consumers", username, "username")
        gold = Ref("consumer_groups", "Gold & Co", "name")
        rows.append(Row("consumers", {"username": username, "tags": tags}))
        joined = {"consumer": ref, "consumer_group": gold}
        rows.append(Row("consumer_group_consumers", joined))
        rows += [Row(row.kind, {"consumer": ref, **row.values}) for row in held]
    group = Row("consumer_groups", {"name": "Gold & Co"})

    text = "".join(FORMATS[form].write(iter([group, *rows]), Head(), Options()))

    assert in_order(document(text).rows) == in_order([group, *rows])


def in_order(rows) -> list:
    """Return rows in an order that does not matter, to be compared."""
    return sorted(
        (row.kind, sorted((k, str(v)) for k, v in row.values.items() if v))
        for row in rows
    )


def test_digests_and_plugins_are_left_out_and_told() -> None:
    head = Head(is_hashed=True)
    rows = [
        Row("consumers", {"username": "bob"}),
        Row(
            "basicauth_credentials", {"consumer": BOB, "username": "b", "password": "0"}
        ),
        Row("plugins", {"name": "cors"}),
    ]

    text = "".join(FORMATS["kubernetes"].write(iter(rows), head, Options()))

    assert "BasicAuth" not in text
    assert head.notes == [
        "manifests cannot hold 1 Basic Auth Credentials (of passwords only digests are "
        "known), they are left out",
        "manifests cannot hold 1 plugins, they are left out",
    ]


def test_an_object_knows_its_place() -> None:
    [row] = document("\n\n" + GROUP).rows

    assert row.place == Place(3, 1)


def test_secrets_may_be_left_to_variables() -> None:
    environment: dict[str, str] = {}
    key = Row("keyauth_credentials", {"consumer": BOB, "key": "k1"})
    rows = [Row("consumers", {"username": "bob"}), key]
    options = Options(secrets="environment", environment=environment)

    text = "".join(FORMATS["kubernetes"].write(iter(rows), Head(), options))
    found = FORMATS["kubernetes"].read(io.BytesIO(text.encode()), options)

    assert "k1" not in text
    assert told(found.rows) == told(rows)
