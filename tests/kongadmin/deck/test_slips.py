"""What people get wrong in a file is named with its place and with a cure."""

import pytest

from kongadmin.declarative.document import Place

from .files import VERSION, problem, problems, rows, wrong_with

# The example of Kong's documentation: a quote too many, an indentation too deep.
PUBLISHED = """\
_format_version: "3.0""
consumers:
- custom_id: consumer
    username: consumer
    keyauth_credentials:
    - key: apikey
"""


def test_both_slips_of_the_published_example_are_explained():
    quote, indentation = wrong_with(PUBLISHED)

    assert quote.place == Place(1, 23)
    assert quote.line == '_format_version: "3.0""'
    assert quote.hint == 'probably meant: _format_version: "3.0"'
    assert indentation.place == Place(4, 5)
    assert indentation.line == "    username: consumer"
    assert indentation.hint == ("probably meant: 2 blanks before it, as custom_id has")


def test_the_published_example_is_read_once_it_is_repaired():
    repaired = PUBLISHED.replace('""', '"').replace("\n    ", "\n  ")

    found = rows(repaired.removeprefix(VERSION))

    assert [row.kind for row in found] == ["consumers", "keyauth_credentials"]


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ('consumers:\n- username: "x\n', (3, 13), '- username: "x"'),
        ("consumers:\n- username: 'b\n- username: c\n", (3, 13), "- username: 'b'"),
        ("consumers:\n- custom_id: c\n\tusername: x\n", (4, 1), "blanks only"),
        ("consumers\n- custom_id: c\n", (2, 10), "consumers:"),
        ("consumers:\n- custom_id c\n  username: x\n", (3, 12), "- custom_id: c"),
        ("consumers:\n- username = b\n  custom_id: c\n", (3, 11), "- username: b"),
        ("consumers:\n- username:x\n  custom_id: c\n", (3, 11), "- username: x"),
        ("consumers:\n- username:x\n", (3, 3), "username: x"),
        ("consumers:\n- username: @x\n", (3, 13), '- username: "@x"'),
        ("consumers:\n- username: a: b\n", (3, 13), '- username: "a: b"'),
        ("consumers:\n-username: b\n", (3, 1), "- username"),
        ("consumers:\n- tags: [a, b\n  username: x\n", (3, 9), "- tags: [a, b]"),
        ("consumers:\n- {username: b\n- {username: c}\n", (3, 3), "- {username: b}"),
        ("consumers:\n  username: a\n- username: b\n", (3, 3), "- username: a"),
        ("consumers:\n  - username: a\n   tags: []\n", (4, 4), "4 blanks before it"),
        ("consumers:\n- username: \u201cx\u201d\n", (3, 13), "write straight ones"),
        ("consumers:\n- username: a\n\u00a0 tags: []\n", (4, 1), "U+00A0"),
    ],
)
def test_a_slip_is_named_with_its_place_and_its_cure(text: str, place, hint: str):
    found = problem(text)

    assert found.place == Place(*place)
    assert hint in found.hint


def test_a_version_that_is_a_number_belongs_in_quotes():
    (found,) = wrong_with("_format_version: 3.0\nconsumers: []\n")

    assert found.hint == 'in quotes: _format_version: "3.0"'


def test_a_file_without_a_version_is_told_how_to_begin():
    (found,) = wrong_with("consumers:\n- username: bob\n")

    assert found.hint == 'begin it with _format_version: "3.0"'


def test_what_is_wrong_beside_a_slip_is_told_at_once():
    slip, unknown = problems('consumers:\n- username: "x""\n  custom: y\n')

    assert slip.place == Place(3, 16)
    assert unknown.hint == "probably meant: custom_id"


def test_secrets_do_not_show_in_what_is_told():
    found = problem('consumers:\n- keyauth_credentials:\n  - key: "hush""\n')

    assert "key: " in found.line
    assert "hush" not in f"{found} {found.line}"


def test_what_placeholders_stand_for_does_not_show_either():
    text = 'consumers:\n- username: "${{ env "DECK_NAME" }}""\n'

    found = problem(text, DECK_NAME="hush")

    assert found.line == '- username: "${{ env "DECK_NAME" }}""'
    assert "hush" not in str(found)


@pytest.mark.parametrize("indent", ["", "  "])
def test_a_slip_far_down_in_a_file_is_explained_as_well(indent: str):
    entries = "".join(
        f"{indent}- username: user-{number}\n{indent}  acls:\n{indent}  - group: a\n"
        for number in range(1000)
    )

    slip = f"{indent}- username: x\n{indent}    custom_id: z\n"

    found = problem(f"consumers:\n{entries}{slip}{entries}")

    assert found.place == Place(3004, len(indent) + 5)
    assert f"{len(indent) + 2} blanks before it, as username has" in found.hint


def test_of_a_very_long_file_only_the_place_is_told():
    (found,) = problems(
        "consumers:\n" + "- username: bob\n" * 13_000 + '- username: "x" y\n'
    )

    assert found.place == Place(13_003, 17)
    assert "does not go with" in found.text
