"""The realms API beyond the scenarios: roles, versions, limits, our own routes."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.urls import URLPattern

from clients import Client
from consumers.konnect import other_types
from consumers.models import MOST_KEYS, Consumer, KeyAuth, issue_key
from factories import (
    NEEDED,
    make_consumer,
    make_control_plane,
    make_realm,
    make_token,
    make_user,
)
from kongadmin.access.roles import ROLES
from kongadmin.changes import Change
from kongadmin.dialects.konnect.routes import urlpatterns
from realms.models import Realm

TokenOf = Callable[..., Client]
SECRET = "correct-horse-battery-staple"
MASKED = "corr••••••••aple"
# The routes of the realms API: those of /v1, below realms.
ROUTES = [p for p in urlpatterns if str(p.pattern).startswith("v1/realms")]
OTHERS = [declared.kind for declared in other_types()]
every_type = pytest.mark.parametrize("kind", OTHERS)


@pytest.fixture
def holder_of(api: Client, settings) -> TokenOf:
    """Makes clients with a Bearer token of a new user who has a role everywhere."""
    settings.ENFORCE_RBAC = True

    def make(role: str = "super-admin", plane=None) -> Client:
        text = make_token(make_user(role=role, scope=plane))
        return Client(api.application, {"Authorization": f"Bearer {text}"})

    return make


@pytest.fixture
def root(holder_of: TokenOf) -> Client:
    return holder_of()


def fields_of(answer) -> list[tuple[str, str]]:
    return [(p["field"], p["rule"]) for p in answer.json()["invalid_parameters"]]


def make_ariel(**fields) -> tuple[Consumer, str]:
    """Return a realm's consumer and its path."""
    realm = make_realm()
    ariel = make_consumer(
        realm, **{"username": "ariel", "consumer_groups": [], **fields}
    )
    return ariel, f"/v1/realms/{realm.pk}/consumers/{ariel.pk}"


# Roles


def is_allowed(role: str, method: str) -> bool:
    reads = method in ("GET", "HEAD")
    return role in ("super-admin", "cp-admin") or (role == "org-reader" and reads)


@pytest.mark.parametrize("role", ["", *ROLES])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.pattern))
def test_every_route_opens_for_whom_it_should(
    holder_of: TokenOf, route: URLPattern, role: str
) -> None:
    ariel, _ = make_ariel()
    known = {"realm": str(ariel.scope_id), "consumer": str(ariel.pk)}
    path = re.sub(r"<\w+:(\w+)>", lambda m: known.get(m[1], "x"), str(route.pattern))
    client = holder_of(role)
    view = route.callback.cls(**route.callback.initkwargs)

    for method in {*view.allowed_methods, "HEAD"} - {"OPTIONS", "DELETE"}:
        answer = client.ask(method, f"/{path}", json={})

        assert answer.status < 500, (method, answer.text)
        if answer.status != 405:
            assert (answer.status != 403) == is_allowed(role, method), method


@pytest.mark.parametrize("role", ["", *ROLES])
def test_only_who_writes_realms_deletes_them(holder_of: TokenOf, role: str) -> None:
    realm = make_realm()

    answer = holder_of(role).delete(f"/v1/realms/{realm.pk}")

    assert answer.status == (204 if is_allowed(role, "DELETE") else 403)


def test_an_admin_of_one_control_plane_has_no_realms(holder_of: TokenOf) -> None:
    client = holder_of("cp-admin", make_control_plane())

    assert client.get("/v1/realms").status == 403


def test_who_may_not_is_told_so_before_the_body_is_judged(holder_of: TokenOf) -> None:
    answer = holder_of("org-reader").post("/v1/realms", body=b"{")

    assert (answer.status, answer.json()["title"]) == (403, "Forbidden")


def test_what_is_above_is_missed_before_the_body_is_judged(root: Client) -> None:
    assert root.post(f"/v1/realms/{uuid4()}/consumers", body=b"{").status == 404


# Realms


def test_a_realm_is_changed_by_who_has_seen_it(root: Client) -> None:
    made = root.post("/v1/realms", json={"name": " prod "})
    path, seen = f"/v1/realms/{made.json()['id']}", {"If-Match": made.headers["ETag"]}
    assert made.json()["name"] == "prod"
    assert made.json()["created_at"] == made.json()["updated_at"]

    first = root.patch(path, json={"ttl": 5, "name": None}, headers=seen)
    second = root.patch(path, json={"ttl": 6}, headers=seen)

    assert (first.status, second.status) == (200, 412)
    assert root.get(path).json()["ttl"] == 5


def test_a_change_that_changes_nothing_is_none(root: Client) -> None:
    realm = make_realm(ttl=30)
    count = Change.objects.count()

    answers = [
        root.patch(f"/v1/realms/{realm.pk}", json=body) for body in ({}, {"ttl": 30})
    ]

    assert [a.headers["ETag"] for a in answers] == [realm.etag] * 2
    assert Change.objects.count() == count


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": " "}, [("name", "min_length")]),
        ({"name": "x" * 257}, [("name", "max_length")]),
        ({"ttl": 525_601}, [("ttl", "max")]),
        ({"ttl": None}, [("ttl", "invalid")]),
        ({"ttl": True}, [("ttl", "is_integer")]),
        ({"consumer_groups": ["a", "a"]}, [("consumer_groups", "invalid")]),
        ({"consumer_groups": [""]}, [("consumer_groups[0]", "min_length")]),
        (
            {"consumer_groups": [str(n) for n in range(101)]},
            [("consumer_groups", "max_items")],
        ),
        ({"allowed_control_planes": ["x"]}, [("allowed_control_planes[0]", "is_uuid")]),
        ({"allowed_control_planes": "*"}, [("allowed_control_planes", "is_array")]),
        (
            {"allowed_control_planes": ["*"], "allow_all_control_planes": False},
            [("allow_all_control_planes", "invalid")],
        ),
        (
            {"created_at": 1, "ttl": 1},
            [("created_at", "unknown_property"), ("ttl", "min")],
        ),
    ],
)
def test_what_no_realm_may_hold(root: Client, body: dict, wrong: list) -> None:
    realm = make_realm()

    answers = [
        root.post("/v1/realms", json={"name": "x", **body}),
        root.patch(f"/v1/realms/{realm.pk}", json=body),
    ]

    assert [answer.status for answer in answers] == [400, 400]
    assert [fields_of(answer) for answer in answers] == [wrong, wrong]


def test_control_planes_of_another_region_are_unknown(root: Client) -> None:
    foreign = make_control_plane(region="eu")
    body = {"name": "x", "allowed_control_planes": [str(foreign.pk)]}

    answer = root.post("/v1/realms", json=body)

    assert fields_of(answer) == [("allowed_control_planes[0]", "missing_reference")]


def test_forcing_a_delete_leaves_one_entry_for_each_kind(root: Client) -> None:
    ariel, _ = make_ariel()
    issue_key(ariel)

    assert root.delete(f"/v1/realms/{ariel.scope_id}?force=true").status == 204

    deleted = Change.objects.filter(verb="delete").order_by("id")
    first, second, last = (change.entity_name for change in deleted)
    assert (first, second) == ("1 consumers", "1 key auths")
    assert last.startswith("realm-")
    assert not Realm.objects.exists()


# Consumers


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"username": None}, [("username", "invalid")]),
        ({"custom_id": ""}, [("custom_id", "min_length")]),
        ({"type": None}, [("type", "invalid")]),
        ({"tags": ["a,b"]}, [("tags[0]", "invalid")]),
        ({"tags": None}, [("tags", "invalid")]),
        ({"username_lower": "x"}, [("username_lower", "unknown_property")]),
        ({"username": "\x00"}, [("username", "invalid")]),
    ],
)
def test_what_no_consumer_may_hold(root: Client, body: dict, wrong: list) -> None:
    _, path = make_ariel()

    answer = root.patch(path, json=body)

    assert (answer.status, fields_of(answer)) == (400, wrong)


def test_no_groups_are_an_empty_list(root: Client) -> None:
    _, path = make_ariel(consumer_groups=["gold"], custom_id="1")

    answer = root.patch(path, json={"consumer_groups": None, "custom_id": None})

    assert (answer.json()["consumer_groups"], answer.json()["custom_id"]) == ([], None)


def test_a_taken_name_is_a_conflict_in_words(root: Client) -> None:
    _, path = make_ariel()

    answer = root.post(path.rpartition("/")[0], json={"username": "ariel"})

    assert answer.status == 409
    assert answer.json()["detail"] == "Consumer with username [ariel] already exists"


@pytest.mark.parametrize(
    "query", ["filter[tags]=a", "filter[username][neq]=a", "filter=a", "filter[]=a"]
)
def test_other_filters_are_refused(root: Client, query: str) -> None:
    _, path = make_ariel()

    answer = root.get(f"{path.rpartition('/')[0]}?{query}")

    assert fields_of(answer) == [(query.partition("=")[0], "invalid")]


def test_filters_and_size_go_along_with_the_links(root: Client) -> None:
    realm = make_realm()
    for number in range(3):
        make_consumer(realm, custom_id=str(number), consumer_groups=[])
    path = f"/v1/realms/{realm.pk}/consumers"

    first = root.get(f"{path}?page[size]=2").json()
    last = root.get(first["meta"]["next"]).json()
    back = root.get(last["meta"]["previous"]).json()
    none = root.get(f"{path}?filter[custom_id]=1&page[size]=2").json()["meta"]

    assert [len(page["data"]) for page in (first, last, back)] == [2, 1, 2]
    assert back["data"] == first["data"]
    assert back["meta"] == first["meta"]
    assert none == {"next": None, "previous": None, "size": 2}


def test_both_ends_of_a_page_cannot_be_given(root: Client) -> None:
    make_realm()
    make_realm()
    cursor = root.get("/v1/realms?page[size]=1").json()["meta"]["next"].split("=")[-1]

    answer = root.get(f"/v1/realms?page[after]={cursor}&page[before]={cursor}")

    assert fields_of(answer) == [("page[before]", "invalid")]
    assert root.get("/v1/realms?page[after]=&page[before]=").status == 200


# Keys


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        ({"type": "legacy", "secret": ""}, "secret", "min_length"),
        ({"type": "legacy", "secret": " a"}, "secret", "invalid"),
        ({"type": "legacy", "secret": None}, "secret", "invalid"),
        ({"type": "legacy", "secret": "a\tb"}, "secret", "invalid"),
        ({"type": "legacy", "secret": "x" * 1025}, "secret", "max_length"),
        ({"type": "new", "secret": "mine"}, "secret", "is_null"),
        ({"type": "old"}, "type", "enum"),
        ({"ttl": 60}, "ttl", "unknown_property"),
    ],
)
def test_what_no_key_may_hold(root: Client, body: dict, field: str, rule: str) -> None:
    _, path = make_ariel()

    answer = root.post(f"{path}/keys", json=body)

    assert (answer.status, fields_of(answer)) == (400, [(field, rule)])


def test_a_taken_secret_is_not_repeated(root: Client) -> None:
    ariel, path = make_ariel()
    issue_key(ariel, SECRET)

    answer = root.post(f"{path}/keys", json={"type": "legacy", "secret": SECRET})

    assert answer.status == 409
    assert SECRET not in answer.text


def test_a_consumer_has_so_many_keys_and_no_more(root: Client, monkeypatch) -> None:
    monkeypatch.setattr("consumers.konnect.MOST_KEYS", 2)
    _, path = make_ariel()

    statuses = [root.post(f"{path}/keys", json={}).status for _ in range(3)]

    assert MOST_KEYS == 100
    assert statuses == [201, 201, 400]


def test_a_key_is_shown_once_and_kept_as_a_digest(root: Client) -> None:
    _, path = make_ariel()

    made = root.post(f"{path}/keys", json={"type": "new"}).json()

    assert re.fullmatch(r"kcc_[0-9A-Za-z]{8}_[0-9A-Za-z]{40}", made["secret"])
    seen = root.get(f"{path}/keys/{made['id']}").json()
    assert seen == {n: made[n] for n in ("id", "type", "tags", "created_at")}
    assert KeyAuth.objects.get().key is None
    logged = [(c.before, c.after) for c in Change.objects.all()]
    assert made["secret"] not in repr(logged)


# Other credential types


@every_type
def test_a_realms_consumer_has_credentials_of_every_type(
    root: Client, kind: str
) -> None:
    _, path = make_ariel()
    declared = next(each for each in other_types() if each.kind == kind)
    path, body = f"{path}/{declared.path}", NEEDED[kind](SECRET)

    made = root.post(path, json={**body, "tags": ["a"]})
    listed, again = root.get(path).json(), root.post(path, json=body)

    assert made.status == 201, made.text
    assert listed["data"] == [made.json()]
    assert again.status == 409
    one = f"{path}/{made.json()['id']}"
    assert root.get(one).json() == made.json()
    assert "consumer" not in made.json()
    assert (root.delete(one).status, root.delete(one).status) == (204, 404)


@pytest.mark.parametrize(
    ("role", "shown"), [("org-reader", MASKED), ("cp-admin", SECRET)]
)
def test_their_secrets_are_shown_by_role(
    root: Client, holder_of: TokenOf, role: str, shown: str
) -> None:
    _, path = make_ariel()
    root.post(f"{path}/jwts", json={"key": "issuer", "secret": SECRET})

    (seen,) = holder_of(role).get(f"{path}/jwts").json()["data"]

    assert seen["secret"] == shown


def test_bad_credentials_are_refused_in_the_same_words(root: Client) -> None:
    _, path = make_ariel()

    assert fields_of(root.post(f"{path}/basic-auths", json={"consumer": 1})) == [
        ("consumer", "unknown_property"),
        ("password", "required"),
        ("username", "required"),
    ]
    body = {"key": "abc", "ttl": -1}
    assert fields_of(root.post(f"{path}/key-auths-enc", json=body)) == [
        ("ttl", "invalid")
    ]


# What it costs


def test_a_list_costs_the_token_its_realm_and_its_rows(
    root: Client, django_assert_num_queries
) -> None:
    _, path = make_ariel()
    for _ in range(3):
        root.post(f"{path}/keys", json={})
    consumers = path.rpartition("/")[0]

    with django_assert_num_queries(2):
        root.get("/v1/realms")
    with django_assert_num_queries(3):
        root.get(consumers)
    with django_assert_num_queries(4):
        root.get(f"{path}/keys")
