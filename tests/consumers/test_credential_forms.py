"""What a form makes of what a person enters: the schema's rules, in words."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consumers.credential_forms import SUGGESTED, form_for
from consumers.credentials import CREDENTIALS
from consumers.models import Consumer, Credential
from factories import make_consumer, make_credential

every_kind = pytest.mark.parametrize("kind", CREDENTIALS)


def new_form(kind: str, consumer: Consumer | None = None, **entered):
    consumer = consumer or make_consumer()
    declared = CREDENTIALS[kind]
    credential = declared.model(scope_id=consumer.scope_id, consumer=consumer)
    return form_for(declared, credential, {"version": "", **entered})


def change_form(kind: str, credential: Credential, **entered):
    stored = type(credential).objects.get(pk=credential.pk)
    return form_for(CREDENTIALS[kind], stored, {"version": "", **entered})


@every_kind
def test_a_form_asks_for_every_field_of_the_schema_that_is_stored(
    db, kind: str
) -> None:
    declared = CREDENTIALS[kind]
    stored = {field.name for field in declared.model._meta.concrete_fields}
    common = {"consumer", "tags", "id", "created_at"}

    wanted = (declared.model.schema.fields.keys() & stored) - common

    assert (
        wanted
        == {*declared.fields}
        <= form_for(
            declared, declared.model(consumer=make_consumer()), None
        ).fields.keys()
    )


@every_kind
def test_an_empty_form_names_what_is_missing_at_its_field(db, kind: str) -> None:
    fields = CREDENTIALS[kind].model.schema.fields
    needed = [
        name
        for name in CREDENTIALS[kind].fields
        if fields[name].get("required") and fields[name].get("default") is None
    ]
    sources = {f"{name}_source": "generate" for name in fields}

    form = new_form(kind, **sources)

    assert [*form.errors] == needed
    assert all(form.errors[name] == ["This field is required."] for name in needed)


def test_what_is_to_be_made_up_is_made_up_and_told_in_clear(db) -> None:
    made_up = {"client_id_source": "generate", "client_secret_source": "generate"}
    form = new_form("oauth2", name="app", hash_secret="on", **made_up)

    assert form.is_valid(), form.errors
    assert [*form.made] == ["client ID", "client secret"]
    assert form.made["client ID"] == form.instance.client_id
    assert form.instance.client_secret.startswith("$pbkdf2-sha512$")
    assert "$" not in form.made["client secret"]


def test_an_own_value_is_taken_and_not_told_again(db) -> None:
    form = new_form("jwt", key_source="own", key="issuer", secret_source="generate")

    assert form.is_valid(), form.errors
    assert form.instance.key == "issuer"
    assert [*form.made] == ["secret"]


def test_who_wants_to_use_their_own_has_to_enter_it(db) -> None:
    form = new_form("oauth2", name="app", client_id_source="own")

    assert form.errors["client_id"] == ["Enter the client ID, or have one generated."]


@pytest.mark.parametrize(
    ("kind", "entered", "field", "text"),
    [
        ("acl", {"group": "g" * 513}, "group", "length must be at most 512"),
        ("jwt", {"algorithm": "RS256"}, "rsa_public_key", "This field is required."),
        (
            "jwt",
            {"algorithm": "PS512", "rsa_public_key": "x"},
            "rsa_public_key",
            "This is no public key in PEM format.",
        ),
        ("jwt", {"algorithm": "none"}, "algorithm", "not one of the available"),
        (
            "oauth2",
            {"name": "a", "redirect_uris": "https://a.b\nnothing"},
            "redirect_uris",
            "cannot parse 'nothing'",
        ),
        ("acl", {"group": "g", "tags": "a/b"}, "tags", "invalid tag 'a/b'"),
        (
            "key-auth",
            {"expiry": "in", "amount": "2000", "unit": "days"},
            "amount",
            "at most 1,157 days",
        ),
    ],
)
def test_a_refusal_stands_once_and_at_its_field(
    db, kind: str, entered: dict, field: str, text: str
) -> None:
    form = new_form(kind, **entered)

    assert [*form.errors] == [field]
    assert len(form.errors[field]) == 1
    assert text in form.errors[field][0]


def test_a_password_is_kept_unless_a_new_one_is_entered(db) -> None:
    kept = make_credential("basic-auth", make_consumer(), password="first")

    same = change_form("basic-auth", kept, username="renamed")
    assert same.is_valid(), same.errors
    other = change_form("basic-auth", kept, username="renamed", password="second")
    assert other.is_valid(), other.errors

    assert same.instance.password == kept.password
    assert other.instance.password != kept.password
    assert "second" not in other.instance.password


def client_values(credential: Credential, **changed) -> dict:
    same = {"name": credential.name, "client_id": credential.client_id}
    return {**same, "client_type": credential.client_type, **changed}


def test_a_hashed_secret_stays_hashed_when_the_client_is_renamed(db) -> None:
    client = make_credential(
        "oauth2", make_consumer(), client_secret="clear", hash_secret=True
    )

    entered = client_values(client, name="renamed", hash_secret="on")
    form = change_form("oauth2", client, **entered)

    assert form.is_valid(), form.errors
    assert form.instance.client_secret == client.client_secret


def test_a_new_secret_of_a_hashing_client_is_hashed_too(db) -> None:
    client = make_credential(
        "oauth2", make_consumer(), client_secret="clear", hash_secret=True
    )

    entered = client_values(client, hash_secret="on", client_secret="another")
    form = change_form("oauth2", client, **entered)

    assert form.is_valid(), form.errors
    assert form.instance.client_secret != client.client_secret
    assert form.instance.client_secret.startswith("$pbkdf2-sha512$")


def test_hashing_cannot_be_switched_without_a_new_secret(db) -> None:
    client = make_credential("oauth2", make_consumer())

    form = change_form("oauth2", client, **client_values(client, hash_secret="on"))

    assert [*form.errors] == ["client_secret"]
    assert "Enter a new secret" in form.errors["client_secret"][0]


def test_lines_end_as_they_do_in_files(db) -> None:
    form = new_form("jwt", rsa_public_key="-----A\r\nB\r\n")

    assert form.is_valid(), form.errors
    assert form.instance.rsa_public_key == "-----A\nB"


def test_everyone_who_is_in_the_way_is_named_with_a_link(db) -> None:
    holder = make_consumer(username="holder")
    make_credential("hmac-auth", holder, username="taken")

    form = new_form("hmac-auth", username="taken")

    assert form.errors["username"] == ["holder has this already."]
    assert form.holders == {"username": holder}


def test_a_group_one_is_in_already_is_explained_at_the_group(db) -> None:
    anna = make_consumer(username="anna")
    make_credential("acl", anna, group="gold")

    form = new_form("acl", anna, group="gold")

    assert [*form.errors] == ["group"]
    assert new_form("acl", group="gold").is_valid()


def test_a_bounded_number_of_groups_is_offered_once_each(db) -> None:
    anna = make_consumer()
    for number in range(SUGGESTED + 5):
        make_credential("acl", anna, group=f"group-{number:03}")
    make_credential("acl", make_consumer(), group="group-010")

    with CaptureQueriesContext(connection) as captured:
        [row] = new_form("acl", anna).rows

    assert len(row.suggested) == len({*row.suggested}) == SUGGESTED
    assert row.suggested[0] == "group-010"
    assert len(captured) == 1


@every_kind
def test_a_form_never_shows_a_stored_secret(db, kind: str) -> None:
    credential = make_credential(kind, make_consumer())

    text = str(change_form(kind, credential))

    for name in credential.secret_fields:
        assert getattr(credential, name) not in text
