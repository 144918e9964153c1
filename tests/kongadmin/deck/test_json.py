"""Files in JSON are read as those in YAML are."""

import json

import pytest

from kongadmin.declarative.document import Place

from .files import document, wrong_with

BOB = {"username": "bob", "keyauth_credentials": [{"key": "k\u00e9/\U0001f600"}]}
FILE = {
    "_format_version": "3.0",
    "services": [],
    "consumers": [BOB, {"custom_id": "7"}],
}


@pytest.mark.parametrize("indent", [None, 2, "\t"])
@pytest.mark.parametrize("is_ascii", [True, False])
def test_a_file_may_be_json(indent: int | str | None, is_ascii: bool):
    text = json.dumps(FILE, indent=indent, ensure_ascii=is_ascii)

    found = list(document(text).rows)

    assert [row.kind for row in found] == [
        "consumers",
        "keyauth_credentials",
        "consumers",
    ]
    assert found[1].values["key"] == "k\u00e9/\U0001f600"


def test_entries_are_found_where_they_stand():
    text = """{"_format_version": "3.0",
 "consumers": [{"username": "a"},
  {"username": "b"}]}"""

    found = list(document(text).rows)

    assert [row.place for row in found] == [Place(2, 16), Place(3, 3)]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('{"_format_version": "3.0",\n"consumer": []}', (2, 1), "consumers"),
        ('{"_format_version": "3.0",\n"plugins": [{"name": "acl"}}', (2, 28), ""),
        ('{"_format_version": "3.0",\n"plugins": [], "plugins": []}', (2, 16), "one"),
        ('{"_format_version": 3.0}', (1, 2), '"3.0"'),
    ],
)
def test_what_is_wrong_in_json_is_named_with_its_place(text: str, place, said: str):
    (found,) = wrong_with(text)

    assert found.place == Place(*place)
    assert said in found.hint


def test_a_list_is_read_entry_by_entry_even_on_one_line():
    consumers = [{"username": f"user-{number}"} for number in range(8_000)]
    text = json.dumps({"_format_version": "3.0", "consumers": consumers})

    found = list(document(text).rows)

    assert [row.values for row in found] == consumers
