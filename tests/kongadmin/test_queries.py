"""Every look-up asks as much of the database at a hundred rows as at one, by index."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.test.utils import CaptureQueriesContext

from clients import Client
from consumers.demo import make_consumers
from consumers.models import Consumer, KeyAuth
from factories import default_control_plane, make_consumer, make_key
from groups.models import ConsumerGroup, Membership, Override
from kongadmin.access.models import APIToken, Grant, SignInFailure
from kongadmin.changes import Change
from kongadmin.manager.pages import CHANGES_BY
from kongadmin.plugins.models import Plugin
from kongadmin.tags import Tag, TagFilter

numbers = iter(range(10_000))


def requests() -> dict[str, Callable[[Client], object]]:
    def create(api: Client):
        return api.post("/consumers", json={"username": f"new-{next(numbers)}"})

    def create_key(api: Client):
        return api.post("/consumers/anna/key-auth", json={})

    def update(api: Client):
        return api.patch("/consumers/anna", json={"tags": ["a", f"{next(numbers)}"]})

    return {
        "list": lambda api: api.get("/consumers"),
        "second page": lambda api: api.get("/consumers?size=1"),
        "list by tag": lambda api: api.get("/consumers?tags=a"),
        "by custom ID": lambda api: api.get("/consumers?custom_id=a"),
        "item by name": lambda api: api.get("/consumers/anna"),
        "item missing": lambda api: api.get(f"/consumers/{uuid4()}"),
        "nested list": lambda api: api.get("/consumers/anna/key-auth"),
        "list of keys": lambda api: api.get("/key-auths"),
        "key by text": lambda api: api.get("/key-auths/apikey"),
        "owner of a key": lambda api: api.get("/key-auths/apikey/consumer"),
        "create": create,
        "create key": create_key,
        "update": update,
        "conflict": lambda api: api.post("/consumers", json={"username": "anna"}),
        "tags": lambda api: api.get("/tags"),
        "plugins": lambda api: api.get("/plugins"),
        "root": lambda api: api.get("/"),
    }


@pytest.mark.parametrize("name", requests())
def test_a_request_costs_the_same_at_one_and_at_a_hundred_rows(
    api: Client, name: str
) -> None:
    anna = make_consumer(username="anna", custom_id="a", tags=["a"])
    make_key(anna, key="apikey")
    ask = requests()[name]
    at_one = count(api, ask)
    for _ in range(99):
        make_key(make_consumer(tags=["a"]))
        make_key(anna)

    assert count(api, ask) == at_one <= 12


def count(api: Client, ask: Callable) -> int:
    """Return the queries of a request, control planes apart: they are remembered."""
    ask(api)
    with CaptureQueriesContext(connection) as captured:
        ask(api)
    texts = [query["sql"] for query in captured]
    return len([text for text in texts if "realms_controlplane" not in text])


@pytest.mark.parametrize(
    ("name", "most"),
    [("list", 1), ("item by name", 1), ("nested list", 2), ("key by text", 1)],
)
def test_what_is_read_most_is_read_in_as_few_queries_as_can_be(
    api: Client, name: str, most: int
) -> None:
    make_key(make_consumer(username="anna"), key="apikey")

    assert count(api, requests()[name]) == most


@pytest.mark.parametrize(
    ("method", "body"), [("PATCH", {"custom_id": "a"}), ("DELETE", None)]
)
def test_a_write_finds_the_row_writes_it_and_notes_that_down(
    api: Client, method: str, body: dict | None
) -> None:
    make_consumer(username="anna")
    api.get("/consumers/anna")  # the control plane is remembered

    with CaptureQueriesContext(connection) as captured:
        api.ask(method, "/consumers/anna", json=body)

    # The first and the last are the transaction's, a savepoint in a test.
    assert len(captured) == 5


# Indexes


def look_ups() -> dict[str, Callable[[], QuerySet]]:
    scope, some = default_control_plane(), uuid4()
    consumers = Consumer.objects.in_scope(scope)
    keys, tags = KeyAuth.objects.in_scope(scope), Tag.objects.filter(scope=scope)
    groups = ConsumerGroup.objects.in_scope(scope)
    inside = Membership.objects.filter(consumer_group=some, consumer=OuterRef("pk"))
    plugins, changes = Plugin.objects.in_scope(scope), Change.objects.in_scope(scope)
    return {
        "consumer by id": lambda: consumers.by_ref(str(some)),
        "consumer by username": lambda: consumers.by_ref("anna"),
        "consumer by custom ID": lambda: consumers.filter(custom_id="a"),
        "consumers by id": lambda: consumers.order_by("pk")[:100],
        "consumers behind one": lambda: consumers.filter(pk__gt=some).order_by("pk")[
            :9
        ],
        "consumers by name": lambda: consumers.order_by("username_lower", "id")[:50],
        "consumers by age": lambda: consumers.order_by("-created_at", "-id")[:50],
        "consumers by two letters": lambda: consumers.matching("an"),
        "consumers by tag": lambda: consumers.tagged(TagFilter(("a",)), scope).order_by(
            "pk"
        )[:50],
        "members by name": lambda: consumers.filter(
            memberships__consumer_group=some
        ).order_by("username_lower", "id")[:50],
        "others by name": lambda: consumers.filter(~Exists(inside)).order_by(
            "username_lower", "id"
        )[:31],
        "groups by name": lambda: groups.order_by("name", "id")[:50],
        "groups of a consumer": lambda: groups.filter(
            memberships__consumer=some
        ).order_by("name", "id")[:50],
        "members of a group": lambda: Membership.objects.filter(
            consumer_group=some
        ).order_by()[:1001],
        "limits of groups": lambda: Override.objects.filter(consumer_group__in=[some]),
        "key by text": lambda: keys.live().by_ref("apikey"),
        "keys of a consumer": lambda: KeyAuth.objects.filter(
            scope_id=scope.pk, consumer_id=some
        ).order_by("pk")[:100],
        "keys by id": lambda: keys.live().order_by("pk")[:100],
        "expired keys": lambda: keys.filter(expires_at__lt="2020-01-01T00:00Z"),
        "tags by row": lambda: tags.order_by("entity_id", "pk")[:100],
        "one tag": lambda: tags.filter(tag="a").order_by("entity_id")[:100],
        "tags of a row": lambda: Tag.objects.filter(entity_id=some),
        "plugins by id": lambda: plugins.order_by("pk")[:100],
        "plugin by name": lambda: plugins.by_ref("p"),
        "changes about one": lambda: Change.objects.filter(subject_id=some),
        "changes of users": lambda: Change.objects.filter(scope=None).order_by("-id")[
            :8
        ],
        "grants": lambda: Grant.objects.filter(user_id=1),
        "changes, newest first": lambda: changes.order_by("-id")[:50],
        **{
            f"changes by {name}": lambda name=name: changes.filter(
                **{name: "seldom"}
            ).order_by("-id")[:50]
            for name in CHANGES_BY.values()
        },
        "token": lambda: APIToken.objects.filter(digest=b"x"),
        "failures": lambda: SignInFailure.objects.filter(username="a", address="b"),
    }


@pytest.fixture
def rows(db) -> None:
    scope = default_control_plane()
    list(make_consumers(scope, 3000))
    Change.objects.bulk_create(
        Change(
            scope=scope,
            actor="anna",
            dialect="command",
            verb="create",
            entity_type="consumers",
            entity_name="x",
            subject_id=uuid4(),
        )
        for _ in range(500)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")


def test_every_look_up_is_answered_by_an_index(rows) -> None:
    plans = {name: ask().explain() for name, ask in look_ups().items()}

    unaided = {name: plan for name, plan in plans.items() if not uses_index(plan)}
    assert unaided == {}


def uses_index(plan: str) -> bool:
    """Say whether a plan reads no table from end to end and sorts nothing big."""
    if connection.vendor == "postgresql":
        return "Index" in plan and "Seq Scan" not in plan
    scans = re.findall(r"^.*\bSCAN \S+(.*)$", plan, re.MULTILINE)
    return "INDEX" in plan and all("USING" in scan for scan in scans)


@pytest.mark.parametrize(
    "name",
    [
        *["consumers by id", "consumers by name", "consumers by age"],
        "others by name",
        *["keys by id", "changes, newest first"],
        *["changes by actor", "changes by entity_type", "changes by dialect"],
    ],
)
def test_a_page_is_read_in_the_order_of_an_index(rows, name: str) -> None:
    plan = look_ups()[name]().explain()

    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_a_part_of_a_name_is_found_by_its_trigrams(rows) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no trigrams: it reads the names of one control plane")

    plan = Consumer.objects.matching("zzz-billing-qqq").explain()

    assert "trigram" in plan or "gin" in plan.lower() or "Bitmap Index Scan" in plan
