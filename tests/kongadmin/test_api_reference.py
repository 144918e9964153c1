"""The API reference in the Manager: all of /openapi.json, light, without a CDN."""

import gzip

import pytest

from clients import Client
from kongadmin.dialects.admin_api.node import openapi_document


@pytest.fixture
def pages(admin_user) -> Client:
    """The Manager, for somebody who is signed in."""
    from django.test import Client as Browser

    from kongadmin.listeners import manager

    browser = Browser()
    browser.force_login(admin_user)
    session = browser.cookies["kongadmin_session"].value
    return Client(manager, {"Cookie": f"kongadmin_session={session}"})


def test_every_chapter_has_its_operations_and_is_light(pages: Client) -> None:
    document = openapi_document()
    plugins = document["components"]["schemas"]["plugins"]["discriminator"]["mapping"]
    shown = ""

    for name in [tag["name"] for tag in document["tags"]]:
        page = pages.get(f"/api-reference/{name}")
        shown += page.text

        assert page.status == 200
        assert len(gzip.compress(page.body)) <= 35 * 1024, name
    for name in plugins:
        page = pages.get(f"/api-reference/plugins.{name}")
        assert "config" in page.text
        assert len(gzip.compress(page.body)) <= 35 * 1024, name
    for path in document["paths"].values():
        for method in path.keys() - {"parameters"}:
            assert f'id="{path[method]["operationId"]}"' in shown


def test_fields_inside_of_records_have_dotted_names(pages: Client) -> None:
    page = pages.get("/api-reference/plugins.rate-limiting").text

    assert "<code>config.redis.host</code>" in page
    assert "one of cluster, local, redis" in page or "one of local" in page


def test_an_example_can_be_sent_as_it_is(pages: Client) -> None:
    page = pages.get("/api-reference/consumer_groups").text

    assert "curl -X POST http://localhost:8001/consumer_groups" in page
    assert "&quot;name&quot;: &quot;example&quot;" in page


def test_an_operation_is_found_by_words_of_its_path_and_method(pages: Client) -> None:
    page = pages.get("/api-reference?q=PUT+key-auths").text

    assert "/key-auths/{keyauth_credentials}" in page
    assert "/jwts" not in page


def test_a_chapter_that_is_none_is_missing(pages: Client) -> None:
    assert pages.get("/api-reference/nothing").status == 404


def test_it_is_for_those_who_may_read(db) -> None:
    from kongadmin.listeners import manager

    assert Client(manager).get("/api-reference").status == 302
