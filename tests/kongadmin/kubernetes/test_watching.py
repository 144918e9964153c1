"""Watches: what happens, a line each, from where the client has come to."""

import json
from collections.abc import Callable, Iterator
from threading import BoundedSemaphore
from typing import Any

import psycopg
import pytest
from django.db import OperationalError

import clients
from clients import Client
from kongadmin.dialects.kubernetes import store, watch
from kongadmin.dialects.kubernetes.models import Event
from manifests import CONSUMERS, MERGE, consumer, refused

SHOP = f"{CONSUMERS}/shop"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
Made = Callable[[dict], dict]


class Watch:
    """A watch that goes on while the test does other things."""

    def __init__(self, kube: Client, query: str, headers: dict | None = None) -> None:
        target = f"{CONSUMERS}?watch=true&timeoutSeconds=60{query}"
        given = clients.environ("GET", target, None, kube.headers | (headers or {}))
        with clients.kept_connection():
            self.chunks = kube.application(given, self.start)
        self.lines = iter(self.chunks)
        assert next(self.lines) == b""  # the headers are out

    def start(self, status: str, headers: list) -> None:
        self.status = status

    def next(self) -> tuple[str, Any]:
        """Wait for the next event; return its type and object."""
        event = json.loads(next(self.lines))
        return event["type"], event["object"]

    def ends(self) -> bool:
        return next(self.lines, None) is None

    def close(self) -> None:
        with clients.kept_connection():
            self.chunks.close()


@pytest.fixture
def watching(kube: Client, monkeypatch) -> Iterator[Callable[..., Watch]]:
    monkeypatch.setattr(watch, "LOOK", 0.001)
    monkeypatch.setattr(watch, "LOOK_ANYWAY", 0.0)
    opened: list[Watch] = []

    def start(query: str = "", **options: Any) -> Watch:
        opened.append(Watch(kube, query, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def name_of(event: tuple[str, dict]) -> tuple[str, str]:
    return event[0], event[1]["metadata"]["name"]


def test_first_comes_what_there_is_then_what_happens(
    kube: Client, made: Made, watching
) -> None:
    made(consumer("a"))

    seen = watching()

    assert name_of(seen.next()) == ("ADDED", "a")
    made(consumer("shop"))
    assert name_of(seen.next()) == ("ADDED", "shop")
    kube.patch(SHOP, json={"custom_id": "1"}, headers=MERGE)
    events = [seen.next()]
    while events[-1][1].get("custom_id") != "1":
        events.append(seen.next())
    assert {name_of(one) for one in events} == {("MODIFIED", "shop")}
    kube.delete(SHOP)
    event = seen.next()
    while event[0] != "DELETED":
        event = seen.next()
    assert name_of(event) == ("DELETED", "shop")


def test_a_watch_goes_on_from_a_version(kube: Client, made: Made, watching) -> None:
    made(consumer("a"))
    version = kube.get(CONSUMERS).json()["metadata"]["resourceVersion"]
    made(consumer("b"))

    seen = watching(f"&resourceVersion={version}")

    assert name_of(seen.next()) == ("ADDED", "b")


def test_other_kinds_and_namespaces_are_not_told(
    kube: Client, made: Made, watching
) -> None:
    seen = watching()
    made({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shops"}})
    made(consumer("b", metadata={"namespace": "shops"}))
    made(consumer("c"))

    assert name_of(seen.next()) == ("ADDED", "c")


def test_one_object_may_be_watched(kube: Client, made: Made, watching) -> None:
    seen = watching("&fieldSelector=metadata.name%3Dshop")
    made(consumer("a"))
    made(consumer("shop"))

    assert name_of(seen.next()) == ("ADDED", "shop")


def test_to_who_selects_a_label_brings_and_takes(
    kube: Client, made: Made, watching
) -> None:
    made(consumer())
    seen = watching("&labelSelector=tier%3Dgold")

    def label(value: str | None) -> None:
        body = {"metadata": {"labels": {"tier": value}}}
        kube.patch(SHOP, json=body, headers=MERGE)

    label("gold")
    assert name_of(seen.next()) == ("ADDED", "shop")
    label("tin")
    assert name_of(seen.next()) == ("DELETED", "shop")


def test_an_object_that_becomes_programmed_is_told_to_who_waits(
    kube: Client, made: Made, watching
) -> None:
    version = kube.get(CONSUMERS).json()["metadata"]["resourceVersion"]
    seen = watching(f"&resourceVersion={version}")
    made(consumer(spec={"controlPlaneRef": {"type": "kic"}}))

    _, said = seen.next()
    assert said["status"]["conditions"][0]["status"] == "Unknown"
    _, said = seen.next()
    assert said["status"]["conditions"][0]["status"] == "True"


def test_who_comes_too_late_has_to_list_again(
    kube: Client, made: Made, watching
) -> None:
    made(consumer())
    first = Event.objects.order_by("pk").first().pk
    made(consumer("b"))
    Event.objects.filter(pk__lte=first + 1).delete()

    for version in (first, 10**9):
        seen = watching(f"&resourceVersion={version}")
        type, status = seen.next()
        assert (type, status["code"], status["reason"]) == ("ERROR", 410, "Expired")
        assert seen.ends()


def test_events_may_be_tables(kube: Client, made: Made, watching) -> None:
    seen = watching(headers=TABLE)
    made(consumer())

    _, said = seen.next()

    assert said["kind"] == "Table"
    assert said["columnDefinitions"]
    assert said["rows"][0]["cells"][0] == "shop"


def test_bookmarks_say_how_far_it_is(
    kube: Client, made: Made, watching, monkeypatch
) -> None:
    monkeypatch.setattr(watch, "BOOKMARK_EVERY", 0.0)
    seen = watching("&allowWatchBookmarks=true")

    type, said = seen.next()

    assert type == "BOOKMARK"
    assert said["metadata"]["resourceVersion"] == str(store.current_version())


def test_a_watch_ends_when_its_time_is_up(watching, monkeypatch) -> None:
    monkeypatch.setattr(watch, "LONGEST", 0.0)

    assert watching().ends()


def test_a_watch_ends_when_the_process_does(watching, monkeypatch) -> None:
    seen = watching()
    watch.stopping.set()
    try:
        assert seen.ends()
    finally:
        watch.stopping.clear()


def test_a_watch_says_that_the_database_is_away(
    kube: Client, watching, monkeypatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError from psycopg.OperationalError()

    monkeypatch.setattr(watch.reads, "list_of", fail)

    type, status = watching().next()

    assert (type, status["code"]) == ("ERROR", 503)


def test_there_is_room_for_so_many(kube: Client, watching, monkeypatch) -> None:
    monkeypatch.setattr(watch, "seats", BoundedSemaphore(1))
    first = watching()

    answer = kube.get(f"{CONSUMERS}?watch=1")
    refused(answer, 429, "TooManyRequests")
    assert answer.headers["Retry-After"] == "1"  # kubectl does so then

    first.close()
    assert watching().status.startswith("200")


def test_a_list_is_not_streamed(kube: Client) -> None:
    answer = kube.get(f"{CONSUMERS}?watch=1&sendInitialEvents=true")

    refused(answer, 422, "Invalid")


def test_events_are_kept_for_a_while_only(
    kube: Client, made: Made, monkeypatch
) -> None:
    monkeypatch.setattr(store, "KEPT_EVENTS", 3)
    monkeypatch.setattr(store, "TRIMMED_EVERY", 1)

    for name in "abcdef":
        made(consumer(name))

    assert Event.objects.count() <= 4
