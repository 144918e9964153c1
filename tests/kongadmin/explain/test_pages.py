"""The page "Try a request"."""

import re

import django.test
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients import Client
from factories import give, make_consumer, make_control_plane, make_key, make_plugin
from realms.models import forget

KEY = "a-key-of-carl-that-is-long"
PAGE = "/try-a-request"
HTMX = {"HX-Request": "true"}


def client_for(username: str, **fields) -> Client:
    """The Manager in this process, asked by somebody who is signed in."""
    from kongadmin.listeners import manager

    user = get_user_model().objects.create_user(username, **fields)
    session = django.test.Client()
    session.force_login(user)
    name, token = settings.SESSION_COOKIE_NAME, "x" * 32
    cookies = {name: session.cookies[name].value, settings.CSRF_COOKIE_NAME: token}
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = {"Host": "localhost:8002", "Cookie": cookie, "X-CSRFToken": token}
    return Client(manager, headers)


@pytest.fixture
def manager(db) -> Client:
    forget()  # control planes of a test that was rolled back
    make_key(make_consumer(username="carl"), key=KEY)
    make_plugin("key-auth", hide_credentials=True)
    return client_for("somebody", is_superuser=True)


def test_a_pasted_command_is_decided_and_told(manager: Client) -> None:
    command = f"curl -H 'apikey: {KEY}' http://localhost:8000/orders"

    answer = manager.post(PAGE, form={"curl": command})

    assert answer.status == 200, answer.text[:500]
    assert "Allowed: the request of consumer carl is passed on." in answer.text
    assert "There is a key in the header apikey." in answer.text
    assert "X-Consumer-Username" in answer.text


def test_no_key_comes_back_on_any_page(manager: Client) -> None:
    form = {
        "method": "POST",
        "uri": f"/x?apikey={KEY}",
        "headers": f"apikey: {KEY}",
        "body": f"apikey={KEY}",
    }
    wrong = {"curl": f"curl -H 'apikey: {KEY}"}

    for given in (form, wrong):
        for headers in ({}, HTMX):
            answer = manager.post(PAGE, form=given, headers=headers)
            assert answer.status in (200, 422)
            assert KEY not in answer.text


def test_the_command_for_the_admin_api_leaves_secrets_to_variables(
    manager: Client,
) -> None:
    form = {"uri": f"/x?apikey={KEY}", "headers": f"apikey: {KEY}\nAccept: text/html"}

    page = manager.post(PAGE, form=form).text

    assert "&quot;$APIKEY&quot;" in page
    assert "headers.Accept=text/html" in page


def test_a_refusal_is_told_with_its_status(manager: Client) -> None:
    answer = manager.post(PAGE, form={"method": "GET", "uri": "/"})

    assert answer.status == 200
    assert "Refused by key-auth with 401: No API key found in request." in answer.text


def test_htmx_gets_the_result_alone(manager: Client) -> None:
    answer = manager.post(PAGE, form={"uri": "/"}, headers=HTMX)

    assert answer.text.strip().startswith('<div id="result"')
    assert "</form>" not in answer.text


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({"curl": "curl"}, "There must be exactly one URL"),
        ({"uri": "x"}, "Should start with: /"),
        ({"headers": "apikey"}, "Line 1 is no"),
        ({"uri": "/", "client_ip": "nowhere"}, "Client address"),
        ({"uri": "/", "headers": "a b: c"}, "Headers"),
    ],
)
def test_what_is_wrong_with_the_form_is_said(
    manager: Client, form: dict, text: str
) -> None:
    answer = manager.post(PAGE, form=form)

    assert answer.status == 422
    assert "This request cannot be tried" in answer.text
    assert text in answer.text


def test_it_is_a_handful_of_queries(manager: Client) -> None:
    manager.get(PAGE)

    with CaptureQueriesContext(connection) as captured:
        manager.post(PAGE, form={"uri": "/", "headers": f"apikey: {KEY}"})

    assert len(captured) <= 12


def test_the_page_leads_nowhere_by_address(manager: Client) -> None:
    page = manager.get(f"{PAGE}?uri=/x&headers=apikey:k").text

    assert re.search(r'<form[^>]*method="post"', page)
    assert "No request yet" in page


def test_it_is_for_those_who_may_read_there(manager: Client) -> None:
    plane = make_control_plane(name="team-a")
    viewer = client_for("viewer")
    give(get_user_model().objects.get(username="viewer"), "viewer", plane)

    assert viewer.get(f"/@team-a{PAGE}").status == 200
    assert viewer.get(PAGE).status == 403
