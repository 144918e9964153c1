"""What kubectl made, on the pages of the Manager: marked, and not changed by hand."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cluster import GROUP, INGRESS_CONSUMER, PLANE, SECRET, apply, read
from consumers.models import Consumer, KeyAuth
from factories import make_consumer, make_user
from groups.models import ConsumerGroup, Membership
from kongadmin.declarative import jobs
from kongadmin.declarative.listing import managed_of
from kongadmin.declarative.models import Import, Status
from realms.models import ControlPlane

INGRESS = {"annotations": {"kubernetes.io/ingress.class": "kong"}}
OWN_KEY = read(
    SECRET,
    apiVersion="configuration.konghq.com/v1alpha1",
    kind="KongCredentialAPIKey",
    metadata={"name": "own"},
    stringData=None,
    spec={"consumerRef": {"name": "till"}, "key": "own-key"},
)


@pytest.fixture
def pages(client: Client, db) -> Client:
    """The Manager with an administrator signed in, and one of all that kubectl makes.

    The object's namespace is another than the default one.
    """
    client.force_login(make_user("root", "super-admin"))
    group = read(GROUP, metadata={"name": "staff", **INGRESS}, spec={"name": "staff"})
    manifests = [PLANE, SECRET, group, INGRESS_CONSUMER, OWN_KEY]
    for said in (one if isinstance(one, dict) else read(one) for one in manifests):
        apply(said | {"metadata": said["metadata"] | {"namespace": "shop"}})
    return client


def key_page(verb: str, key: str) -> str:
    found = next(one for one in KeyAuth.objects.all() if one.key == key)
    return f"/consumers/till/credentials/key-auth/{found.pk}/{verb}"


@pytest.mark.parametrize(
    ("page", "badge"),
    [
        ("/consumers", "kubectl: shop/till"),
        ("/consumers/till", "kubectl: shop/till"),
        ("/consumers/till/credentials", "kubectl: shop/till-key"),
        ("/consumers/till/credentials", "kubectl: shop/own"),
        ("/consumer-groups", "kubectl: shop/staff"),
        ("/consumer-groups/staff", "kubectl: shop/staff"),
        ("/control-planes", "kubectl: shop/gateway-control-plane"),
        (
            "/control-planes/gateway-control-plane",
            "kubectl: shop/gateway-control-plane",
        ),
    ],
)
def test_pages_and_lists_show_what_made_it(pages: Client, page, badge: str) -> None:
    assert f">{badge}<" in pages.get(page).text


@pytest.mark.parametrize(
    ("page", "what"),
    [
        (lambda: "/consumers/till/edit", "kongconsumer till"),
        (lambda: "/consumers/till/delete", "kongconsumer till"),
        (lambda: "/consumers/till/consumer-groups/join", "kongconsumer till"),
        (lambda: "/consumer-groups/staff/edit", "kongconsumergroup staff"),
        (lambda: "/consumer-groups/staff/delete", "kongconsumergroup staff"),
        (
            lambda: "/control-planes/gateway-control-plane/edit",
            "konnectgatewaycontrolplane gateway-control-plane",
        ),
        (
            lambda: "/control-planes/gateway-control-plane/delete",
            "konnectgatewaycontrolplane gateway-control-plane",
        ),
        (lambda: key_page("edit", "own-key"), "kongcredentialapikey own"),
        (lambda: key_page("delete", "own-key"), "kongcredentialapikey own"),
        (lambda: key_page("edit", "till-4711"), "secret till-key"),
        (lambda: key_page("delete", "till-4711"), "secret till-key"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_it_is_not_changed_by_hand_and_the_page_says_how_it_is(
    pages: Client, page, what: str, method: str
) -> None:
    names = {"name": "till", "username": "other", "key": "other"}

    answer = getattr(pages, method)(page(), names)

    assert answer.status_code == 409
    assert f"kubectl edit {what} -n shop" in answer.text
    assert f"kubectl delete {what} -n shop" in answer.text
    assert Consumer.objects.get().username == "till"
    assert ConsumerGroup.objects.get().name == "staff"
    assert KeyAuth.objects.count() == 2


def test_a_list_does_not_repeat_in_tags_what_the_badge_says(pages: Client) -> None:
    assert "k8s-" not in pages.get("/consumers").text
    assert "k8s-kind:KongConsumer" in pages.get("/consumers/till").text


def test_a_dialog_gets_only_its_own_part(pages: Client) -> None:
    answer = pages.get("/consumers/till/delete", headers={"HX-Request": "true"})

    assert answer.status_code == 409
    assert 'id="dialog-title"' in answer.text
    assert "<html" not in answer.text


def test_who_is_managed_cannot_be_put_into_a_group_by_hand(pages: Client) -> None:
    till = str(Consumer.objects.get().pk)

    answer = pages.post("/consumer-groups/staff/consumers/add", {"pick": till})

    assert answer.status_code == 409
    assert not Membership.objects.exists()


def test_what_was_made_by_hand_stays_ours_to_change(pages: Client) -> None:
    make_consumer(username="anna")

    text = pages.get("/consumers/anna").text

    assert "kubectl" not in text.split('<main id="main"')[1].split("As code")[0]
    assert pages.get("/consumers/anna/edit").status_code == 200


def test_a_page_asks_once_for_all_that_it_shows(pages: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        pages.get("/consumers")

    about = [query for query in asked if '"kubernetes_object"' in query["sql"]]
    assert len(about) == 1


def test_where_kubectl_made_nothing_no_page_asks(pages: Client) -> None:
    from kongadmin.dialects.kubernetes.reconcile_triggers import known

    known.set("any", False)
    with CaptureQueriesContext(connection) as asked:
        pages.get("/consumers")

    assert not [query for query in asked if "kubernetes" in query["sql"]]


def test_the_plan_of_an_import_warns_of_what_kubectl_will_put_right(pages) -> None:
    make_consumer(username="anna")
    document = """\
_format_version: "3.0"
consumer_groups: [{name: gold}]
consumers: [{username: till, custom_id: "9", groups: [{name: gold}]}]
"""
    record = Import(scope=ControlPlane.called("default"), actor="root", mode="sync")
    record.format = "deck"
    record.save()
    record.keep_document([document.encode()])
    jobs.begin(record, Status.PLANNING)
    jobs.run(record, jobs.plan_document)

    text = pages.get(f"/import/{record.pk}").text
    steps = {step.name: managed for step, managed in said_of(record.plan)}
    [in_group] = [
        step.name for step in record.plan.steps(kind="consumer_group_consumers")
    ]

    assert "kubectl: shop/till<" in text
    assert "puts this right again at once" in text
    assert "kubectl edit kongconsumergroup staff -n shop" in text
    assert steps["till"].label == "kubectl: shop/till"
    assert steps[in_group].label == "kubectl: shop/till"
    assert steps["anna"] is None


def said_of(plan) -> list[tuple]:
    steps = plan.steps()
    found = managed_of(steps)
    return [(step, found.get(step.number)) for step in steps]
