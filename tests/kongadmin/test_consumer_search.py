"""Kong Manager's search and sorting of consumers in the Admin API."""

from urllib.parse import quote

import pytest

from clients import Client
from factories import make_consumer


@pytest.fixture(autouse=True)
def people(db) -> None:
    for username, custom_id in (
        ("Berta", "crm-2"),
        ("anna", "crm-3"),
        ("Ägidius", None),
        (None, "CRM-1"),
        ("annabel_x", "hr-1"),
    ):
        make_consumer(username=username, custom_id=custom_id)


def found(api: Client, query: str, field: str = "username") -> list:
    answer = api.get(f"/consumers?{query}")
    assert answer.status == 200
    return [consumer[field] for consumer in answer.json()["data"]]


@pytest.mark.parametrize("falling", ["", "&sort_desc=1"])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("sort_by", "expected"),
    [
        ("username", ["anna", "annabel_x", "Berta", "Ägidius"]),
        ("custom_id", [None, "Berta", "anna", "annabel_x"]),
        ("created_at", ["Berta", "anna", "Ägidius", None, "annabel_x"]),
    ],
)
def test_every_page_of_a_sorted_list_goes_on_where_the_last_one_ended(
    api: Client, sort_by: str, expected: list, size: int, falling: str
) -> None:
    query, pages = f"sort_by={sort_by}{falling}&size={size}", []

    path = f"/consumers?{query}"
    while path:
        answer = api.get(path).json()
        pages += [consumer["username"] for consumer in answer["data"]]
        token = answer.get("offset")
        assert (token is None) == (answer["next"] is None)
        path = token and f"/consumers?{query}&offset={quote(token)}"

    last = {"username": [None], "custom_id": ["Ägidius"], "created_at": []}
    assert pages == (expected[::-1] if falling else expected) + last[sort_by]


def test_next_repeats_what_was_searched_for(api: Client) -> None:
    query = "username=an&sort_by=username&sort_desc=1&size=1"

    first = api.get(f"/consumers?{query}").json()
    second = api.get(first["next"]).json()

    assert [c["username"] for c in first["data"]] == ["annabel_x"]
    assert [c["username"] for c in second["data"]] == ["anna"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("username=NNA", {"anna", "annabel_x"}),
        ("username=l_x", {"annabel_x"}),
        ("username=b", {"Berta", "annabel_x"}),
        ("username=_", {"annabel_x"}),
        ("username=%C3%84", {"Ägidius"}),
        ("username=%C3%A4gi", {"Ägidius"}),
        ("username=crm", set()),
        ("username=", {"Berta", "anna", "Ägidius", "annabel_x", None}),
        ("username=%FF", set()),
        ("username=nna&custom_id=CRM", {"anna"}),
        ("custom_id=crm&sort_by=username", {"anna", "Berta", None}),
        ("custom_id=rm-&sort_desc=1", {"anna", "Berta", None}),
        ("custom_id=h&sort_desc=1", {"annabel_x"}),
    ],
)
def test_a_search_finds_parts_in_any_case(
    api: Client, query: str, expected: set
) -> None:
    assert set(found(api, query)) == expected


def test_a_search_counts_tags(api: Client) -> None:
    make_consumer(username="anna-tagged", tags=["t"])

    assert found(api, "username=anna&tags=t") == ["anna-tagged"]


def test_a_custom_id_by_itself_is_looked_up_exactly(api: Client) -> None:
    assert found(api, "custom_id=crm") == []
    assert found(api, "custom_id=crm-2&size=30&tags=") == ["Berta"]


def test_a_direction_without_a_column_does_not_count(api: Client) -> None:
    assert found(api, "sort_desc=1&size=30") == found(api, "size=30")
    assert found(api, "sort_by=nothing&sort_desc=1") == found(api, "")


@pytest.mark.parametrize(
    "holds",
    ["hello", "W10", "WyJhIl0", "bnVsbA"],
)
def test_a_damaged_offset_is_refused_or_ends_the_list(api: Client, holds: str) -> None:
    answer = api.get(f"/consumers?sort_by=username&offset={holds}")

    if holds == "W10":
        assert answer.json() == {"data": [], "next": None}
    else:
        assert (answer.status, answer.json()["code"]) == (400, 7)


def test_the_community_edition_does_not_search(api: Client, settings) -> None:
    settings.IS_ENTERPRISE = False

    assert len(found(api, "username=anna&sort_by=username")) == 5
    assert found(api, "custom_id=crm&sort_desc=1") == []
