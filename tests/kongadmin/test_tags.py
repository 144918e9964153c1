"""Tags are kept in the row to be read, and in an index to be searched."""

import pytest

from clients import Client
from consumers.models import Consumer
from factories import default_control_plane, make_consumer, make_control_plane, make_key
from kongadmin.tags import Tag, TagFilter


def indexed(entity) -> list[str]:
    rows = Tag.objects.filter(entity_id=entity.pk)
    return sorted(rows.values_list("tag", flat=True))


def test_the_index_follows_every_write(db) -> None:
    anna = make_consumer(tags=["a", "b"])
    assert indexed(anna) == ["a", "b"]

    anna.tags = ["b", "c"]
    anna.save()
    assert indexed(anna) == ["b", "c"]

    anna = Consumer.objects.get(pk=anna.pk)
    anna.tags = None
    anna.save()
    assert indexed(anna) == []


def test_the_index_forgets_what_is_deleted_with_its_children(db) -> None:
    anna = make_consumer(tags=["a"])
    make_key(anna, tags=["b"])

    anna.delete()

    assert not Tag.objects.exists()


def test_the_index_goes_with_its_control_plane(db) -> None:
    team = make_control_plane()
    make_consumer(team, tags=["a"])

    team.delete()

    assert not Tag.objects.exists()


def test_rows_are_found_by_all_tags_or_by_any(db) -> None:
    anna, berta = make_consumer(tags=["a", "b"]), make_consumer(tags=["b"])
    make_consumer(tags=["c"])

    both = Consumer.objects.tagged(TagFilter(("a", "b")), default_control_plane())
    either = Consumer.objects.tagged(
        TagFilter(("a", "b"), any=True), default_control_plane()
    )

    assert {*both} == {anna}
    assert {*either} == {anna, berta}


@pytest.mark.parametrize(
    ("query", "found"),
    [("a", "xy"), ("a,b", "x"), ("b/c", "xz"), ("%C3%A4%20b", "z"), ("''", "")],
)
def test_a_list_is_filtered_by_tags(api: Client, query: str, found: str) -> None:
    make_consumer(username="x", tags=["a", "b"])
    make_consumer(username="y", tags=["a"])
    make_consumer(username="z", tags=["c", "ä b"])

    rows = api.get(f"/consumers?tags={query}").json()["data"]

    assert "".join(row["username"] for row in rows) == found


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "cannot be null"),
        ("a,b/c", "invalid filter syntax"),
        ("a,,b", "invalid filter syntax"),
        (",a", "invalid filter syntax"),
        ("a%2Cb/c", "invalid filter syntax"),
        ("%FF", "invalid filter syntax"),
        ("a,b,c,d,e,f", "cannot query more than 5 tags"),
    ],
)
@pytest.mark.parametrize("path", ["/consumers", "/consumers/anna/key-auth"])
def test_a_bad_filter_is_refused(api: Client, path: str, query: str, text: str) -> None:
    make_consumer(username="anna")

    answer = api.get(f"{path}?tags={query}")

    assert answer.status == 400
    assert answer.json() == {
        "code": 11,
        "name": "invalid options",
        "message": f"invalid option (tags: {text})",
        "options": {"tags": text},
    }


def test_a_filter_has_no_effect_below_a_parent(api: Client) -> None:
    make_key(make_consumer(username="anna"))

    assert len(api.get("/consumers/anna/key-auth?tags=x").json()["data"]) == 1


def test_an_empty_set_of_tags_stays_one(api: Client) -> None:
    made = api.post("/consumers", json={"username": "anna", "tags": []})

    assert made.json()["tags"] == []
    assert api.get("/consumers/anna").json()["tags"] == []


def test_all_tags_are_listed_by_what_has_them(api: Client) -> None:
    anna = make_consumer(tags=["b", "a"])
    key = make_key(anna, tags=["a"])
    make_consumer(make_control_plane(), tags=["elsewhere"])

    rows = api.get("/tags").json()["data"]

    assert [row["entity_id"] for row in rows] == [str(anna.pk)] * 2 + [str(key.pk)]
    assert {row["tag"] for row in rows[:2]} == {"a", "b"}
    assert rows[2]["entity_name"] == "keyauth_credentials"


def test_tags_are_paged_without_loss(api: Client) -> None:
    for _ in range(3):
        make_consumer(tags=["a", "b"])

    found, target = [], "/tags?size=2"
    while target:
        page = api.get(target).json()
        found += [(row["entity_id"], row["tag"]) for row in page["data"]]
        target = page["next"]

    assert len(found) == len({*found}) == 6


def test_one_tag_lists_what_has_it(api: Client) -> None:
    anna = make_consumer(tags=["a b", "c"])
    make_consumer(tags=["c"])

    page = api.get("/tags/a%20b?tags=ignored").json()

    assert page["next"] is None
    assert page["data"] == [
        {"entity_name": "consumers", "entity_id": str(anna.pk), "tag": "a b"}
    ]
    assert api.get("/tags/unknown").json() == {"data": [], "next": None}


def test_next_of_one_tag_has_no_size(api: Client) -> None:
    for _ in range(2):
        make_consumer(tags=["a b"])

    page = api.get("/tags/a%20b?size=1").json()

    assert page["next"] == f"/tags/a%20b?offset={page['offset']}"
    assert len(api.get(page["next"]).json()["data"]) == 1


def test_a_tag_that_is_not_utf_8_is_refused(api: Client) -> None:
    answer = api.get("/tags/a%FF")

    assert answer.json() == {
        "code": 10,
        "name": "invalid unique tag",
        "message": "invalid utf-8 character sequence detected at position 2",
    }


def test_tags_cannot_be_written_by_themselves(api: Client) -> None:
    answer = api.post("/tags", json={})

    assert answer.status == 400
    assert answer.json()["fields"]["tags"].startswith("does not support insert")
