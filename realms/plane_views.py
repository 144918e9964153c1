"""The pages about control planes: those that one may see."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from kongadmin import managed
from kongadmin.access.models import make_admin
from kongadmin.access.permissions import ACCOUNT, READ, WRITE, may, needs, seen_by
from kongadmin.changes import Change
from kongadmin.manager.code import Verb, as_code
from kongadmin.manager.forms import is_saved, render_form
from kongadmin.manager.paging import Page, Sort
from kongadmin.manager.render import (
    ask_for_name,
    render_code,
    render_page,
    see_other,
)
from kongadmin.manager.steps import realms_asked_in
from kongadmin.manager.words import found_in_words
from realms.code import list_of, on_plane
from realms.forms import PlaneForm
from realms.models import ControlPlane, Realm
from realms.views import losses

SORTS = {"name": Sort("name"), "created": Sort("created_at")}
NEWEST_FIRST = {"newest": Sort("pk")}
OWN = "control_plane"


def find_plane(
    request: HttpRequest, ref: str, verb: str = READ, lock: bool = False
) -> ControlPlane:
    """Return the control plane that an address names, for one who may `verb` it.

    Who may not see it is not told that it is there. `lock` keeps others from writing it
    until the transaction ends.
    """
    rows = seen_by(request.user, ControlPlane.objects.ours())
    plane = (rows.locked() if lock else rows).by_ref(ref).first()
    if plane is None:
        raise Http404(f"There is no control plane {ref}.")
    plane.can_be_written = may(request.user, WRITE, OWN, plane)
    if verb == WRITE and not plane.can_be_written:
        raise PermissionDenied
    managed.mark([plane])
    return plane


@require_safe
@needs(READ, ACCOUNT)
def list_planes(request: HttpRequest) -> HttpResponse:
    """One page of the control planes one may see, searched by part of a name."""
    text = request.GET.get("q", "").strip()
    if "code" in request.GET:
        return render_code(request, list_of("control_planes"))
    rows = seen_by(request.user, ControlPlane.objects.ours()).matching(text)
    page = Page(rows, request.GET, SORTS, "name")
    managed.mark(page.items)
    for plane in page:
        plane.can_be_written = may(request.user, WRITE, OWN, plane)
    context = {
        "page": page,
        "text": text,
        "count_text": found_in_words(page.count(), text, "", "control plane"),
        "can_create": may(request.user, WRITE, "control_planes"),
    }
    return render_page(request, "planes/list.html", "results", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, "control_planes")
@transaction.atomic
def new_plane(request: HttpRequest) -> HttpResponse:
    plane = ControlPlane()
    form = PlaneForm(request.POST or None, instance=plane)
    act = on_plane(Verb.CREATE, plane, form.said())
    if is_saved(request, form):
        make_admin(request.user, plane)
        return see_other(request, plane, f"Control plane {plane} created.")
    context = {"code": as_code(request, act)}
    return render_form(request, "planes/form.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(READ, ACCOUNT)
@transaction.atomic
def edit_plane(request: HttpRequest, ref: str) -> HttpResponse:
    plane = find_plane(request, ref, WRITE, lock=request.method == "POST")
    managed.refuse(plane)
    stored = find_plane(request, ref)
    form = PlaneForm(request.POST or None, instance=plane)
    act = on_plane(Verb.CHANGE, stored, form.said())
    if is_saved(request, form):
        return see_other(request, plane, f"Control plane {plane} saved.")
    context = {"subject": stored, "code": as_code(request, act)}
    return render_form(request, "planes/form.html", form, context, stored)


@require_safe
@needs(READ, ACCOUNT)
def show_plane(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Configuration: as fields, or as JSON with ?format=json."""
    context = plane_context(request, find_plane(request, ref), "configuration")
    context["is_json"] = request.GET.get("format") == "json"
    return render_page(request, "planes/show.html", "tab", context)


def plane_context(request: HttpRequest, plane: ControlPlane, tab: str) -> dict:
    """Return what every tab of a control plane's page shows around it."""
    return {
        "subject": plane,
        "tab": tab,
        "sees_realms": may(request.user, READ, "realms"),
        "code": as_code(request, on_plane(Verb.READ, plane)),
    }


@require_safe
@needs(READ, "realms")
def show_realms(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Realms: those that allow it, and in what order keys are looked up."""
    plane = find_plane(request, ref)
    realms = list(Realm.objects.ours().order_by("name")[:500])
    context = plane_context(request, plane, "realms") | {
        "realms": [realm for realm in realms if realm.allows(plane.pk)],
        "order": realms_asked_in(plane),
    }
    return render_page(request, "planes/realms.html", "tab", context)


@require_safe
@needs(READ, ACCOUNT)
def show_activity(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Activity: what was done to the control plane itself."""
    plane = find_plane(request, ref)
    if not may(request.user, READ, "changes", plane):
        raise PermissionDenied
    page = Page(Change.objects.about(plane), request.GET, NEWEST_FIRST, "-newest")
    context = plane_context(request, plane, "activity") | {"page": page}
    return render_page(request, "planes/activity.html", "tab", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(READ, ACCOUNT)
@transaction.atomic
def delete_plane(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for its name, say in numbers what goes with it, and delete it."""
    plane = find_plane(request, ref, WRITE, lock=request.method == "POST")
    if plane.is_default:
        raise Http404("The default control plane stays.")
    managed.refuse(plane)
    if request.POST.get("name") == plane.name:
        plane.delete()
        text = f"Control plane {plane} deleted."
        return see_other(request, reverse("planes:list"), text)
    context = {
        "subject": plane,
        "losses": losses(plane),
        "code": as_code(request, on_plane(Verb.DELETE, plane), "gone"),
    }
    return ask_for_name(request, "planes/delete.html", context)
