"""The pages about consumers of realms, as a browser without JavaScript sees."""

import re

import pytest

from consumers.models import Consumer, KeyAuth, issue_key
from costs import queries_of
from factories import (
    make_consumer,
    make_credential,
    make_group,
    make_realm,
)
from realmed import ANNA, PROD, make_anna


def test_a_realm_has_the_pages_of_consumers_with_links_that_stay_in_it(pages) -> None:
    make_anna(make_realm(name="prod"))
    make_consumer(username="of-default")

    text = pages.get(f"{PROD}/consumers").text

    assert f'href="{ANNA}"' in text
    assert "of-default" not in text
    assert 'href="/plugins"' in text
    assert 'aria-current="page">Realms' in text
    assert 'action="/search"' in text
    assert f'action="{PROD}/search"' in text
    assert queries_of(pages, f"{PROD}/consumers") <= 8


def test_a_consumer_is_created_in_the_realm_with_groups_and_a_type(pages, prod) -> None:
    given = {"username": "anna", "type": "developer", "consumer_groups": ["gold"]}

    answer = pages.post(f"{PROD}/consumers/create", given)

    assert answer["Location"] == ANNA
    anna = Consumer.objects.get(username="anna")
    assert (anna.scope_id, anna.type) == (prod.pk, "developer")
    assert anna.consumer_groups == ["gold"]
    text = pages.get(ANNA).text
    assert "developer" in text
    assert "it is not a consumer of the control plane" in text


def test_a_consumer_of_a_realm_needs_a_username(pages, prod) -> None:
    answer = pages.post(f"{PROD}/consumers/create", {"custom_id": "c-1"})

    assert answer.status_code == 422
    assert "This field is required." in answer.text


def test_an_edit_keeps_to_the_realm(pages, prod) -> None:
    make_anna(prod, consumer_groups=["a"])
    given = {"username": "anna", "custom_id": "c", "consumer_groups": ["b", "c"]}

    answer = pages.post(f"{ANNA}/edit", given)

    assert answer["Location"] == ANNA
    assert Consumer.objects.get().consumer_groups == ["b", "c"]


def test_a_form_suggests_the_groups_there_are(pages) -> None:
    make_group(name="gold")
    make_realm(name="prod", consumer_groups=["silver"])

    text = pages.get(f"{PROD}/consumers/create").text

    assert '<option value="gold">' in text
    assert '<option value="silver">' in text


def test_there_are_neither_plugins_nor_memberships_in_a_realm(pages, prod) -> None:
    make_anna(prod)

    text = pages.get(ANNA).text

    assert f"{ANNA}/plugins" not in text
    assert pages.get(f"{ANNA}/plugins").status_code == 404
    assert pages.get(f"{ANNA}/consumer-groups").status_code == 404


@pytest.mark.parametrize("tab", ["", "/credentials", "/usage", "/activity", "/edit"])
def test_every_tab_of_a_consumer_opens_in_few_queries(pages, prod, tab: str) -> None:
    anna = make_anna(prod)
    issue_key(anna)
    make_credential("jwt", anna)

    assert queries_of(pages, ANNA + tab) <= 11


# Keys


def test_a_new_key_is_shown_once_and_kept_as_a_digest(pages, prod) -> None:
    make_anna(prod)

    path = f"{ANNA}/credentials/key-auth/create"
    answer = pages.post(path, {"key_source": "generate", "tags": "ci"})
    first = pages.get(answer["Location"]).text
    again = pages.get(answer["Location"]).text

    [secret] = re.findall(r"kcc_\w{8}_\w{40}", first)
    assert secret not in again
    key = KeyAuth.objects.get()
    assert (key.type, key.key_digest is not None, key.tags) == ("new", True, ["ci"])
    assert "Reveal" not in again
    assert f"{key.pk}/edit" not in again


def test_a_key_that_is_brought_along_is_legacy(pages, prod) -> None:
    make_anna(prod)
    path = f"{ANNA}/credentials/key-auth/create"

    answer = pages.post(path, {"key_source": "own", "key": "brought-along-1"})

    assert answer.status_code == 303
    assert KeyAuth.objects.get().type == "legacy"
    assert "brought-along-1" not in pages.get(answer["Location"]).text


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "This field is required."),
        (" padded", "must not begin or end with a blank"),
        ("taken", "has this already."),
    ],
)
def test_a_key_that_cannot_be_is_refused(pages, prod, key: str, said: str) -> None:
    issue_key(make_anna(prod), "taken")
    path = f"{ANNA}/credentials/key-auth/create"

    answer = pages.post(path, {"key_source": "own", "key": key})

    assert answer.status_code == 422
    assert said in answer.text
    assert KeyAuth.objects.count() == 1


def test_a_realms_key_is_not_edited_but_deleted(pages, prod) -> None:
    key, _ = issue_key(make_anna(prod))
    path = f"{ANNA}/credentials/key-auth/{key.pk}"

    assert pages.get(f"{path}/edit").status_code == 404
    assert pages.post(f"{path}/delete")["Location"] == f"{ANNA}/credentials"
    assert not KeyAuth.objects.exists()


def test_a_consumer_has_only_so_many_keys(pages, prod, monkeypatch) -> None:
    monkeypatch.setattr("consumers.models.realm_keys.MOST_KEYS", 1)
    issue_key(make_anna(prod))

    answer = pages.post(f"{ANNA}/credentials/key-auth/create", {"tags": "a"})

    assert answer.status_code == 422
    assert "at most" in answer.text


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("basic-auth", {"username": "anna", "password": "secret"}),
        ("jwt", {"key_source": "own", "key": "issuer", "algorithm": "HS256"}),
        ("acl", {"group": "admins"}),
        ("hmac-auth", {"username": "anna"}),
    ],
)
def test_a_consumer_has_credentials_of_other_types_too(
    pages, prod, kind: str, given: dict
) -> None:
    make_anna(prod)

    answer = pages.post(f"{ANNA}/credentials/{kind}/create", given)

    assert answer["Location"] == f"{ANNA}/credentials"
    assert f'id="{kind}"' in pages.get(f"{ANNA}/credentials").text


def test_a_pasted_key_leads_to_its_consumer_in_the_realm(pages, prod) -> None:
    _, secret = issue_key(make_anna(prod))

    answer = pages.post(f"{PROD}/search", {"q": secret})

    assert answer["Location"] == f"{ANNA}/credentials"


# Moving


def test_a_consumer_is_moved_with_its_keys(pages, prod) -> None:
    there = make_realm(name="next")
    anna = make_anna(prod)
    issue_key(anna)

    asked = pages.get(f"{ANNA}/move").text
    answer = pages.post(f"{ANNA}/move", {"target": str(there.pk)})

    assert f'value="{there.pk}"' in asked
    assert f'value="{prod.pk}"' not in asked
    assert answer["Location"] == "/realms/next/consumers/anna"
    assert KeyAuth.objects.get().scope_id == there.pk
    assert pages.get(ANNA).status_code == 404


def test_a_move_that_would_collide_moves_nothing(pages, prod) -> None:
    there = make_realm(name="next")
    make_anna(there)
    anna = make_anna(prod)

    answer = pages.post(f"{ANNA}/move", {"target": str(there.pk)})

    assert answer.status_code == 422
    assert "anna has the same username there." in answer.text
    anna.refresh_from_db()
    assert anna.scope_id == prod.pk
