"""The page Activity: the log of a control plane or realm, and what narrows it."""

import re

import pytest
from django.test import Client

from costs import queries_of
from factories import default_control_plane
from kongadmin.changes import Change
from realms.models import Realm


def log(name: str, scope=None, **fields) -> Change:
    given = {"actor": "root", "dialect": "manager", "entity_type": "consumers"} | fields
    scope = scope or default_control_plane()
    return Change.objects.create(scope=scope, verb="create", entity_name=name, **given)


def names(text: str) -> list[str]:
    """Return what the entries of a page are about, from top to bottom."""
    return re.findall(r'<span class="name">([\w-]+)</span>', text)


@pytest.fixture
def entries(db) -> None:
    log("by-root")
    log("by-anna", actor="anna")
    log("a-group", entity_type="consumer_groups")
    log("by-api", dialect="admin_api", actor="anna")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["by-api", "a-group", "by-anna", "by-root"]),
        ("?who=&what=&through=", ["by-api", "a-group", "by-anna", "by-root"]),
        ("?who=anna", ["by-api", "by-anna"]),
        ("?what=consumer_groups", ["a-group"]),
        ("?through=admin_api", ["by-api"]),
        ("?who=anna&through=manager", ["by-anna"]),
        ("?who=ann", []),
        ("?who=%00", []),
        ("?what=nonsense", []),
    ],
)
def test_the_log_is_narrowed_by_who_what_and_through_what(
    pages: Client, entries, query: str, found: list[str]
) -> None:
    assert names(pages.get(f"/activity{query}").text) == found


def test_the_fields_show_what_was_asked_and_each_name_narrows(
    pages: Client, entries
) -> None:
    text = pages.get("/activity?who=anna&what=consumers&through=admin_api").text

    assert 'name="who" value="anna"' in text
    assert '<option value="consumers" selected>Consumer</option>' in text
    assert '<option value="admin_api" selected>Admin API</option>' in text
    assert 'href="?who=anna&amp;what=consumers&amp;through=admin_api">anna</a>' in text
    assert '<a class="btn bare" href="/activity">Clear</a>' in text


def test_the_pages_of_a_narrowed_log_stay_narrowed(pages: Client) -> None:
    for number in range(20):
        log(f"anna-{number}", actor="anna")
        log(f"root-{number}")

    first = pages.get("/activity?who=anna&size=15").text
    further = re.search(r'id="next"[^>]*href="\?([^"]+)"', first)[1]
    second = pages.get(f"/activity?{further.replace('&amp;', '&')}").text

    assert names(first) == [f"anna-{number}" for number in range(19, 4, -1)]
    assert names(second) == [f"anna-{number}" for number in range(4, -1, -1)]


def test_the_log_of_a_realm_is_narrowed_as_well(pages: Client, prod: Realm) -> None:
    log("inside", prod, actor="anna")
    log("purge", prod)

    assert names(pages.get("/realms/prod/activity?who=anna").text) == ["inside"]


def test_a_narrowed_log_costs_as_much_as_the_whole(pages: Client, entries) -> None:
    pages.get("/activity")

    counts = [queries_of(pages, path) for path in ("/activity", "/activity?who=anna")]

    assert counts[0] == counts[1] <= 5
