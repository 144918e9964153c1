"""The pages about realms. What is in one has its pages below: realms.places."""

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from kongadmin import changes, revision
from kongadmin.access.permissions import READ, WRITE, needs, seen_by
from kongadmin.manager.code import Verb, as_code
from kongadmin.manager.forms import is_saved, render_form
from kongadmin.manager.paging import CountUpTo, Page, Sort, count_up_to
from kongadmin.manager.render import (
    ask_for_name,
    render_code,
    render_page,
    see_other,
)
from kongadmin.manager.steps import asked_by
from kongadmin.manager.words import found_in_words
from realms.code import list_of, on_realm
from realms.forms import RealmForm
from realms.models import EVERY, ControlPlane, Realm, entity_models

SORTS = {"name": Sort("name"), "created": Sort("created_at")}
SHOWN = 200


def find_realm(request: HttpRequest, ref: str, lock: bool = False) -> Realm:
    """Return the realm that an address names; 404 page if there is none.

    `lock` keeps others from writing it until the transaction ends.
    """
    rows = Realm.objects.ours()
    realm = (rows.locked() if lock else rows).by_ref(ref).first()
    if realm is None:
        raise Http404(f"There is no realm {ref}.")
    return realm


def with_planes(request: HttpRequest, realms: list[Realm]) -> list[Realm]:
    """Give each realm `planes`, those of its list that one may see; one query."""
    ids = {id_ for realm in realms for id_ in realm.allowed_control_planes}
    rows = ControlPlane.objects.ours().filter(pk__in=ids - {EVERY})
    names = {str(plane.pk): plane for plane in seen_by(request.user, rows)[:SHOWN]}
    for realm in realms:
        found = [names.get(id_) for id_ in realm.allowed_control_planes]
        realm.planes = sorted(filter(None, found), key=str)
    return realms


def with_consumers(realms: list[Realm]) -> list[Realm]:
    """Give each realm `consumer_count`, which is bounded; one query."""
    consumers = CountUpTo(consumer_model().objects.filter(scope=OuterRef("pk")))
    rows = Realm.objects.filter(pk__in=[realm.pk for realm in realms])
    counts = dict(rows.annotate(found=consumers).values_list("pk", "found"))
    for realm in realms:
        realm.consumer_count = counts.get(realm.pk, 0)
    return realms


def consumer_model():
    """Return the model whose rows are consumers, which this app does not import."""
    return next(m for m in entity_models() if m.schema.name == "consumers")


@require_safe
@needs(READ, "realms")
def list_realms(request: HttpRequest) -> HttpResponse:
    """One page of realms, searched by part of a name."""
    text = request.GET.get("q", "").strip()
    if "code" in request.GET:
        return render_code(request, list_of("realms"))
    page = Page(Realm.objects.ours().matching(text), request.GET, SORTS, "name")
    with_consumers(with_planes(request, page.items))
    context = {
        "page": page,
        "text": text,
        "count_text": found_in_words(page.count(), text, "", "realm"),
        "code": as_code(request, on_realm(Verb.CREATE, Realm(name="prod"))),
    }
    return render_page(request, "realms/list.html", "results", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, "realms")
@transaction.atomic
def new_realm(request: HttpRequest) -> HttpResponse:
    realm = Realm()
    form = RealmForm(request.POST or None, instance=realm)
    act = on_realm(Verb.CREATE, realm, form.said())
    if is_saved(request, form):
        return see_other(request, realm, f"Realm {realm} created.")
    context = {"code": as_code(request, act)}
    return render_form(request, "realms/form.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, "realms")
@transaction.atomic
def edit_realm(request: HttpRequest, ref: str) -> HttpResponse:
    realm = find_realm(request, ref, lock=request.method == "POST")
    stored = find_realm(request, ref)
    form = RealmForm(request.POST or None, instance=realm)
    act = on_realm(Verb.CHANGE, stored, form.said())
    if is_saved(request, form):
        return see_other(request, realm, f"Realm {realm} saved.")
    context = {"subject": stored, "code": as_code(request, act)}
    return render_form(request, "realms/form.html", form, context, stored)


@require_safe
@needs(READ, "realms")
def show_realm(request: HttpRequest, ref: str) -> HttpResponse:
    """Lead to the first tab, which has the pages of consumers."""
    return see_other(request, find_realm(request, ref))


def realm_context(request: HttpRequest, realm: Realm, tab: str) -> dict:
    """Return what every tab of a realm's page shows around it."""
    with_planes(request, with_consumers([realm]))
    return {
        "subject": realm,
        "tab": tab,
        "code": as_code(request, on_realm(Verb.READ, realm)),
    }


@require_safe
@needs(READ, "realms")
def show_planes(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Allowed control planes: which may use it, and in what order they do."""
    realm = find_realm(request, ref)
    context = realm_context(request, realm, "planes")
    planes = seen_by(request.user, ControlPlane.objects.ours().order_by("name"))
    found = asked_by(realm, planes[:SHOWN])
    context["uses"] = [use for use in found if use.is_allowed or use.is_asked]
    return render_page(request, "realms/planes.html", "tab", context)


@require_safe
@needs(READ, "realms")
def show_groups(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Consumer Groups: the names that every consumer of the realm has."""
    context = realm_context(request, find_realm(request, ref), "groups")
    return render_page(request, "realms/groups.html", "tab", context)


@require_safe
@needs(READ, "realms")
def show_cache(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Cache: how long gateways remember, and what makes them forget."""
    context = realm_context(request, find_realm(request, ref), "cache")
    context["mode"] = settings.REALM_CACHE_MODE
    return render_page(request, "realms/cache.html", "tab", context)


@require_POST
@needs(WRITE, "realms")
@transaction.atomic
def purge_cache(request: HttpRequest, ref: str) -> HttpResponse:
    """Make every worker ask for consumers of realms anew, and write down who did."""
    realm = find_realm(request, ref)
    changes.write(
        "purge",
        realm.pk,
        realm.schema.name,
        entity_id=realm.pk,
        entity_name=str(realm),
        subject_id=realm.pk,
    )
    transaction.on_commit(revision.purge_realms)
    url = reverse("realms:cache", args=[realm.ref])
    return see_other(request, url, "Caches purged: every key is looked up anew.")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, "realms")
@transaction.atomic
def delete_realm(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for the realm's name, say in numbers what goes with it, and delete it."""
    realm = find_realm(request, ref, lock=request.method == "POST")
    if request.POST.get("name") == realm.name:
        realm.delete()
        return see_other(request, reverse("realms:list"), f"Realm {realm} deleted.")
    planes = seen_by(request.user, ControlPlane.objects.ours().order_by("name"))
    context = {
        "subject": realm,
        "losses": losses(realm),
        "askers": [
            use.plane for use in asked_by(realm, planes[:SHOWN]) if use.is_asked
        ],
        "code": as_code(request, on_realm(Verb.DELETE, realm), "gone"),
    }
    return ask_for_name(request, "realms/delete.html", context)


def losses(place) -> list[tuple[str, str, int]]:
    """Return what goes with a realm or control plane: one, several, how many."""
    counted = [
        (m._meta.verbose_name, m._meta.verbose_name_plural, m.objects.in_scope(place))
        for m in entity_models()
    ]
    found = [(one, many, count_up_to(rows)) for one, many, rows in counted]
    return [each for each in found if each[2]]
