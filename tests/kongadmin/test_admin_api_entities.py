"""Verbs, errors, consumers and keys in the Admin API. Contract §1.8, §2-4."""

import re
from uuid import uuid4

import pytest
from django.utils import timezone

from clients import Client
from factories import make_consumer, make_credential, make_key, make_plugin
from kinds import BODIES, PATHS, every_entity, named_entity, tagged_entity
from realms.models import DEFAULT, ControlPlane

NOBODY = "00000000-0000-4000-8000-000000000000"
NOT_FOUND = {"message": "Not found"}
NOT_ALLOWED = {"message": "Method not allowed"}
BAD_TTL = "must be an integer between 0 and 100000000"


# Verbs


@every_entity
def test_an_entity_that_is_missing_is_told_in_kongs_words(
    api: Client, entity: str
) -> None:
    path = f"{PATHS[entity]}/{NOBODY}"

    patched = api.patch(path, json={"name": "key-auth"})

    assert (api.get(path).status, api.get(path).json()) == (404, NOT_FOUND)
    assert api.delete(path).status == 204
    assert patched.status == 404
    assert patched.json() == {
        "code": 6,
        "name": "not found",
        "message": f"could not find the entity with primary key '{{id=\"{NOBODY}\"}}'",
        "fields": {"id": NOBODY},
    }


@every_entity
def test_a_second_of_the_same_id_or_name_is_refused(api: Client, entity: str) -> None:
    path, first = PATHS[entity], BODIES[entity]("one")
    made = api.post(path, json=first).json()

    same_id = api.post(path, json={**BODIES[entity]("two"), "id": made["id"]})
    same_name = api.post(path, json=first)

    assert (same_id.status, same_id.json()["code"]) == (400, 3)
    assert (same_name.status, same_name.json()["code"]) == (409, 5)


@tagged_entity
def test_put_creates_and_then_replaces(api: Client, entity: str) -> None:
    path, body = f"{PATHS[entity]}/{uuid4()}", BODIES[entity]("one")

    created = api.put(path, json={**body, "tags": ["a"]})
    replaced = api.put(path, json=body)

    assert (created.status, replaced.status) == (200, 200)
    assert (created.json()["tags"], replaced.json()["tags"]) == (["a"], None)
    assert created.json()["id"] == replaced.json()["id"] == path.rpartition("/")[2]


@named_entity
def test_put_by_name_keeps_the_id(api: Client, entity: str) -> None:
    path, body = f"{PATHS[entity]}/one", BODIES[entity]("other")

    created, replaced = api.put(path, json=body), api.put(path, json=body)

    assert created.json()["id"] == replaced.json()["id"]
    assert "one" in created.json().values()


@tagged_entity
def test_an_etag_changes_with_every_write_and_guards_the_next(
    api: Client, entity: str
) -> None:
    made = api.post(PATHS[entity], json=BODIES[entity]("one"))
    path, seen = f"{PATHS[entity]}/{made.json()['id']}", made.headers["ETag"]

    fresh = api.patch(path, json={"tags": ["a"]}, headers={"If-Match": seen})
    stale = api.patch(path, json={"tags": ["b"]}, headers={"If-Match": seen})

    assert re.fullmatch('"[0-9a-f]+"', seen)
    assert (fresh.status, stale.status) == (200, 412)
    assert fresh.headers["ETag"] != seen
    assert api.get(path).headers["ETag"] == fresh.headers["ETag"]
    assert fresh.json()["tags"] == ["a"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("stale", ['"0"', "W/{}", "x"])
def test_nothing_is_written_over_what_was_not_seen(
    api: Client, method: str, stale: str
) -> None:
    make_consumer(username="anna", custom_id="a")
    seen = api.get("/consumers/anna").headers["ETag"]

    answer = api.ask(
        method, "/consumers/anna", headers={"If-Match": stale.format(seen)}
    )

    assert answer.status == 412
    assert api.get("/consumers/anna").headers["ETag"] == seen


@pytest.mark.parametrize("wanted", ["*", '"0", {}', "{}"])
def test_if_match_takes_a_list_or_a_star(api: Client, wanted: str) -> None:
    make_consumer(username="anna")
    seen = api.get("/consumers/anna").headers["ETag"]

    answer = api.delete("/consumers/anna", headers={"If-Match": wanted.format(seen)})

    assert answer.status == 204


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_if_match_needs_something_to_match(api: Client, method: str) -> None:
    answer = api.ask(method, "/consumers/nobody", headers={"If-Match": "*"})

    assert answer.status == 412


def test_a_patch_merges_and_null_clears(api: Client) -> None:
    make_consumer(username="anna", custom_id="a", tags=["x"])

    answer = api.patch("/consumers/anna", json={"custom_id": None})

    assert answer.json()["custom_id"] is None
    assert (answer.json()["username"], answer.json()["tags"]) == ("anna", ["x"])


def test_a_patch_cannot_take_the_last_name(api: Client) -> None:
    make_consumer(username="anna")

    answer = api.patch("/consumers/anna", json={"username": None})

    assert answer.json()["fields"]["@entity"][0].startswith("when updating, at least")


def test_a_patch_cannot_change_the_id(api: Client) -> None:
    anna = make_consumer(username="anna")

    answer = api.patch(f"/consumers/{anna.pk}", json={"id": NOBODY})

    assert (answer.status, answer.json()["fields"]) == (404, {"id": str(anna.pk)})


def test_a_patch_may_repeat_the_id_but_not_with_other_faults(api: Client) -> None:
    anna = make_consumer(username="anna")

    same = api.patch(f"/consumers/{anna.pk}", json={"id": str(anna.pk).upper()})
    other = api.patch(f"/consumers/{anna.pk}", json={"id": NOBODY, "username": 5})

    assert same.status == 200
    assert other.json()["fields"] == {"username": "expected a string"}


def test_created_at_may_be_sent_and_updated_at_never_counts(api: Client) -> None:
    body = {"username": "anna", "created_at": 1000, "updated_at": "whatever"}

    made = api.post("/consumers", json=body).json()
    replaced = api.put("/consumers/anna", json={}).json()

    assert made["created_at"] == 1000
    assert made["updated_at"] > 1_700_000_000
    assert replaced["created_at"] > 1_700_000_000


@pytest.mark.parametrize("created_at", [0, -1, 1e300, 10**18])
def test_a_time_that_no_calendar_holds_is_refused(
    api: Client, created_at: float
) -> None:
    answer = api.post("/consumers", json={"username": "a", "created_at": created_at})

    assert answer.json()["fields"] == {"created_at": "expected a valid timestamp"}


def test_a_nested_put_moves_what_belongs_to_another(api: Client) -> None:
    anna, berta = make_consumer(username="anna"), make_consumer(username="berta")
    key = make_key(berta, key="k")

    moved = api.put(f"/consumers/anna/key-auth/{key.pk}", json={"key": "k"})

    assert moved.json()["consumer"] == {"id": str(anna.pk)}
    assert api.get("/consumers/berta/key-auth/k").status == 404
    assert api.get("/consumers/anna/key-auth/k").status == 200


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_belongs_to_another_is_not_found_below_a_parent(
    api: Client, method: str
) -> None:
    make_consumer(username="anna")
    make_key(make_consumer(username="berta"), key="k")

    answer = api.ask(method, "/consumers/anna/key-auth/k")

    assert (answer.status, answer.json()) == (404, NOT_FOUND)
    assert api.get("/key-auths/k").status == 200


def test_a_consumer_is_reached_through_its_key(api: Client) -> None:
    make_key(make_consumer(username="anna"), key="k")

    patched = api.patch("/key-auths/k/consumer", json={"custom_id": "a"})
    deleted = api.delete("/key-auths/k/consumer")

    assert (patched.status, patched.json()["custom_id"]) == (200, "a")
    assert (deleted.status, deleted.json()) == (405, NOT_ALLOWED)
    assert api.delete("/key-auths/nokey/consumer").status == 404
    assert api.get("/acls/admins/consumer").json()["code"] == 1


def test_a_plugin_for_all_is_given_a_consumer_of_its_own(api: Client) -> None:
    path = f"/plugins/{make_plugin('correlation-id').pk}"

    missing = api.patch(f"{path}/consumer", json={"tags": ["a"]})
    made = api.put(f"{path}/consumer", json={"username": "anna"})

    assert (missing.status, made.status) == (404, 200)
    assert api.get(path).json()["consumer"] == {"id": made.json()["id"]}


def test_a_plugin_that_is_always_for_all_is_given_no_consumer(api: Client) -> None:
    path = f"/plugins/{make_plugin('key-auth').pk}/consumer"

    answer = api.put(path, json={"username": "anna"})

    assert answer.json()["fields"] == {"consumer": "value must be null"}
    assert api.get("/consumers/anna").status == 404


def test_who_may_not_change_plugins_gives_them_no_consumer(client_of) -> None:
    path = f"/plugins/{make_plugin('correlation-id').pk}/consumer"
    consumers_only = client_of("ed", "editor", ControlPlane.called(DEFAULT))

    assert consumers_only.put(path, json={"username": "anna"}).status == 403
    assert consumers_only.get("/consumers/anna").status == 404


def test_the_algorithm_of_a_jwt_may_be_null(api: Client) -> None:
    owner = {"consumer": {"id": str(make_consumer().pk)}}

    answer = api.post("/jwts", json=owner | {"algorithm": None})

    assert (answer.status, answer.json()["algorithm"]) == (201, None)


def test_seconds_that_no_column_holds_are_refused(api: Client) -> None:
    client = make_credential("oauth2", make_consumer())
    body = {"credential": {"id": str(client.pk)}, "expires_in": 2**31}

    answer = api.post("/oauth2_tokens", json=body)

    assert answer.json()["fields"] == {
        "expires_in": "value should be between -2147483648 and 2147483647"
    }


def test_deleting_a_consumer_deletes_its_keys_and_plugins(api: Client) -> None:
    anna = make_consumer(username="anna")
    make_key(anna, key="k")
    plugin = make_plugin(consumer=anna)

    assert api.delete("/consumers/anna").status == 204

    assert api.get("/key-auths/k").status == 404
    assert api.get(f"/plugins/{plugin.pk}").status == 404


# Errors


def test_a_missing_reference_is_told_by_how_it_was_named(api: Client) -> None:
    by_id = api.post("/key-auths", json={"consumer": {"id": NOBODY}}).json()
    by_name = api.post("/key-auths", json={"consumer": {"username": "x"}}).json()
    bare = api.post("/key-auths", json={"consumer": "x"}).json()
    missing = api.post("/key-auths", json={}).json()

    assert by_id == {
        "code": 4,
        "name": "foreign key violation",
        "message": f"the foreign key '{{id=\"{NOBODY}\"}}' does not reference "
        "an existing 'consumers' entity.",
        "fields": {"consumer": {"id": NOBODY}},
    }
    assert (by_name["code"], by_name["name"]) == (13, "foreign keys unresolved")
    assert bare["fields"] == {"consumer": {"id": "missing primary key"}}
    assert missing["message"] == "schema violation (consumer: required field missing)"


def test_all_references_that_name_nobody_are_told(api: Client) -> None:
    consumer = {"username": "x", "custom_id": "y"}
    body = {"name": "correlation-id", "consumer": consumer}

    answer = api.post("/plugins", json=body | {"consumer_group": {"name": "z"}}).json()

    assert answer["message"].startswith(
        "3 foreign keys unresolved (consumer.custom_id: the foreign key cannot be "
        "resolved with '{custom_id=\"y\"}' for an existing 'consumers' entity; "
    )
    assert {field: {*keys} for field, keys in answer["fields"].items()} == {
        "consumer": {"custom_id", "username"},
        "consumer_group": {"name"},
    }


def test_several_violations_are_told_in_the_order_of_their_names(api: Client) -> None:
    answer = api.post("/consumers", json={"tags": ["a", "b,c"], "id": "x", "zoo": 1})

    assert answer.status == 400
    assert answer.json()["message"].startswith(
        "4 schema violations (at least one of these fields must be non-empty: "
        "'custom_id', 'username'; id: expected a valid UUID; tags.2: invalid tag 'b,c'"
    )
    assert answer.json()["message"].endswith("; zoo: unknown field)")


def test_the_username_is_refused_before_the_custom_id(api: Client) -> None:
    make_consumer(username='an"na', custom_id="a")

    answer = api.post("/consumers", json={"username": 'an"na', "custom_id": "a"})

    assert answer.status == 409
    assert answer.json() == {
        "code": 5,
        "name": "unique constraint violation",
        "message": 'UNIQUE violation detected on \'{username="an\\"na"}\'',
        "fields": {"username": 'an"na'},
    }


# Consumers by custom ID


@pytest.mark.parametrize(
    "query", ["custom_id=", "custom_id", "custom_id=a&custom_id=a"]
)
def test_a_custom_id_is_looked_up_by_one_text(api: Client, query: str) -> None:
    answer = api.get(f"/consumers?{query}")

    assert answer.status == 400
    assert answer.json() == {"message": "custom_id must be an unempty string"}


def test_a_custom_id_finds_one_consumer_or_none(api: Client) -> None:
    make_consumer(username="anna", custom_id="a b")

    found = api.get("/consumers?custom_id=a+b&size=nonsense").json()
    none = api.get("/consumers?custom_id=x").json()

    assert [row["username"] for row in found["data"]] == ["anna"]
    assert none == {"data": [], "next": None}


# Keys


@pytest.mark.parametrize("ttl", [-1, 100_000_001, 1.5, "abc", "60", None, True, [], {}])
def test_a_bad_ttl_is_refused(api: Client, ttl) -> None:
    make_consumer(username="anna")

    answer = api.post("/consumers/anna/key-auth", json={"ttl": ttl})

    assert answer.status == 400
    assert answer.json() == {
        "code": 11,
        "name": "invalid options",
        "message": f"invalid option (ttl: {BAD_TTL})",
        "options": {"ttl": BAD_TTL},
    }


@pytest.mark.parametrize("form", ["ttl=", "ttl=abc", "ttl=-1", "ttl"])
def test_a_bad_ttl_in_a_form_is_refused(api: Client, form: str) -> None:
    make_consumer(username="anna")

    assert api.post("/consumers/anna/key-auth", form=form).json()["code"] == 11


def test_a_ttl_counts_down_and_zero_means_never(api: Client) -> None:
    make_consumer(username="anna")

    counted = api.post("/consumers/anna/key-auth", form="ttl=3600").json()
    forever = api.post("/consumers/anna/key-auth", json={"ttl": 0}).json()

    assert 3590 <= counted["ttl"] < 3600
    assert forever["ttl"] is None


def test_a_ttl_is_kept_by_patch_and_cleared_by_put(api: Client) -> None:
    make_key(make_consumer(username="anna"), key="k", ttl=3600)

    kept = api.patch("/key-auths/k", json={"tags": ["a"]}).json()
    cleared = api.put("/consumers/anna/key-auth/k", json={}).json()

    assert 3590 <= kept["ttl"] < 3600
    assert cleared["ttl"] is None


def test_a_ttl_that_ends_behind_the_calendar_is_refused(api: Client) -> None:
    make_consumer(username="anna")
    body = {"created_at": 253_402_300_799, "ttl": 100_000_000}

    answer = api.post("/consumers/anna/key-auth", json=body)

    assert answer.status == 400


def test_a_ttl_is_an_unknown_field_elsewhere(api: Client) -> None:
    answer = api.post("/consumers", json={"username": "anna", "ttl": 5})

    assert answer.json()["fields"] == {"ttl": "unknown field"}


def test_a_key_is_made_up_where_none_is_given(api: Client) -> None:
    make_consumer(username="anna")

    made = api.post("/consumers/anna/key-auth").json()
    none = api.post("/consumers/anna/key-auth", form="key=").json()

    assert re.fullmatch("[A-Za-z0-9]{32}", made["key"])
    assert none["key"] is None


def test_the_old_route_of_kong_takes_a_consumer_id(api: Client) -> None:
    anna = make_consumer(username="anna")

    answer = api.post(
        "/keyauth_credentials/", form={"key": "ENTER_KEY_HERE", "consumer_id": anna.pk}
    )

    assert answer.status == 201
    assert answer.json()["consumer"] == {"id": str(anna.pk)}


# A time is told in whole seconds


def test_times_are_whole_seconds(api: Client) -> None:
    now = int(timezone.now().timestamp())

    made = api.post("/consumers", json={"username": "anna"}).json()

    assert now <= made["created_at"] <= now + 5
    assert type(made["updated_at"]) is int
