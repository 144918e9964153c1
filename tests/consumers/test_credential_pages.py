"""The pages of credentials: few queries, no secrets, and what belongs to whom."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer
from factories import make_consumer, make_credential
from kongadmin.changes import Change

FRAME = 9  # session, account, control planes, the consumer, its types, uses, plugins
every_kind = pytest.mark.parametrize("kind", CREDENTIALS)


@pytest.fixture
def staff(client: Client, admin_user) -> Client:
    client.force_login(admin_user)
    return client


def tab(consumer: Consumer) -> str:
    return reverse("consumers:credentials", args=[consumer.ref])


def queries(client: Client, address: str) -> int:
    """Return how many queries a page takes."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_an_empty_tab_asks_no_type_by_itself(staff: Client) -> None:
    assert queries(staff, tab(make_consumer())) <= FRAME


def test_a_tab_asks_once_for_each_type_that_is_there(staff: Client) -> None:
    anna = make_consumer()
    empty = queries(staff, tab(anna))
    for _ in range(3):
        make_credential("jwt", anna)
        make_credential("acl", anna)

    with_two_types = queries(staff, tab(anna))
    for _ in range(40):
        make_credential("jwt", anna)

    assert with_two_types <= empty + 3
    assert queries(staff, tab(anna)) == with_two_types


def test_the_list_takes_as_many_queries_for_many_types_as_for_none(
    staff: Client,
) -> None:
    anna, address = make_consumer(), reverse("consumers:list")
    bare = queries(staff, address)
    for kind in CREDENTIALS:
        make_credential(kind, anna)
        make_credential(kind, make_consumer())

    assert queries(staff, address) == bare


def test_a_search_takes_one_query_for_the_names_of_all_types(staff: Client) -> None:
    make_consumer(username="anna-1"), make_consumer(username="anna-2")
    address = f"{reverse('manager:search')}?q=anna"

    assert queries(staff, address) <= FRAME


@every_kind
def test_a_credential_is_found_below_its_own_consumer_only(
    staff: Client, kind: str
) -> None:
    credential = make_credential(kind, make_consumer())
    stranger = make_consumer()

    for page in ("edit", "delete"):
        args = [stranger.ref, kind, credential.pk]
        answer = staff.get(reverse(f"consumers:{page}_credential", args=args))
        assert answer.status_code == 404


def test_an_unknown_type_is_a_missing_page(staff: Client) -> None:
    args = [make_consumer().ref, "ldap-auth"]

    answer = staff.get(reverse("consumers:new_credential", args=args))

    assert answer.status_code == 404


@pytest.mark.parametrize("kind", ["acl", "basic-auth", "mtls-auth"])
def test_where_no_secret_can_be_read_there_is_nothing_to_reveal(
    staff: Client, kind: str
) -> None:
    anna = make_consumer()
    credential = make_credential(kind, anna)
    args = [anna.ref, kind, credential.pk]

    answer = staff.post(reverse("consumers:reveal_credential", args=args))

    assert answer.status_code == 404
    assert not Change.objects.filter(verb="reveal").exists()


@every_kind
def test_no_page_but_reveal_holds_a_secret(staff: Client, kind: str) -> None:
    anna = make_consumer()
    credential = make_credential(kind, anna)
    args = [anna.ref, kind, credential.pk]
    pages = [tab(anna), reverse("consumers:delete", args=[anna.ref])]
    pages += [
        reverse(f"consumers:{page}_credential", args=args)
        for page in ("edit", "delete")
    ]

    texts = [staff.get(address).text for address in pages]

    for name in credential.secret_fields:
        secret = getattr(credential, name)
        assert not [text for text in texts if secret in text]


def test_a_page_of_a_section_is_reached_by_its_own_arguments(staff: Client) -> None:
    anna = make_consumer()
    for number in range(17):
        make_credential("acl", anna, group=f"group-{number:02}")
    first = staff.get(tab(anna))
    [(_, page)] = first.context["sections"]

    second = staff.get(f"{tab(anna)}?{page.next_query}")

    assert "group-16" in first.text
    assert "group-00" not in first.text
    assert "group-00" in second.text
    assert "acl-after" in page.next_query
