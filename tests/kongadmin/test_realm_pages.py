"""The pages about realms and their consumers, as a browser without JavaScript sees."""

import re
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consumers.models import Consumer, KeyAuth, issue_key
from factories import (
    default_control_plane,
    make_consumer,
    make_control_plane,
    make_credential,
    make_group,
    make_plugin,
    make_realm,
    make_user,
)
from kongadmin import revision
from kongadmin.changes import Change
from realms.models import Realm

PROD = "/realms/prod"
ANNA = f"{PROD}/consumers/anna"
FORM = {"name": "prod", "access": "listed", "ttl": "10", "negative_ttl": "10"}


@pytest.fixture
def pages(client: Client, db) -> Client:
    """The Manager with an administrator signed in."""
    client.force_login(make_user("root", "super-admin"))
    return client


@pytest.fixture
def prod(db) -> Realm:
    return make_realm(name="prod")


def make_anna(realm: Realm, **fields) -> Consumer:
    given = {"username": "anna", "consumer_groups": []} | fields
    return make_consumer(realm, **given)


def queries_of(pages: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert pages.get(path).status_code == 200
    return len(asked)


def sources(*realms: Realm, cp: bool = True) -> list[dict]:
    found = [{"scope": "realm", "id": str(r.pk), "region": None} for r in realms]
    return found + [{"scope": "cp", "id": None, "region": None}] * cp


# Realms


def test_the_list_says_who_may_use_a_realm_and_how_many_are_in_it(pages) -> None:
    edge = make_control_plane(name="edge")
    make_anna(make_realm(name="prod", allowed_control_planes=[str(edge.pk)]))
    make_realm(name="shared", allow_all_control_planes=True, ttl=30)
    make_realm(name="idle")

    text = pages.get("/realms").text

    assert "3 realms" in text
    assert re.search(r"prod</a>.*?>1<.*?edge.*?10 min", text, re.DOTALL)
    assert re.search(r"shared</a>.*?every control plane.*?30 min", text, re.DOTALL)
    assert "none: no control plane can use it" in text


def test_the_list_finds_by_part_of_a_name_and_costs_few_queries(pages) -> None:
    for number in range(20):
        make_realm(name=f"prod-{number}")
    make_realm(name="other")

    assert "20 realms match" in pages.get("/realms?q=ROD").text
    assert queries_of(pages, "/realms?q=rod") <= 6


def test_a_realm_is_created_with_all_that_the_form_asks(pages) -> None:
    edge = make_control_plane(name="edge")
    given = FORM | {"planes": [str(edge.pk)], "ttl": "30", "negative_ttl": "5"}

    answer = pages.post(
        "/realms/create", given | {"consumer_groups": ["gold", "", " gold ", "eu"]}
    )

    assert answer["Location"] == f"{PROD}/consumers"
    realm = Realm.objects.get(name="prod")
    assert realm.allowed_control_planes == [str(edge.pk)]
    assert (realm.ttl, realm.negative_ttl) == (30, 5)
    assert realm.consumer_groups == ["gold", "eu"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ""}, "This must not be empty."),
        ({"name": " "}, "This must not be empty."),
        ({"ttl": "4"}, "Enter 5 to 525,600 minutes."),
        ({"negative_ttl": "525601"}, "Enter 5 to 525,600 minutes."),
        ({"ttl": "soon"}, "Enter a whole number."),
        ({"consumer_groups": ["g" * 257]}, "length must be at most 256"),
        ({"planes": [str(UUID(int=1))]}, "is not one of the available choices"),
    ],
)
def test_a_realm_that_is_not_right_is_refused_at_the_field(pages, given, said) -> None:
    answer = pages.post("/realms/create", FORM | given)

    assert answer.status_code == 422
    assert said in answer.text
    assert not Realm.objects.exists()


def test_a_taken_name_leads_to_who_has_it(pages, prod) -> None:
    answer = pages.post("/realms/create", FORM)

    assert answer.status_code == 422
    assert "prod has this already." in answer.text
    assert f'href="{PROD}/consumers">View it' in answer.text


def test_every_control_plane_is_let_in_and_the_wildcard_stays(pages) -> None:
    realm = make_realm(
        name="prod", allow_all_control_planes=True, allowed_control_planes=["*"]
    )
    pages.post(f"{PROD}/edit", FORM | {"access": "every", "ttl": "60"})

    realm.refresh_from_db()
    assert (realm.ttl, realm.allowed_control_planes) == (60, ["*"])
    assert realm.allow_all_control_planes

    pages.post(f"{PROD}/edit", FORM)

    realm.refresh_from_db()
    assert (realm.allow_all_control_planes, realm.allowed_control_planes) == (False, [])


def test_an_edit_of_what_has_changed_meanwhile_shows_both(pages, prod) -> None:
    version = prod.etag
    prod.ttl = 99
    prod.save()

    answer = pages.post(f"{PROD}/edit", FORM | {"ttl": "20", "version": version})

    assert answer.status_code == 409
    assert re.search(r"<td>20</td><td>99</td>", answer.text)


def test_a_name_that_no_address_can_hold_is_replaced_by_the_id(pages) -> None:
    realm = make_realm(name="prod / eu")

    answer = pages.get(f"/realms/{realm.pk}", follow=True)

    assert answer.redirect_chain == [(f"/realms/{realm.pk}/consumers", 303)]
    assert "prod / eu" in answer.text


def test_deleting_a_realm_takes_its_name_and_says_what_goes(pages, prod) -> None:
    anna = make_anna(prod)
    issue_key(anna)
    issue_key(anna)
    make_plugin(identity_realms=sources(prod))

    asked = pages.get(f"{PROD}/delete").text
    wrong = pages.post(f"{PROD}/delete", {"name": "Prod"})

    assert "1 consumer<" in asked
    assert "2 key-auth credentials<" in asked or "2 key auths<" in asked
    assert re.search(r"key-auth of <b>default</b> goes on naming it", asked)
    assert wrong.status_code == 422
    assert pages.post(f"{PROD}/delete", {"name": "prod"})["Location"] == "/realms"
    assert not Realm.objects.exists()
    assert not KeyAuth.objects.exists()


def test_the_tab_of_control_planes_says_in_what_order_they_ask(pages) -> None:
    default, team = default_control_plane(), make_control_plane(name="team")
    realm = make_realm(name="prod", allowed_control_planes=[str(default.pk)])
    make_plugin(identity_realms=sources(realm))
    make_plugin(scope=team, identity_realms=sources(realm, cp=False))

    text = pages.get(f"{PROD}/control-planes").text

    assert "First realm prod is asked, then default itself" in text
    assert "Only realm prod is asked: keys of team itself are not known." in text
    assert "asks, but is not allowed" in text
    assert queries_of(pages, f"{PROD}/control-planes") <= 10


def test_the_cache_tab_says_what_the_minutes_mean(pages, settings) -> None:
    make_realm(name="prod", ttl=7, negative_ttl=9)

    assert "Count at once" in pages.get(f"{PROD}/cache").text
    settings.REALM_CACHE_MODE = "konnect"
    text = pages.get(f"{PROD}/cache").text

    assert "goes on working for up to 7 minutes" in text
    assert "may need up to 9" in text


def test_purging_makes_workers_ask_anew_and_is_written_down(
    pages, prod, django_capture_on_commit_callbacks
) -> None:
    before = revision.shared().cell[revision.REALM_CACHES]
    with django_capture_on_commit_callbacks(execute=True):
        answer = pages.post(f"{PROD}/cache/purge")

    assert answer["Location"] == f"{PROD}/cache"
    assert revision.shared().cell[revision.REALM_CACHES] != before
    assert Change.objects.filter(verb="purge", entity_id=prod.pk).count() == 1
    assert "purged the cache of" in pages.get(f"{PROD}/activity").text
    assert pages.get(f"{PROD}/cache/purge").status_code == 405


# Its consumers


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


# Who may


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("super-admin", True, True),
        ("cp-admin", True, True),
        ("org-reader", True, False),
        ("admin", False, False),
        ("editor", False, False),
        ("viewer", False, False),
        ("plugin-admin", False, False),
        ("cp-creator", False, False),
        ("", False, False),
    ],
)
def test_who_may_see_and_change_what_is_in_a_realm(
    client: Client, prod, role: str, reads: bool, writes: bool
) -> None:
    make_anna(prod)
    client.force_login(make_user("berta", role))
    reading = [f"{PROD}/consumers", ANNA, f"{ANNA}/credentials", f"{PROD}/activity"]
    writing = [f"{PROD}/consumers/create", f"{ANNA}/edit", f"{ANNA}/move"]

    assert {client.get(path).status_code for path in reading} == {200 if reads else 403}
    assert {client.get(path).status_code for path in writing} == {
        200 if writes else 403
    }
    assert client.get("/realms/none/consumers").status_code == (404 if reads else 403)


def test_who_only_reads_gets_no_buttons_to_change(client: Client, prod) -> None:
    make_anna(prod)
    client.force_login(make_user("berta", "org-reader"))

    text = client.get(f"{PROD}/consumers").text + client.get("/realms").text

    assert "New Consumer" not in text
    assert "New Realm" not in text
    assert "/delete" not in text
    assert "Purge" not in client.get(f"{PROD}/cache").text


# Found from everywhere


def test_the_search_finds_realms_control_planes_and_what_is_in_realms(pages) -> None:
    make_anna(make_realm(name="annas-realm"))
    make_control_plane(name="annas-plane")
    make_consumer(username="anna-2")

    text = pages.get("/search?q=anna").text

    for url in (
        "/realms/annas-realm/consumers",
        "/control-planes/annas-plane",
        "/consumers/anna-2",
    ):
        assert f'href="{url}"' in text
    assert re.search(r'href="/realms/[0-9a-f-]{36}/consumers/anna"', text)


def test_the_only_consumer_of_a_realm_is_opened_at_once(pages, prod) -> None:
    make_anna(prod)

    answer = pages.get("/search?q=anna", follow=True)

    assert answer.status_code == 200
    assert "<h1>anna</h1>" in answer.text


def test_a_pasted_key_of_a_realm_is_found_from_everywhere(pages, prod) -> None:
    _, secret = issue_key(make_anna(prod))

    answer = pages.post("/search", {"q": secret})

    assert answer["Location"] == f"/realms/{prod.pk}/consumers/anna/credentials"


def test_who_may_not_see_realms_does_not_find_them(client: Client, prod) -> None:
    make_realm(name="prod-2")
    _, secret = issue_key(make_anna(prod))
    client.force_login(make_user("berta", "admin", default_control_plane()))

    found = client.get("/search?q=prod").text + client.get("/search?q=anna").text
    by_key = client.post("/search", {"q": secret})

    assert "Nothing matches" in found
    assert "/realms" not in found
    assert by_key["Location"] == "/consumers"
    assert "Realms" not in client.get("/").text


def test_the_overview_counts_realms(pages, prod) -> None:
    assert re.search(r'href="/realms"><b>1</b> <span>Realm<', pages.get("/").text)
