"""Control planes as Konnect has them, under /v2. Contract konnect §2.1."""

from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404

from kongadmin.access.models import make_admin
from kongadmin.access.permissions import WRITE, can_see, has_rights, seen_by
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.konnect.answers import say_time
from kongadmin.dialects.konnect.bodies import judge
from kongadmin.dialects.konnect.core import read_plane_id
from kongadmin.dialects.konnect.problems import Problem, parameter
from kongadmin.dialects.konnect.routes import register
from kongadmin.dialects.konnect.views import READING, KonnectView, one
from realms.models import ControlPlane, refused_name
from realms.plane_lists import read_list

SCHEMA = ControlPlane.konnect_schema
CHANGEABLE = ("name", "description", "auth_type", "proxy_urls", "labels")
CONFIG = ("cluster_type", "auth_type", "cloud_gateway", "proxy_urls")


def say(plane: ControlPlane) -> dict:
    # The end of the id, because those of one minute begin alike.
    label, domain = plane.pk.hex[-10:], settings.GATEWAY_DOMAIN
    return {
        "id": str(plane.pk),
        "name": plane.name,
        "description": plane.description,
        "labels": plane.labels,
        "config": {
            "control_plane_endpoint": f"https://{label}.cp.{domain}",
            "telemetry_endpoint": f"https://{label}.tp0.{domain}",
            **{name: getattr(plane, name) for name in CONFIG},
        },
        "created_at": say_time(plane.created_at),
        "updated_at": say_time(plane.updated_at),
    }


class PlaneView(KonnectView):
    @property
    def planes(self) -> QuerySet:
        """Those of the region, whoever may see them."""
        return ControlPlane.objects.in_region(self.region)

    def store(self, plane: ControlPlane, values: dict, status: int = 200) -> Answer:
        for name in SCHEMA.fields:
            setattr(plane, name, values[name])
        plane.save()
        return one(plane, say(plane), status)

    def judge(self, plane: ControlPlane) -> dict:
        """Return the body as values for a control plane, new or not."""
        is_new = plane._state.adding
        names = SCHEMA.fields
        return judge(
            SCHEMA,
            self.read_object(),
            names if is_new else CHANGEABLE,
            stored=None if is_new else {n: getattr(plane, n) for n in names},
            also=lambda given: refused_names(plane, given),
        )


def refused_names(plane: ControlPlane, given: dict) -> Iterator[dict]:
    """Find a name that is fine in itself, and that this one still cannot have."""
    name = given.get("name")
    if isinstance(name, str) and (reason := refused_name(plane, name)):
        yield parameter("name", "invalid", reason)


class ControlPlanes(PlaneView):
    """/v2/control-planes: those that the caller may see."""

    entity_type = "control_planes"

    def check_right(self, **kwargs) -> None:
        """Who was given anything anywhere sees a list; some see all of it."""
        if self.request.method not in READING:
            super().check_right(**kwargs)
        elif not has_rights(self.request.user):
            raise PermissionDenied

    def get(self, request, **kwargs) -> Answer:
        wanted = read_list(request.arguments)
        rows = seen_by(request.user, self.planes)
        found, total = wanted.cut(wanted.narrow(rows))
        page = {"number": wanted.number, "size": wanted.size, "total": total}
        data = [say(plane) for plane in found]
        return Answer({"data": data, "meta": {"page": page}})

    @transaction.atomic
    def post(self, request, **kwargs) -> Answer:
        plane = ControlPlane(region=self.region)
        answer = self.store(plane, self.judge(plane), 201)
        make_admin(request.user, plane)
        return answer


class OneControlPlane(PlaneView):
    """/v2/control-planes/{id}: who may not see it is not told that it is there."""

    entity_type = "control_plane"

    def check_right(self, ref: str, **kwargs) -> None:
        self.plane = self.planes.filter(pk=read_plane_id(ref)).first()
        if self.plane is None or not can_see(self.request.user, self.plane):
            raise Http404
        is_reading = self.request.method in READING
        if not is_reading and not self.may(WRITE, self.plane):
            raise PermissionDenied

    def lock(self) -> ControlPlane:
        """Return the control plane for us alone to write, as the client has seen it."""
        plane = self.planes.locked().filter(pk=self.plane.pk).first()
        if plane is None:
            raise Http404
        self.check_version(plane)
        return plane

    def get(self, request, **kwargs) -> Answer:
        return one(self.plane, say(self.plane))

    @transaction.atomic
    def patch(self, request, **kwargs) -> Answer:
        plane = self.lock()
        return self.store(plane, self.judge(plane))

    @transaction.atomic
    def delete(self, request, **kwargs) -> Answer:
        """Delete it with all that is in it."""
        plane = self.lock()
        if plane.is_default:
            raise Problem(400, "The default control plane cannot be deleted")
        plane.delete()
        return Answer(status=204)


def register_control_planes() -> None:
    register("v2/control-planes", ControlPlanes)
    register("v2/control-planes/{ref}", OneControlPlane)
