"""The pages about realms and their consumers, as a browser without JavaScript sees."""

import re
from uuid import UUID

import pytest
from django.test import Client

from consumers.models import KeyAuth, issue_key
from costs import queries_of
from factories import (
    default_control_plane,
    make_consumer,
    make_control_plane,
    make_group,
    make_plugin,
    make_realm,
    make_user,
)
from kongadmin import revision
from kongadmin.changes import Change
from realmed import ANNA, PROD, make_anna
from realms.models import Realm

FORM = {"name": "prod", "access": "listed", "ttl": "10", "negative_ttl": "10"}


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


def test_a_search_asks_one_query_for_each_kind_however_much_it_finds(pages) -> None:
    def fill(number: int) -> None:
        prod = make_realm(name=f"prod-{number}")
        make_consumer(prod, username=f"prod-{number}", consumer_groups=[])
        make_consumer(username=f"prod-{number}", custom_id=None)
        make_group(name=f"prod-{number}")
        make_control_plane(name=f"prod-{number}")

    fill(1)
    pages.get("/search?q=prod")
    few = queries_of(pages, "/search?q=prod")
    for number in range(2, 13):
        fill(number)

    assert queries_of(pages, "/search?q=prod") == few <= 16


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
