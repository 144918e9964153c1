"""What a consumer may be called, and how it is found."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from consumers.models import Consumer
from factories import default_control_plane, make_consumer, make_control_plane
from kongadmin.entities import Violation


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"username": "", "custom_id": "a"},
        {"username": "a" * 513},
        {"username": "a", "tags": ["b,c"]},
        {"username": "a", "tags": "b"},
        {"username": "a\0"},
    ],
)
def test_what_the_schema_refuses_is_not_clean(db, fields: dict) -> None:
    with pytest.raises(Violation):
        Consumer(scope=default_control_plane(), **fields).clean()


@pytest.mark.parametrize("name", ["a", "a b", "a/b", "円", "🔑" * 512, " ", "'"])
def test_almost_any_text_is_a_name(db, name: str) -> None:
    consumer = Consumer(scope=default_control_plane(), username=name)
    consumer.full_clean()
    consumer.save()

    assert Consumer.objects.by_ref(name).get() == consumer


def test_the_database_refuses_a_consumer_without_a_name(db) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        make_consumer(username=None, custom_id=None)

    # By its cause the callers tell what can be tried again (kongadmin.outages).
    assert isinstance(caught.value.__cause__, connection.Database.Error)


def test_a_consumer_is_shown_by_the_best_name_it_has(db) -> None:
    both = make_consumer(username="anna", custom_id="a")
    like_an_id = str(uuid4())

    assert (str(both), both.ref) == ("anna", "anna")
    assert str(make_consumer(custom_id="b")) == "b"
    assert make_consumer(custom_id="c").ref != "c"
    assert make_consumer(username=like_an_id).ref != like_an_id


def test_what_is_stored_comes_back_in_kongs_terms(db) -> None:
    made = make_consumer(username="anna", tags=["a"])

    stored = Consumer.objects.get(pk=made.pk)

    assert stored.to_dict() == {
        "id": str(made.pk),
        "username": "anna",
        "custom_id": None,
        "tags": ["a"],
        "created_at": int(made.created_at.timestamp()),
        "updated_at": int(made.updated_at.timestamp()),
    }


def test_values_in_kongs_terms_are_taken_over(db) -> None:
    made = make_consumer(username="anna", tags=["a"])
    copy = Consumer(scope=default_control_plane())

    copy.assign(made.to_dict() | {"username": "berta", "id": str(uuid4())})
    copy.save()

    assert copy.tags == ["a"]
    assert copy.pk != made.pk


# Search


@pytest.fixture
def people(db) -> None:
    make_consumer(username="Anna-Billing", custom_id="X-100")
    make_consumer(username="berta", custom_id="anna")
    make_consumer(custom_id="ÄNNCHEN")
    make_consumer(username="100%_sure\\")
    make_consumer(make_control_plane(), username="anna elsewhere")


def found(text: str) -> set[str]:
    rows = Consumer.objects.in_scope(default_control_plane()).matching(text)
    return {str(consumer) for consumer in rows}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("anna", {"Anna-Billing", "berta"}),
        ("ANNA", {"Anna-Billing", "berta"}),
        ("  anna  ", {"Anna-Billing", "berta"}),
        ("bill", {"Anna-Billing"}),
        ("x-1", {"Anna-Billing"}),
        ("nnche", {"ÄNNCHEN"}),
        ("änn", {"ÄNNCHEN"}),
        ("%_s", {"100%_sure\\"}),
        ("re\\", {"100%_sure\\"}),
        ("___", set()),
        ("billingx", set()),
        ("an\nna", set()),
    ],
)
def test_three_characters_are_found_anywhere(people, text: str, names: set) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a", {"Anna-Billing", "berta"}),
        ("AN", {"Anna-Billing", "berta"}),
        ("nn", set()),
        ("x-", {"Anna-Billing"}),
        ("X", {"Anna-Billing"}),
        ("ä", {"ÄNNCHEN"}),
        ("1", {"100%_sure\\"}),
    ],
)
def test_one_or_two_characters_are_found_at_the_beginning(
    people, text: str, names: set
) -> None:
    assert found(text) == names


def test_no_text_finds_everybody(people) -> None:
    assert (
        found("") == found(" ") == {"Anna-Billing", "berta", "ÄNNCHEN", "100%_sure\\"}
    )


@pytest.mark.parametrize("text", ["\0", "a\0bc", "\udcff"])
def test_text_that_nobody_can_have_finds_nobody(people, text: str) -> None:
    assert found(text) == set()


def test_an_id_finds_by_id_and_by_names_that_look_like_one(db) -> None:
    anna, berta = make_consumer(username="anna"), make_consumer(username="berta")
    make_consumer(username="carla", custom_id=str(anna.pk))

    assert found(str(anna.pk)) == {"anna", "carla"}
    assert found(str(berta.pk).upper()) == {"berta"}
    assert found(str(uuid4())) == set()


def test_the_search_follows_a_change_of_name(db) -> None:
    anna = make_consumer(username="anna")

    anna.username = "Berta"
    anna.save()

    assert found("anna") == set()
    assert found("bert") == {"Berta"}


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("acme-bil", True),
        ("ACME-", True),
        ("-billing", True),
        ("acme_bil", False),
        ("acmeqbil", False),
        ("lling b-1", False),
        ("_42%", True),
        ("b-1_4", True),
    ],
)
def test_the_search_tells_one_sign_from_another(db, text: str, is_found: bool) -> None:
    make_consumer(username="acme-billing", custom_id="B-1_42%")

    assert Consumer.objects.matching(text).exists() is is_found
