"""The pages about credentials: the same five for every type."""

from collections.abc import Callable
from functools import wraps
from itertools import chain
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from consumers.code import list_of_credentials, on_credential, stored_values
from consumers.credential_forms import form_for
from consumers.credentials import CREDENTIALS, CredentialType
from consumers.holdings import types_held, with_usage
from consumers.models import Consumer, Credential, KeyAuth
from consumers.realm_key_forms import RealmKeyForm
from consumers.views import NEWEST_FIRST, consumer_context, find_consumer
from kongadmin import changes, managed
from kongadmin.access.permissions import READ, REVEAL, WRITE, needs
from kongadmin.manager import secrets
from kongadmin.manager.code import Verb, as_code
from kongadmin.manager.forms import is_saved, render_form
from kongadmin.manager.paging import Page
from kongadmin.manager.render import render_page, see_other

IN_A_SECTION = 15


def needs_for_type(verb: str) -> Callable:
    """Let in who may `verb` credentials of the type that the address names.

    The page gets the type in place of its `kind`.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, kind: str, **kwargs) -> HttpResponse:
            if kind not in CREDENTIALS:
                raise Http404(f"There is no credential type {kind}.")
            declared = CREDENTIALS[kind]
            guard = needs(verb, declared.model)
            return guard(view)(request, declared=declared, **kwargs)

        return guarded

    return decorate


def find_credential(
    consumer: Consumer, declared: CredentialType, id: UUID, lock: bool = False
) -> Credential:
    rows = declared.model.objects.of(consumer)
    rows = rows.select_for_update(of=("self",)) if lock else rows
    return get_object_or_404(rows, pk=id)


def tab_of(consumer: Consumer) -> str:
    return reverse("consumers:credentials", args=[consumer.ref])


@require_safe
@needs(READ, Consumer)
def show_credentials(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Credentials: a section per type that the consumer has, secrets masked."""
    consumer = find_consumer(request, ref)
    sections = [section(request, consumer, held) for held in types_held(consumer)]
    shown = list(chain.from_iterable(page for _, page in sections))
    managed.mark(shown)
    with_usage(shown)
    example = sections[0][0] if sections else CREDENTIALS["key-auth"]
    context = consumer_context(request, consumer, "credentials") | {
        "sections": sections,
        "types": CREDENTIALS.values(),
        "born": secrets.take(request, consumer.pk),
        "code": as_code(request, list_of_credentials(consumer, request.scope, example)),
    }
    return render_page(request, "consumers/credentials.html", "tab", context)


def section(
    request: HttpRequest, consumer: Consumer, declared: CredentialType
) -> tuple[CredentialType, Page]:
    """Return a type with a page of the consumer's credentials of it."""
    rows = declared.model.objects.of(consumer)
    prefix = f"{declared.kind}-"
    given = request.GET
    return declared, Page(rows, given, NEWEST_FIRST, "-newest", prefix, IN_A_SECTION)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_for_type(WRITE)
def new_credential(
    request: HttpRequest, ref: str, declared: CredentialType
) -> HttpResponse:
    consumer = find_consumer(request, ref)
    credential = declared.model(scope=request.scope, consumer=consumer)
    is_realm_key = consumer.is_of_realm and declared.model is KeyAuth
    data = request.POST or None
    form = (
        RealmKeyForm(data, instance=credential)
        if is_realm_key
        else form_for(declared, credential, data)
    )
    values, unsent = form.said()
    act = on_credential(
        Verb.CREATE, consumer, request.scope, declared, None, values, unsent
    )
    if is_saved(request, form):
        text = f"{capfirst(declared.word)} created."
        if form.made:
            secrets.keep(request, consumer.pk, text, form.made)
        return see_other(request, tab_of(consumer), "" if form.made else text)
    context = {
        "consumer": consumer,
        "type": declared,
        "code": as_code(request, act),
    }
    return render_form(request, "consumers/credential_form.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_for_type(WRITE)
@transaction.atomic
def edit_credential(
    request: HttpRequest, ref: str, declared: CredentialType, id: UUID
) -> HttpResponse:
    consumer = find_consumer(request, ref)
    credential = find_credential(consumer, declared, id, request.method == "POST")
    managed.refuse(credential)
    stored = find_credential(consumer, declared, id)
    if getattr(stored, "is_digest_only", False):
        raise Http404("A realm's key never changes: make another, and delete this one.")
    form = form_for(declared, credential, request.POST or None)
    values, unsent = form.said()
    act = on_credential(
        Verb.CHANGE, consumer, request.scope, declared, stored, values, unsent
    )
    if is_saved(request, form):
        text = f"{capfirst(declared.word)} {credential} saved."
        return see_other(request, tab_of(consumer), text)
    context = {
        "consumer": consumer,
        "credential": stored,
        "type": declared,
        "code": as_code(request, act),
    }
    return render_form(request, "consumers/credential_form.html", form, context, stored)


@require_POST
@needs_for_type(REVEAL)
def reveal_credential(
    request: HttpRequest, ref: str, declared: CredentialType, id: UUID
) -> HttpResponse:
    """Show stored secrets once more, and write down who wanted to see them."""
    consumer = find_consumer(request, ref)
    credential = find_credential(consumer, declared, id)
    if not credential.readable_secrets:
        raise Http404("There is nothing to reveal: only a hash is stored.")
    changes.record("reveal", credential)
    values = stored_values(declared, credential, is_told=True)
    act = on_credential(
        Verb.READ, consumer, request.scope, declared, credential, values
    )
    context = {
        "code": as_code(request, act, "revealed"),
        "consumer": consumer,
        "type": declared,
        "secrets": {
            declared.label_of(name): getattr(credential, name)
            for name in credential.readable_secrets
        },
    }
    return render_page(request, "consumers/reveal.html", "dialog", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs_for_type(WRITE)
def delete_credential(
    request: HttpRequest, ref: str, declared: CredentialType, id: UUID
) -> HttpResponse:
    """Name the credential, say what stops working without it, and delete it."""
    consumer = find_consumer(request, ref)
    credential = find_credential(consumer, declared, id)
    managed.refuse(credential)
    if request.method == "POST":
        credential.delete()
        text = f"{capfirst(declared.word)} {credential} deleted."
        return see_other(request, tab_of(consumer), text)
    with_usage([credential])
    act = on_credential(Verb.DELETE, consumer, request.scope, declared, credential)
    context = {
        "consumer": consumer,
        "credential": credential,
        "type": declared,
        "loss": declared.loss_of(consumer),
        "code": as_code(request, act, "gone"),
    }
    return render_page(request, "consumers/delete_credential.html", "dialog", context)
