"""The pages about who is in which group, from either side."""

from uuid import UUID

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from consumers.models import Consumer
from consumers.views import consumer_context, find_consumer
from groups.code import on_membership
from groups.models import ConsumerGroup, Membership, join
from groups.picking import Picker, in_a_row
from groups.views import find_group, group_context, with_limits
from kongadmin import managed
from kongadmin.access.permissions import READ, WRITE, needs
from kongadmin.manager.code import Verb, as_code
from kongadmin.manager.paging import Page, Sort, count_up_to
from kongadmin.manager.render import render_page, see_other

BY_USERNAME = {"username": Sort("username_lower", nullable=True)}
BY_NAME = {"name": Sort("name")}


@require_safe
@needs(READ, Membership)
def show_consumers(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Consumers: who is in the group, by username, and since when."""
    group = find_group(request, ref)
    rows = Consumer.objects.in_scope(request.scope)
    rows = rows.filter(memberships__consumer_group=group)
    page = Page(rows, request.GET, BY_USERNAME, "username")
    memberships = Membership.objects.filter(consumer_group=group)
    found = memberships.filter(consumer__in=[consumer.pk for consumer in page])
    since = dict(found.values_list("consumer_id", "created_at"))
    for consumer in page:
        consumer.since = since.get(consumer.pk)
    context = group_context(request, group, "consumers") | {
        "page": page,
        "code": as_code(request, on_membership(Verb.LIST, request.scope, group)),
    }
    return render_page(request, "groups/consumers.html", "tab", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Membership)
def add_consumers(request: HttpRequest, ref: str) -> HttpResponse:
    """Search consumers, tick several, and put all of them into the group at once."""
    group = find_group(request, ref)
    inside = Membership.objects.filter(consumer_group=group, consumer=OuterRef("pk"))
    pool = Consumer.objects.in_scope(request.scope)
    picker = Picker(request, pool, Exists(inside), "username_lower")
    if picker.is_sent:
        managed.refuse(*picker.ticked)
    if picker.is_sent and picker.take(lambda consumers: join(consumers, [group])):
        url = reverse("groups:consumers", args=[group.ref])
        names = in_a_row(map(str, picker.ticked))
        return see_other(request, url, f"{names} added to {group}.")
    act = on_membership(Verb.CREATE, request.scope, group, *picker.ticked[:1])
    context = {"group": group, "picker": picker, "code": as_code(request, act)}
    return render_page(
        request, "groups/add_consumers.html", "candidates", context, picker.status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Membership)
def remove_consumer(request: HttpRequest, ref: str, id: UUID) -> HttpResponse:
    group = find_group(request, ref)
    membership = get_object_or_404(
        Membership.objects.filter(consumer_group=group), consumer_id=id
    )
    url = reverse("groups:consumers", args=[group.ref])
    return end_membership(request, membership, url, is_from_group=True)


def end_membership(
    request: HttpRequest, membership: Membership, url: str, is_from_group: bool
) -> HttpResponse:
    """Ask, saying what changes, then let the consumer leave and go back to `url`."""
    consumer, group = membership.consumer, membership.consumer_group
    managed.refuse(consumer)
    if request.method == "POST":
        membership.delete()
        return see_other(request, url, f"{consumer} removed from {group}.")
    [group] = with_limits([group])
    act = on_membership(Verb.DELETE, request.scope, group, consumer, is_from_group)
    context = {
        "consumer": consumer,
        "group": group,
        "membership": membership,
        "plugin_count": count_up_to(group.plugins.filter(enabled=True)),
        "back": url,
        "code": as_code(request, act, "gone"),
    }
    return render_page(request, "groups/remove_consumer.html", "dialog", context)


@require_safe
@needs(READ, Membership)
def show_groups(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Consumer Groups of a consumer: which it is in, and their limits."""
    consumer = find_consumer(request, ref)
    rows = ConsumerGroup.objects.filter(memberships__consumer=consumer)
    page = Page(rows, request.GET, BY_NAME, "name")
    with_limits(page.items)
    act = on_membership(Verb.LIST, request.scope, None, consumer, is_from_group=False)
    context = consumer_context(request, consumer, "groups") | {
        "page": page,
        "code": as_code(request, act),
    }
    return render_page(request, "groups/of_consumer.html", "tab", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Membership)
def join_groups(request: HttpRequest, ref: str) -> HttpResponse:
    """Search groups, tick several, and let the consumer join all of them at once."""
    consumer = find_consumer(request, ref)
    managed.refuse(consumer)
    inside = Membership.objects.filter(consumer=consumer, consumer_group=OuterRef("pk"))
    pool = ConsumerGroup.objects.in_scope(request.scope)
    picker = Picker(request, pool, Exists(inside), "name")
    if picker.is_sent and picker.take(lambda groups: join([consumer], groups)):
        url = reverse("memberships:list", args=[consumer.ref])
        names = in_a_row(map(str, picker.ticked))
        return see_other(request, url, f"{consumer} added to {names}.")
    with_limits([*picker.ticked, *picker.found])
    ticked = next(iter(picker.ticked), None)
    act = on_membership(
        Verb.CREATE, request.scope, ticked, consumer, is_from_group=False
    )
    context = {"consumer": consumer, "picker": picker, "code": as_code(request, act)}
    return render_page(
        request, "groups/join.html", "candidates", context, picker.status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, Membership)
def leave_group(request: HttpRequest, ref: str, id: UUID) -> HttpResponse:
    consumer = find_consumer(request, ref)
    membership = get_object_or_404(
        Membership.objects.filter(consumer=consumer), consumer_group_id=id
    )
    url = reverse("memberships:list", args=[consumer.ref])
    return end_membership(request, membership, url, is_from_group=False)
