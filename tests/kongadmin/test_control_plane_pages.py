"""The pages about control planes, as a browser without JavaScript meets them."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import clients
from costs import queries_of
from factories import (
    default_control_plane,
    give,
    make_consumer,
    make_control_plane,
    make_plugin,
    make_realm,
    make_user,
)
from kongadmin.listeners import manager
from realms.models import ControlPlane, Realm

EDGE = "/control-planes/edge"
FORM = {
    "name": "edge",
    "description": "What faces the world",
    "labels": "env: test\nteam: a",
    "proxy_urls": "https://api.example.com:443",
    "auth_type": "pki_client_certs",
    "cluster_type": "CLUSTER_TYPE_SERVERLESS",
}


def test_the_list_shows_them_and_leads_into_each(pages: Client) -> None:
    make_control_plane(name="team a-b", comment="Theirs")
    make_control_plane(name="edge", labels={"env": "test"})

    with CaptureQueriesContext(connection) as asked:
        text = pages.get("/control-planes").text

    assert len(asked) <= 6
    assert "3 control planes" in text
    assert "env: test" in text
    assert 'href="/@edge/" aria-label="Switch to edge"' in text
    assert 'href="/@team%20a-b/"' in text
    assert "1 control plane matches" in pages.get("/control-planes?q=EDG").text


def test_one_is_created_with_all_that_the_form_asks(pages: Client) -> None:
    answer = pages.post("/control-planes/create", FORM)

    assert answer["Location"] == EDGE
    plane = ControlPlane.objects.get(name="edge")
    assert plane.comment == "What faces the world"
    assert plane.labels == {"env": "test", "team": "a"}
    assert plane.proxy_urls == [
        {"protocol": "https", "host": "api.example.com", "port": 443}
    ]
    assert plane.auth_type == "pki_client_certs"
    assert plane.cluster_type == "CLUSTER_TYPE_SERVERLESS"
    text = pages.get(EDGE).text
    assert "https://api.example.com:443" in text
    assert "team: a" in text
    assert "&quot;proxy_urls&quot;" in pages.get(f"{EDGE}?format=json").text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "e"}, "length must be at least 2"),
        ({"name": "a/b"}, "must not hold slashes"),
        ({"name": "consumers"}, "This name is an address of the Admin API."),
        ({"name": "default"}, "default has this already."),
        ({"labels": "kong-x: 1"}, "label"),
        ({"proxy_urls": "api.example.com"}, "write it as https://host:443."),
        ({"proxy_urls": "https://a:0"}, "a number above 0"),
        ({"description": "d" * 2049}, "length must be at most 2048"),
    ],
)
def test_one_that_is_not_right_is_refused(pages: Client, given, said: str) -> None:
    answer = pages.post("/control-planes/create", FORM | given)

    assert answer.status_code == 422
    assert said.lower() in answer.text.lower()
    assert not ControlPlane.objects.exclude(name="default").exists()


def test_its_cluster_type_stays_as_it_was_made(pages: Client) -> None:
    plane = make_control_plane(name="edge", meta={"color": "ff8800"})

    answer = pages.post(f"{EDGE}/edit", FORM | {"name": "edge-2"})

    assert answer["Location"] == "/control-planes/edge-2"
    plane.refresh_from_db()
    assert plane.cluster_type == "CLUSTER_TYPE_CONTROL_PLANE"
    assert plane.meta == {"color": "ff8800"}


def test_the_default_keeps_its_name_and_stays(pages: Client) -> None:
    pages.post("/control-planes/default/edit", FORM)

    assert default_control_plane().comment == "What faces the world"
    assert pages.get("/control-planes/default/delete").status_code == 404
    assert "/control-planes/default/delete" not in pages.get("/control-planes").text


def test_deleting_one_takes_its_name_and_says_what_goes(pages: Client) -> None:
    plane = make_control_plane(name="edge")
    realm = make_realm(allowed_control_planes=[str(plane.pk)])
    make_consumer(plane)
    make_consumer(plane)
    make_plugin(scope=plane)

    asked = pages.get(f"{EDGE}/delete").text
    wrong = pages.post(f"{EDGE}/delete", {"name": "Edge"})

    assert "2 consumers<" in asked
    assert "1 plugin<" in asked
    assert wrong.status_code == 422
    answer = pages.post(f"{EDGE}/delete", {"name": "edge"})
    assert answer["Location"] == "/control-planes"
    assert not ControlPlane.objects.filter(pk=plane.pk).exists()
    assert Realm.objects.get(pk=realm.pk).allowed_control_planes == []


def test_the_tab_of_realms_says_who_allows_it_and_whom_it_asks(pages: Client) -> None:
    plane = make_control_plane(name="edge")
    prod = make_realm(name="prod", allowed_control_planes=[str(plane.pk)])
    closed = make_realm(name="closed")
    make_realm(name="open", allow_all_control_planes=True)
    sources = [{"scope": "realm", "id": str(r.pk)} for r in (closed, prod)]
    make_plugin(scope=plane, identity_realms=[*sources, {"scope": "cp"}])

    text = pages.get(f"{EDGE}/realms").text

    assert (
        "First realm closed is asked, then realm prod, then this control plane; "
        "the first that knows the key wins."
    ) in text
    assert "Realm closed does not allow edge: no key is found there." in text
    assert 'href="/realms/prod/consumers"' in text
    assert 'href="/realms/closed/consumers"' not in text
    assert "allows every control plane" in text


def test_its_activity_says_what_was_done_to_it(pages: Client) -> None:
    pages.post("/control-planes/create", FORM)

    text = pages.get(f"{EDGE}/activity").text

    assert "created" in text
    assert "root" in text


@pytest.mark.parametrize("tab", ["", "?format=json", "/realms", "/activity", "/edit"])
def test_every_tab_opens_in_few_queries(pages: Client, tab: str) -> None:
    def fill(number: int) -> None:
        mine = make_realm(allowed_control_planes=[str(edge.pk)])
        source = {"scope": "realm", "id": str(mine.pk)}
        owner = make_consumer(edge)
        make_plugin(scope=edge, consumer=owner, identity_realms=[source])
        pages.post(f"{EDGE}/edit", FORM | {"description": f"Change {number}"})

    edge = make_control_plane(name="edge")
    fill(1)
    pages.get(f"{EDGE}{tab}")
    few = queries_of(pages, f"{EDGE}{tab}")
    for number in range(2, 5):
        fill(number)

    assert queries_of(pages, f"{EDGE}{tab}") == few <= 9


def test_one_sees_and_changes_only_what_one_may(client: Client, db) -> None:
    edge, team = make_control_plane(name="edge"), make_control_plane(name="team")
    berta = make_user("berta", "viewer", edge)
    give(berta, "admin", team)
    client.force_login(berta)

    text = client.get("/control-planes").text

    assert "2 control planes" in text
    assert "New Control Plane" not in text
    assert client.get("/control-planes/default").status_code == 404
    assert client.get(EDGE).status_code == 200
    assert client.get(f"{EDGE}/edit").status_code == 403
    assert client.get(f"{EDGE}/delete").status_code == 403
    assert client.get("/control-planes/team/edit").status_code == 200


def test_who_creates_one_may_change_it(
    client: Client, db, django_capture_on_commit_callbacks
) -> None:
    client.force_login(make_user("berta", "cp-creator"))

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/control-planes/create", FORM)

    assert client.get(answer["Location"]).status_code == 200
    assert client.get(f"{EDGE}/edit").status_code == 200


def test_links_keep_to_the_control_plane_one_is_in(pages: Client) -> None:
    make_control_plane(name="edge")
    make_consumer(make_realm(name="prod"), username="anna", consumer_groups=[])
    cookie = pages.cookies["kongadmin_session"].value
    headers = {"Host": "localhost:8002", "Cookie": f"kongadmin_session={cookie}"}
    there = clients.Client(manager, headers)

    text = there.get("/@edge/realms/prod/consumers").text

    assert 'href="/@edge/realms/prod/consumers/anna"' in text
    assert 'href="/@edge/plugins"' in text
    assert 'href="/@edge/realms"' in text
