"""Lists, pages of them, tables and selectors."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from clients import Client
from kongadmin.dialects.kubernetes import store, tables
from kongadmin.dialects.kubernetes.models import Event
from manifests import CONFIGURATION, CONSUMERS, consumer, credential, refused, secret
from servers import Answer

EVERYWHERE = f"{CONFIGURATION}/v1/kongconsumers"
TABLE = {
    "Accept": (
        "application/json;as=Table;v=v1;g=meta.k8s.io,"
        "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
    )
}
Made = Callable[[dict], dict]


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [one["metadata"]["name"] for one in answer.json()["items"]]


@pytest.fixture
def five(made: Made) -> None:
    for name, labels in {
        "a": {"tier": "gold"},
        "b": {"tier": "silver", "old": "yes"},
        "c": {"tier": "gold", "old": ""},
        "d": {},
        "e": {"tier": "tin"},
    }.items():
        made(consumer(name, metadata={"labels": labels}))


def test_a_list_says_of_what_it_is(kube: Client, made: Made) -> None:
    made(consumer())

    said = kube.get(CONSUMERS).json()

    assert said["kind"] == "KongConsumerList"
    assert said["apiVersion"] == "configuration.konghq.com/v1"
    assert int(said["metadata"]["resourceVersion"]) > 0
    assert said["items"] == [kube.get(f"{CONSUMERS}/shop").json()]


def test_a_list_without_a_namespace_is_of_all(kube: Client, made: Made) -> None:
    made({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shops"}})
    made(consumer("a"))
    other = consumer("b", metadata={"namespace": "shops"})
    made(other)

    assert names(kube.get(EVERYWHERE)) == ["a", "b"]
    assert names(kube.get(CONSUMERS)) == ["a"]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("tier=gold", "ac"),
        ("tier==gold", "ac"),
        ("tier!=gold", "bde"),
        ("tier in (gold, tin)", "ace"),
        ("tier notin (gold,tin)", "bd"),
        ("old", "bc"),
        ("!old", "ade"),
        ("tier in (gold,silver),!old", "a"),
        ("tier=gold,old=", "c"),
        ("example.com/x", ""),
        ("", "abcde"),
    ],
)
def test_labels_select(kube: Client, selector: str, found: str) -> None:
    answer = kube.get(f"{CONSUMERS}?labelSelector={quote(selector)}")

    assert names(answer) == [*found]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("metadata.name=b", "b"),
        ("metadata.name!=b,metadata.namespace=default", "acde"),
        ("metadata.namespace=other", ""),
    ],
)
def test_fields_select(kube: Client, selector: str, found: str) -> None:
    answer = kube.get(f"{CONSUMERS}?fieldSelector={quote(selector)}")

    assert names(answer) == [*found]


@pytest.mark.parametrize(
    "query",
    [
        "labelSelector=a%20b",
        "labelSelector=a%20in%20b",
        "labelSelector=%21%21a",
        "labelSelector=a%3D%21",
        "fieldSelector=spec.name%3Dx",
        "fieldSelector=nonsense",
        "limit=many",
        "limit=-1",
        "continue=nonsense",
        "continue=W10%3D",
        "continue=WzEsICIiLCAiIl0%3D&resourceVersion=1",
        "continue=WzFlNDAwLCIiLCIiXQ%3D%3D",  # [1e400,"",""]
        "continue=WzEsIlx1MDAwMCIsIiJd",  # [1,"\\u0000",""]
        "resourceVersion=many",
        "fieldSelector=metadata.name%3D%00",
        "fieldSelector=metadata.name%3D%ED%A0%80",
        "labelSelector=%00",
    ],
)
def test_what_cannot_be_understood_is_a_bad_request(kube: Client, query: str) -> None:
    refused(kube.get(f"{CONSUMERS}?{query}"), 400, "BadRequest")


@pytest.mark.usefixtures("five")
def test_a_list_comes_in_pages(kube: Client) -> None:
    first = kube.get(f"{CONSUMERS}?limit=2").json()
    assert first["metadata"]["remainingItemCount"] == 3

    token = quote(first["metadata"]["continue"])
    second = kube.get(f"{CONSUMERS}?limit=3&continue={token}").json()

    found = [one["metadata"]["name"] for one in first["items"] + second["items"]]
    assert found == [*"abcde"]
    assert "continue" not in second["metadata"]
    versions = [one["metadata"]["resourceVersion"] for one in (first, second)]
    assert versions[0] == versions[1]


def test_every_page_tells_from_which_version_to_watch(kube: Client, made: Made) -> None:
    for name in "ac":
        made(consumer(name))
    first = kube.get(f"{CONSUMERS}?limit=1").json()["metadata"]
    made(consumer("b"))

    second = kube.get(f"{CONSUMERS}?limit=9&continue={quote(first['continue'])}").json()

    assert [one["metadata"]["name"] for one in second["items"]] == ["b", "c"]
    assert second["metadata"]["resourceVersion"] == first["resourceVersion"]


def test_a_list_that_was_left_too_long_begins_anew(kube: Client, made: Made) -> None:
    for name in "abc":
        made(consumer(name))
    token = quote(kube.get(f"{CONSUMERS}?limit=1").json()["metadata"]["continue"])
    made(consumer("d"))
    made(consumer("e"))
    Event.objects.filter(pk__lt=store.current_version()).delete()

    refused(kube.get(f"{CONSUMERS}?limit=1&continue={token}"), 410, "Expired")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("resourceVersionMatch=Exact", "unless resourceVersion is provided"),
        ("resourceVersion=0&resourceVersionMatch=Exact", 'for resourceVersion "0"'),
        ("resourceVersion=1&resourceVersionMatch=About", 'Unsupported value: "About"'),
        ("resourceVersion=1&resourceVersionMatch=Exact&continue=x", "when continue"),
        ("resourceVersion=1&resourceVersionMatch=Exact&watch=1", "for watch unless"),
    ],
)
def test_how_a_version_is_meant_has_to_make_sense(
    kube: Client, query: str, why: str
) -> None:
    status = refused(kube.get(f"{CONSUMERS}?{query}"), 422, "Invalid")

    assert why in status["message"]
    assert status["details"]["causes"][0]["field"] == "resourceVersionMatch"


def test_a_list_may_be_of_exactly_one_version(kube: Client, made: Made) -> None:
    made(consumer())
    version = kube.get(CONSUMERS).json()["metadata"]["resourceVersion"]
    exactly = f"{CONSUMERS}?resourceVersionMatch=Exact&resourceVersion={version}"
    made(secret())

    said = kube.get(exactly).json()
    assert said["metadata"]["resourceVersion"] == version
    assert [one["metadata"]["name"] for one in said["items"]] == ["shop"]

    made(consumer("other"))
    refused(kube.get(exactly), 410, "Expired")
    no_older = exactly.replace("Exact", "NotOlderThan")
    assert len(kube.get(no_older).json()["items"]) == 2


def test_a_version_to_come_is_not_waited_for(kube: Client) -> None:
    status = refused(kube.get(f"{CONSUMERS}?resourceVersion=999"), 504, "Timeout")

    assert "Too large resource version: 999" in status["message"]


@pytest.mark.usefixtures("five")
def test_pages_count_what_is_selected(kube: Client) -> None:
    said = kube.get(f"{CONSUMERS}?limit=1&labelSelector=tier%3Dgold").json()

    assert [one["metadata"]["name"] for one in said["items"]] == ["a"]
    assert said["metadata"]["continue"]
    assert "remainingItemCount" not in said["metadata"]


def test_a_list_is_a_handful_of_queries(
    kube: Client, five: None, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(4):
        kube.get(CONSUMERS)


def test_events_are_an_empty_list(kube: Client) -> None:
    path = "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dx"

    said = kube.get(path).json()

    assert (said["kind"], said["items"]) == ("EventList", [])


# Tables


def test_a_list_may_be_a_table(kube: Client, made: Made) -> None:
    made(consumer())

    said = kube.get(CONSUMERS, headers=TABLE).json()

    assert (said["kind"], said["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    columns = [(one["name"], one["type"]) for one in said["columnDefinitions"]]
    assert columns == [
        ("Name", "string"),
        ("Username", "string"),
        ("Age", "date"),
        ("Programmed", "string"),
    ]
    [row] = said["rows"]
    name, username, age, programmed = row["cells"]
    assert (name, username, programmed) == ("shop", "shop", "Unknown")
    assert re.fullmatch(r"\d+s", age)
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["namespace"] == "default"


def test_one_object_may_be_a_table(kube: Client, made: Made) -> None:
    made(credential("KongCredentialACL", "acl", group="g"))
    path = f"{CONFIGURATION}/v1alpha1/namespaces/default/kongcredentialacls/acl"

    said = kube.get(path, headers=TABLE).json()

    assert [one["name"] for one in said["columnDefinitions"]] == ["Name", "Programmed"]
    assert said["rows"][0]["cells"] == ["acl", "False"]


def test_rows_may_carry_the_whole_object(kube: Client, made: Made) -> None:
    made(consumer())

    said = kube.get(f"{CONSUMERS}?includeObject=Object", headers=TABLE).json()

    whole = kube.get(f"{CONSUMERS}/shop").json()
    assert said["rows"][0]["object"] == whole


def test_secrets_and_namespaces_have_columns_too(kube: Client, made: Made) -> None:
    made(secret(stringData={"a": "b", "c": "d"}))

    said = kube.get("/api/v1/namespaces/default/secrets", headers=TABLE).json()
    assert said["rows"][0]["cells"][:3] == ["key", "Opaque", 2]

    said = kube.get("/api/v1/namespaces", headers=TABLE).json()
    assert said["rows"][0]["cells"][:2] == ["default", "Active"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (42, "42s"), (240, "4m"), (3 * 3600, "3h"), (2 * 86_400, "2d")],
)
def test_ages_are_told_in_one_unit(seconds: int, text: str) -> None:
    since = datetime.now(UTC) - timedelta(seconds=seconds)

    assert tables.age(since.isoformat()) == text
