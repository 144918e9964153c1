"""Control planes as Konnect has them, under /v2. Contract konnect §2.1."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest

from clients import Client
from factories import (
    default_control_plane,
    make_consumer,
    make_control_plane,
)
from kongadmin.access.models import Grant
from kongadmin.access.permissions import forget
from kongadmin.access.roles import PER_CONTROL_PLANE
from kongadmin.changes import Change
from realms.models import ControlPlane

PATH = "/v2/control-planes"
PROBLEM = "application/problem+json"
URL = {"host": "example.test", "port": 443, "protocol": "https"}


def refused(answer) -> dict:
    """Return the parameters of a refusal by field: the rule each one breaks."""
    assert answer.status == 400
    assert answer.headers["Content-Type"] == PROBLEM
    return {each["field"]: each["rule"] for each in answer.json()["invalid_parameters"]}


def names(answer) -> list[str]:
    assert answer.status == 200
    return [plane["name"] for plane in answer.json()["data"]]


# One control plane


def test_a_control_plane_is_sent_flat_and_answered_nested(api: Client) -> None:
    made = api.post(PATH, json={"name": "edge", "labels": {"env": "test"}})

    body = made.json()
    config = body.pop("config")
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    assert made.status == 201
    assert stamp.fullmatch(body.pop("created_at"))
    assert stamp.fullmatch(body.pop("updated_at"))
    assert body == {
        "id": str(ControlPlane.objects.get(name="edge").pk),
        "name": "edge",
        "description": "",
        "labels": {"env": "test"},
    }
    assert re.fullmatch(
        r"https://[0-9a-f]{10}\.cp\.\w+", config.pop("control_plane_endpoint")
    )
    assert re.fullmatch(
        r"https://[0-9a-f]{10}\.tp0\.\w+", config.pop("telemetry_endpoint")
    )
    assert config == {
        "cluster_type": "CLUSTER_TYPE_CONTROL_PLANE",
        "auth_type": "pinned_client_certs",
        "cloud_gateway": False,
        "proxy_urls": [],
    }
    assert api.get(f"{PATH}/{body['id']}").json() == made.json()


def test_a_patch_changes_what_it_names(api: Client) -> None:
    sent = {"name": "edge", "labels": {"a": "1", "b": "2"}, "cloud_gateway": True}
    path = f"{PATH}/{api.post(PATH, json=sent).json()['id']}"
    body = {"description": "d", "labels": {"c": "3"}, "proxy_urls": [URL]}

    changed = api.patch(path, json=body)

    assert changed.status == 200
    assert changed.json() == api.get(path).json()
    assert (changed.json()["name"], changed.json()["description"]) == ("edge", "d")
    assert changed.json()["labels"] == {"c": "3"}
    assert changed.json()["config"]["proxy_urls"] == [URL]
    assert changed.json()["config"]["cloud_gateway"] is True


def test_a_name_is_there_once(api: Client) -> None:
    api.post(PATH, json={"name": "edge"})
    other = api.post(PATH, json={"name": "other"}).json()["id"]

    again = api.post(PATH, json={"name": "edge"})
    renamed = api.patch(f"{PATH}/{other}", json={"name": "edge"})

    assert {again.status, renamed.status} == {409}
    assert again.headers["Content-Type"] == PROBLEM
    assert again.json()["title"] == "Conflict"
    assert "[edge]" in again.json()["detail"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"name": "required"}),
        ({"name": "a"}, {"name": "min_length"}),
        ({"name": "a" * 257}, {"name": "max_length"}),
        ({"name": 7}, {"name": "is_string"}),
        ({"name": None}, {"name": "invalid"}),
        ({"name": "consumers"}, {"name": "invalid"}),
        ({"name": "a/b"}, {"name": "invalid"}),
        ({"description": "d" * 2049}, {"description": "max_length"}),
        ({"description": None}, {"description": "invalid"}),
        ({"cluster_type": "HYBRID"}, {"cluster_type": "enum"}),
        ({"auth_type": "none"}, {"auth_type": "enum"}),
        ({"cloud_gateway": "yes"}, {"cloud_gateway": "is_boolean"}),
        ({"extra": 1}, {"extra": "unknown_property"}),
        ({"id": str(uuid4())}, {"id": "unknown_property"}),
        ({"proxy_urls": [URL] * 2}, {"proxy_urls": "invalid"}),
        (
            {"proxy_urls": [{**URL, "port": n} for n in range(1, 7)]},
            {"proxy_urls": "max_items"},
        ),
        ({"proxy_urls": [{"host": "a"}]}, ...),
        ({"labels": {"kong-x": "1"}}, {"labels": "is_label"}),
        ({"labels": {"": "1"}}, {"labels": "is_label"}),
        ({"labels": {"env": "-"}}, {"labels": "is_label"}),
        ({"labels": {"env": ""}}, {"labels": "is_label"}),
        ({"labels": {"env": "a" * 64}}, {"labels": "is_label"}),
        ({"labels": {"env": 1}}, {"labels": "is_string"}),
    ],
)
def test_what_is_wrong_with_a_control_plane_is_told(
    api: Client, body: dict, wrong: dict
) -> None:
    sent = body if "name" in body or not body else {"name": "edge", **body}

    found = refused(api.post(PATH, json=sent))

    assert wrong in (found, ...)
    assert not ControlPlane.objects.filter(name="edge").exists()


@pytest.mark.parametrize("field", ["cluster_type", "cloud_gateway", "created_at"])
def test_what_it_is_for_stays_as_it_was_made(api: Client, field: str) -> None:
    plane = make_control_plane()

    answer = api.patch(f"{PATH}/{plane.pk}", json={field: "CLUSTER_TYPE_SERVERLESS"})

    assert refused(answer) == {field: "unknown_property"}
    assert answer.json()["detail"] == "Request contains unknown property"


def test_a_name_may_have_blanks_and_the_admin_api_finds_it(api: Client) -> None:
    api.post(PATH, json={"name": "My control plane"})

    assert api.get("/My%20control%20plane/consumers").status == 200


def test_deleting_takes_all_that_is_in_it(api: Client) -> None:
    plane = make_control_plane(name="edge")
    make_consumer(plane)

    deleted = api.delete(f"{PATH}/{plane.pk}")

    assert (deleted.status, deleted.body) == (204, b"")
    gone = api.get(f"{PATH}/{plane.pk}")
    assert (gone.status, gone.headers["Content-Type"]) == (404, PROBLEM)
    assert api.delete(f"{PATH}/{plane.pk}").status == 404
    assert api.get(f"{PATH}/{plane.pk}/core-entities/consumers").status == 404
    assert Change.objects.latest("id").dialect == "konnect"


def test_the_default_control_plane_stays_and_keeps_its_name(api: Client) -> None:
    path = f"{PATH}/{default_control_plane().pk}"

    assert api.delete(path).status == 400
    assert refused(api.patch(path, json={"name": "other"})) == {"name": "invalid"}


def test_an_id_that_is_none_is_refused(api: Client) -> None:
    answer = api.get(f"{PATH}/nonsense")

    assert refused(answer) == {"id": "is_uuid"}
    assert answer.json()["detail"] == "Request contains invalid ID format"
    assert answer.json()["instance"].startswith("konnect:trace:")


def test_nobody_overwrites_what_they_have_not_seen(api: Client) -> None:
    plane = make_control_plane()
    path, old = f"{PATH}/{plane.pk}", {"If-Match": '"old"'}

    assert api.patch(path, json={"description": "d"}, headers=old).status == 412
    assert api.delete(path, headers=old).status == 412


@pytest.mark.parametrize("path", ["group-memberships", "group-status"])
def test_groups_of_control_planes_are_not_served(api: Client, path: str) -> None:
    assert api.get(f"{PATH}/{default_control_plane().pk}/{path}").status == 404


def test_control_planes_of_one_region_are_not_in_another(api: Client, settings) -> None:
    settings.REGIONS = ["us", "eu"]
    eu = {"X-Region": "eu"}
    here = api.post(PATH, json={"name": "edge"}).json()["id"]

    there = api.post(PATH, json={"name": "edge"}, headers=eu)
    core = f"{PATH}/{here}/core-entities/consumers"

    assert there.status == 201
    assert [p["id"] for p in api.get(PATH, headers=eu).json()["data"]] == [
        there.json()["id"]
    ]
    assert api.get(f"{PATH}/{here}", headers=eu).status == 404
    assert api.get(core).status == 200
    assert api.get(core, headers=eu).status == 404
    nowhere = api.get(core, headers={"X-Region": "mars"})
    assert (nowhere.status, nowhere.headers["Content-Type"]) == (404, PROBLEM)


# Lists


def test_pages_have_numbers_and_a_total(api: Client) -> None:
    for name in ("one", "two", "three"):
        make_control_plane(name=name)

    second = api.get(f"{PATH}?page[size]=2&page[number]=2")

    assert names(second) == ["two", "three"]
    assert second.json()["meta"] == {"page": {"number": 2, "size": 2, "total": 4}}
    assert names(api.get(f"{PATH}?page[number]=9")) == []
    assert api.get(PATH).json()["meta"]["page"] == {"number": 1, "size": 10, "total": 4}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter[name][eq]=edge-1", ["edge-1"]),
        ("filter[name]=edge-1", ["edge-1"]),
        ("filter[name][eq]=edge", []),
        ("filter[name][neq]=default", ["edge-1", "edge-2"]),
        ("filter[name][contains]=dge", ["edge-1", "edge-2"]),
        ("filter%5Bname%5D%5Bcontains%5D=2", ["edge-2"]),
        ("filter[cluster_type][eq]=CLUSTER_TYPE_SERVERLESS", ["edge-2"]),
        (
            "filter[cluster_type][oeq]=CLUSTER_TYPE_SERVERLESS,CLUSTER_TYPE_X",
            ["edge-2"],
        ),
        ("filter[cloud_gateway]=true", ["edge-2"]),
        ("filter[name][contains]=edge&filter[cloud_gateway]=false", ["edge-1"]),
        ("labels=env", ["edge-1", "edge-2"]),
        ("labels=env:test", ["edge-1"]),
        ("labels=env:test,1:x", ["edge-1"]),
        ("labels=env:live,1", []),
        ("sort=created_at%20desc", ["edge-2", "edge-1", "default"]),
        ("sort=created_at+asc", ["default", "edge-1", "edge-2"]),
        ("sort=created_at", ["default", "edge-1", "edge-2"]),
        ("filter[name]=%00", []),
    ],
)
def test_control_planes_are_filtered_and_sorted(
    api: Client, query: str, found: list
) -> None:
    make_control_plane(name="edge-1", labels={"env": "test", "1": "x"})
    make_control_plane(
        name="edge-2",
        labels={"env": "live"},
        cluster_type="CLUSTER_TYPE_SERVERLESS",
        cloud_gateway=True,
    )

    assert names(api.get(f"{PATH}?{query}")) == found


def test_control_planes_are_filtered_by_id(api: Client) -> None:
    one, two, _ = (make_control_plane() for _ in range(3))

    some = api.get(f"{PATH}?filter[id][oeq]={one.pk},{two.pk}")

    assert names(some) == [one.name, two.name]
    assert names(api.get(f"{PATH}?filter[id]={two.pk}")) == [two.name]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("page[size]=0", {"page[size]": "min"}),
        ("page[size]=101", {"page[size]": "max"}),
        ("page[number]=0", {"page[number]": "min"}),
        ("page[number]=x", {"page[number]": "is_integer"}),
        ("filter[id]=x", {"filter[id]": "is_uuid"}),
        ("filter[cloud_gateway]=1", {"filter[cloud_gateway]": "is_boolean"}),
        ("filter[name][like]=x", {"filter[name][like]": "invalid"}),
        ("filter[colour]=x", {"filter[colour]": "invalid"}),
        ("sort=name", {"sort": "enum"}),
        ("sort=x&page[size]=x", {"page[size]": "is_integer", "sort": "enum"}),
    ],
)
def test_what_no_list_takes_is_told(api: Client, query: str, wrong: dict) -> None:
    answer = api.get(f"{PATH}?{query}")

    assert refused(answer) == wrong
    assert {p["source"] for p in answer.json()["invalid_parameters"]} == {"query"}


def test_a_list_is_two_queries(api: Client, django_assert_num_queries) -> None:
    for _ in range(5):
        make_control_plane()

    with django_assert_num_queries(2):
        api.get(PATH)


# Who may


@pytest.mark.parametrize("role", PER_CONTROL_PLANE)
def test_each_sees_the_control_planes_it_was_given(
    as_role: Callable, role: str
) -> None:
    own, other = make_control_plane(name="own"), make_control_plane()
    client = as_role(role, own)

    assert names(client.get(PATH)) == ["own"]
    assert client.get(PATH).json()["meta"]["page"]["total"] == 1
    assert client.get(f"{PATH}/{own.pk}").status == 200
    assert client.get(f"{PATH}/{other.pk}").status == 404
    assert client.delete(f"{PATH}/{other.pk}").status == 404


def test_a_creator_is_admin_of_what_it_makes(as_role: Callable) -> None:
    make_control_plane()
    client = as_role("cp-creator")
    assert names(client.get(PATH)) == []

    made = client.post(PATH, json={"name": "mine"}).json()

    forget()  # no transaction of a test is ever committed
    assert names(client.get(PATH)) == ["mine"]
    path = f"{PATH}/{made['id']}"
    assert client.post(f"{path}/core-entities/plugins", json={}).status == 400
    assert client.patch(path, json={"description": "d"}).status == 200
    assert client.delete(path).status == 204


def test_who_may_change_all_is_given_nothing_more(as_role: Callable) -> None:
    assert as_role("cp-admin").post(PATH, json={"name": "mine"}).status == 201

    assert [grant.role for grant in Grant.objects.all()] == ["cp-admin"]


@pytest.mark.parametrize(
    ("role", "status"),
    [("viewer", 403), ("editor", 403), ("plugin-admin", 403), ("admin", 200)],
)
def test_an_admin_changes_and_deletes_its_own(
    as_role: Callable, role: str, status: int
) -> None:
    own = make_control_plane()
    client, path = as_role(role, own), f"{PATH}/{own.pk}"

    changed = client.patch(path, json={"description": "d"})
    created = client.post(PATH, json={"nam": 1})
    deleted = client.delete(path)

    assert (changed.status, created.status) == (status, 403)
    assert deleted.status == (204 if status == 200 else 403)


@pytest.mark.parametrize(
    ("role", "status"),
    [("viewer", 403), ("editor", 403), ("admin", 403), ("super-admin", 201)],
)
def test_few_make_control_planes(as_role: Callable, role: str, status: int) -> None:
    client = as_role(role)

    assert client.post(PATH, json={"name": "edge"}).status == status
    assert "default" in names(client.get(PATH))


def test_who_was_given_nothing_is_refused(as_role: Callable) -> None:
    client = as_role("")

    listed, made = client.get(PATH), client.post(PATH, json={"nam": 1})

    assert (listed.status, made.status) == (403, 403)
    assert listed.json()["title"] == "Permission denied"
    assert client.get(f"{PATH}/{default_control_plane().pk}").status == 404


def test_without_a_token_nothing_is_told(api: Client, settings) -> None:
    settings.ENFORCE_RBAC = True

    for path in (PATH, f"{PATH}/nonsense"):
        answer = api.get(path)

        assert answer.status == 401
        assert answer.json()["title"] == "Unauthenticated"
