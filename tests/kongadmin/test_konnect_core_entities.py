"""A control plane's core entities, as Konnect has them. Contract konnect §2.2-2.4."""

from uuid import uuid4

import pytest

from clients import Client
from clients import core_entities as below
from consumers.credentials import CREDENTIALS
from factories import (
    NEEDED,
    default_control_plane,
    make_consumer,
    make_control_plane,
    make_credential,
    make_group,
    make_plugin,
)
from kongadmin.changes import Change
from realms.models import ControlPlane

NOT_FOUND = {"message": "Not found"}
NOT_ALLOWED = {"message": "Method not allowed"}
every_kind = pytest.mark.parametrize("kind", CREDENTIALS)


@pytest.fixture
def plane(db) -> ControlPlane:
    return make_control_plane(name="edge")


def names(answer) -> list:
    return [row.get("username") or row["name"] for row in answer.json()["data"]]


# Consumers


def test_a_consumer_has_no_fields_of_an_enterprise_node(
    api: Client, plane: ControlPlane
) -> None:
    made = api.post(below(plane, "consumers"), json={"username": "alex"})

    body = made.json()
    assert made.status == 201
    assert body.keys() == {
        *("id", "username", "custom_id", "tags", "created_at", "updated_at")
    }
    assert body["username"] == "alex"
    assert type(body["created_at"]) is int
    assert api.get(below(plane, "consumers/alex")).json() == body
    assert api.get(below(plane, f"consumers/{body['id']}")).json() == body


def test_a_consumer_is_in_its_own_control_plane_alone(
    api: Client, plane: ControlPlane
) -> None:
    make_consumer(plane, username="alex")

    there = api.get(below(default_control_plane(), "consumers/alex"))

    assert (there.status, there.json()) == (404, NOT_FOUND)
    assert api.get("/edge/consumers/alex").status == 200


def test_a_body_may_be_a_form(api: Client, plane: ControlPlane) -> None:
    made = api.post(below(plane, "consumers"), form={"username": "alex"})

    assert (made.status, made.json()["username"]) == (201, "alex")


def test_a_body_of_another_kind_is_refused(api: Client, plane: ControlPlane) -> None:
    headers = {"Content-Type": "text/plain"}

    refused = api.post(below(plane, "consumers"), body=b"x", headers=headers)

    assert refused.status == 415
    assert refused.json()["title"] == refused.json()["detail"] == "UnsupportedMediaType"


def test_put_creates_and_replaces_and_nothing_is_patched(
    api: Client, plane: ControlPlane
) -> None:
    path = below(plane, f"consumers/{uuid4()}")

    created = api.put(path, json={"username": "zoe", "tags": ["x"]})
    replaced = api.put(path, json={"username": "zoe"})
    patched = api.patch(path, json={"username": "y"})

    assert (created.status, replaced.status) == (200, 200)
    assert (created.json()["tags"], replaced.json()["tags"]) == (["x"], None)
    assert (patched.status, patched.json()) == (405, NOT_ALLOWED)
    assert patched.headers["Allow"] == "GET, PUT, DELETE, HEAD, OPTIONS"


def test_deleting_what_is_not_there_succeeds(api: Client, plane: ControlPlane) -> None:
    consumer = make_consumer(plane)
    for path in (
        f"consumers/{uuid4()}",
        "consumers/nobody",
        f"consumers/{consumer.pk}/key-auth/{uuid4()}",
        f"consumers/{consumer.pk}/acls/{uuid4()}",
        f"consumers/{consumer.pk}/consumer_groups/{uuid4()}",
        f"plugins/{uuid4()}",
    ):
        deleted = api.delete(below(plane, path))

        assert (deleted.status, deleted.body) == (204, b""), path


def test_the_change_log_names_the_dialect(api: Client, plane: ControlPlane) -> None:
    api.post(below(plane, "consumers"), json={"username": "alex"})

    assert Change.objects.latest("id").dialect == "konnect"


# Lists


def test_a_list_has_pages(api: Client, plane: ControlPlane) -> None:
    for name in ("ann", "ben", "cat"):
        make_consumer(plane, username=name)
    path = below(plane, "consumers")

    first = api.get(f"{path}?size=2")
    last = api.get(first.json()["next"])

    assert first.json()["next"].startswith(path)
    assert names(first) + names(last) == ["ann", "ben", "cat"]
    assert last.json()["next"] is None
    assert "offset" not in last.json()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("custom_id=c-2", ["ben"]),
        ("custom_id=c", []),
        ("filter[name][eq]=anna", ["anna"]),
        ("filter[name]=anna", ["anna"]),
        ("filter%5Bname%5D%5Bcontains%5D=nna", ["anna"]),
        ("filter[name][contains]=ANN", ["anna"]),
        ("filter[name][contains]=N", ["anna", "ben"]),
        ("filter[name][eq]=ann&custom_id=c-2", []),
        ("tags=x", ["anna", "ben"]),
        ("tags=x&filter[name][eq]=ben", ["ben"]),
        ("tags=x/y", ["anna", "ben", "cat"]),
        ("tags=x,y", []),
    ],
)
def test_consumers_are_filtered(
    api: Client, plane: ControlPlane, query: str, found: list
) -> None:
    make_consumer(plane, username="anna", custom_id="c-1", tags=["x"])
    make_consumer(plane, username="ben", custom_id="c-2", tags=["x"])
    make_consumer(plane, username="cat", tags=["y"])

    assert names(api.get(below(plane, f"consumers?{query}"))) == found


def test_the_next_page_keeps_the_filters(api: Client, plane: ControlPlane) -> None:
    for name in ("ann-1", "ann-2", "ben", "ann-3"):
        make_consumer(plane, username=name)

    query = "filter[name][contains]=ann&size=2"
    first = api.get(below(plane, f"consumers?{query}"))

    assert names(api.get(first.json()["next"])) == ["ann-3"]


def test_plugins_are_filtered_by_name(api: Client, plane: ControlPlane) -> None:
    for name in ("key-auth", "basic-auth", "acl"):
        make_plugin(name, plane)

    exact = api.get(below(plane, "plugins?filter[name][eq]=acl"))
    part = api.get(below(plane, "plugins?filter[name][contains]=auth"))

    assert names(exact) == ["acl"]
    assert names(part) == ["key-auth", "basic-auth"]


@pytest.mark.parametrize(
    "query", ["filter[colour]=x", "filter[name][like]=x", "filter=x", "size=0"]
)
def test_what_a_list_does_not_take_is_refused(
    api: Client, plane: ControlPlane, query: str
) -> None:
    refused = api.get(below(plane, f"consumers?{query}"))

    assert refused.status == 400
    assert refused.json()["message"] == "validation error"


def test_a_list_is_a_handful_of_queries(
    api: Client, plane: ControlPlane, django_assert_max_num_queries
) -> None:
    for _ in range(5):
        make_credential("key-auth", make_consumer(plane))
    api.get(below(plane, "key-auths"))

    with django_assert_max_num_queries(1):
        api.get(below(plane, "key-auths"))


# Groups


def test_a_group_is_wrapped_when_read_and_tells_its_consumers_when_asked(
    api: Client, plane: ControlPlane
) -> None:
    amal = make_consumer(plane, username="amal")
    group = make_group(amal, name="gold")

    plain = api.get(below(plane, "consumer_groups/gold")).json()
    whole = api.get(below(plane, f"consumer_groups/{group.pk}?list_consumers=true"))

    assert plain.keys() == {"consumer_group"}
    assert plain["consumer_group"]["name"] == "gold"
    assert [c["username"] for c in whole.json()["consumers"]] == ["amal"]
    assert "username_lower" not in whole.json()["consumers"][0]


def test_members_are_added_listed_and_removed_from_both_sides(
    api: Client, plane: ControlPlane
) -> None:
    amal = make_consumer(plane, username="amal")
    gold = make_group(scope=plane, name="gold")
    make_group(scope=plane, name="free")
    members = below(plane, f"consumer_groups/{gold.pk}/consumers")
    groups = below(plane, "consumers/amal/consumer_groups")

    added = api.post(members, json={"consumer": str(amal.pk)})
    joined = api.post(groups, json={"group": "free"})

    assert (added.status, joined.status) == (201, 201)
    assert added.json()["consumer_group"]["name"] == "gold"
    assert [c["username"] for c in added.json()["consumers"]] == ["amal"]
    assert [g["name"] for g in joined.json()["consumer_groups"]] == ["free"]
    assert api.get(members).json().keys() == {"data", "next"}
    assert names(api.get(members)) == ["amal"]
    assert names(api.get(groups)) == ["gold", "free"]

    assert api.delete(f"{members}/{amal.pk}").status == 204
    assert names(api.get(groups)) == ["free"]
    assert api.delete(groups).status == 204
    assert names(api.get(groups)) == []


def test_members_have_pages(api: Client, plane: ControlPlane) -> None:
    people = [make_consumer(plane, username=name) for name in ("ann", "ben", "cat")]
    group = make_group(*people)

    first = api.get(below(plane, f"consumer_groups/{group.pk}/consumers?size=2"))

    assert names(first) == ["ann", "ben"]
    assert names(api.get(first.json()["next"])) == ["cat"]


def test_a_group_has_no_overrides_here(api: Client, plane: ControlPlane) -> None:
    path = "consumer_groups/gold/overrides/plugins/rate-limiting-advanced"

    assert api.put(below(plane, path), json={}).status == 404


# Credentials


@every_kind
def test_a_credential_is_written_below_its_consumer_and_read_everywhere(
    api: Client, plane: ControlPlane, kind: str
) -> None:
    credential, kim = CREDENTIALS[kind], make_consumer(plane, username="kim")
    nested = below(plane, f"consumers/kim/{credential.nested_path}")

    made = api.post(nested, json=NEEDED[kind]("one"))
    one = made.json()
    top = below(plane, credential.path)
    refused = api.post(top, json=NEEDED[kind]("two"))

    assert made.status == 201
    assert one["consumer"] == {"id": str(kim.pk)}
    assert [row["id"] for row in api.get(nested).json()["data"]] == [one["id"]]
    assert [row["id"] for row in api.get(top).json()["data"]] == [one["id"]]
    assert api.get(f"{top}/{one['id']}").json()["id"] == one["id"]
    assert (refused.status, refused.json()) == (405, NOT_ALLOWED)
    assert api.delete(f"{top}/{one['id']}").status == 405
    assert api.put(f"{nested}/{one['id']}", json=NEEDED[kind]("3")).status == 200
    assert api.delete(f"{nested}/{one['id']}").status == 204


def test_a_jwt_may_have_an_algorithm_that_the_admin_api_has_not_yet(
    api: Client, plane: ControlPlane
) -> None:
    kim = make_consumer(plane, username="kim")
    body = {"algorithm": "Ed25519", "consumer": {"id": str(kim.pk)}}

    here = api.post(below(plane, "consumers/kim/jwt"), json=body)
    there = api.post(f"/{plane.name}/jwts", json=body)

    assert (here.status, here.json()["algorithm"]) == (201, "Ed25519")
    assert "EdDSA" in there.json()["fields"]["algorithm"]


def test_a_keys_ttl_counts_down(api: Client, plane: ControlPlane) -> None:
    make_consumer(plane, username="kim")
    keys = below(plane, "consumers/kim/key-auth")

    made = api.post(keys, json={"ttl": 60}).json()

    assert 58 <= made["ttl"] <= 60
    assert len(made["key"]) == 32


# Plugins


def test_a_plugin_applies_to_everyone_a_consumer_or_a_group(
    api: Client, plane: ControlPlane
) -> None:
    amal = make_consumer(plane, username="amal")
    gold = make_group(amal, name="gold")
    body = {"name": "rate-limiting", "config": {"minute": 1}}

    everyone = api.post(below(plane, "plugins"), json=body)
    one = api.post(below(plane, "consumers/amal/plugins"), json=body)
    some = api.post(below(plane, f"consumer_groups/{gold.pk}/plugins"), json=body)

    assert [a.status for a in (everyone, one, some)] == [201, 201, 201]
    assert one.json()["consumer"] == {"id": str(amal.pk)}
    assert some.json()["consumer_group"] == {"id": str(gold.pk)}
    assert len(api.get(below(plane, "plugins")).json()["data"]) == 3


def test_a_plugin_alone_can_be_changed_in_part(
    api: Client, plane: ControlPlane
) -> None:
    plugin = make_plugin("rate-limiting", plane, minute=1)
    path = below(plane, f"plugins/{plugin.pk}")

    changed = api.patch(path, json={"config": {"hour": 9}})

    assert changed.status == 200
    assert (changed.json()["config"]["minute"], changed.json()["config"]["hour"]) == (
        1,
        9,
    )
    missing = api.patch(below(plane, f"plugins/{uuid4()}"), json={"enabled": False})
    assert (missing.status, missing.json()) == (404, NOT_FOUND)


def test_schemas_are_served_and_gateway_entities_are_none(
    api: Client, plane: ControlPlane
) -> None:
    assert api.get(below(plane, "schemas/plugins/key-auth")).status == 200
    assert api.get(below(plane, "schemas/consumers")).status == 200
    assert api.get(below(plane, "schemas/plugins/none")).status == 404
    assert api.get(below(plane, "services")).json() == {"data": [], "next": None}
    assert api.post(below(plane, "services"), json={}).status == 405
