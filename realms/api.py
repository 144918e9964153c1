"""Control planes as Kong's workspaces. Contract §7.2."""

from dataclasses import replace
from typing import ClassVar
from uuid import UUID

from django.db import transaction
from django.http import Http404

from kongadmin.access.permissions import seen_by
from kongadmin.dialects.admin_api import errors, paging
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.entities import Collection, Item
from kongadmin.dialects.admin_api.operations import Operation
from kongadmin.dialects.admin_api.parsers import read_body
from kongadmin.dialects.admin_api.registry import register
from kongadmin.dialects.admin_api.views import AdminView
from kongadmin.entities import UUID_TEXT, Violation
from kongadmin.fields import can_store
from realms.models import ControlPlane, refused_name

SCHEMA = ControlPlane.schema
STORED = ("name", "comment", "config", "meta")


def say(plane: ControlPlane) -> dict:
    return {
        **{name: getattr(plane, name) for name in STORED},
        "id": str(plane.pk),
        "created_at": int(plane.created_at.timestamp()),
        "updated_at": int(plane.updated_at.timestamp()),
    }


def find(user, ref: str, lock: bool = False) -> ControlPlane | None:
    """Return the control plane of an id or a name, if `user` may see it."""
    rows = seen_by(user, ControlPlane.objects.ours())
    rows = rows.select_for_update(of=("self",)) if lock else rows
    if UUID_TEXT.fullmatch(ref):
        return rows.filter(pk=UUID(ref)).first()
    return rows.filter(name=ref).first() if can_store(ref) else None


class WorkspaceView(AdminView):
    model = ControlPlane
    given_by_path = frozenset()
    documented_under = SCHEMA.name

    @property
    def entity_type(self) -> str:
        """Whoever may use a control plane may look at it; few may change it."""
        return "node" if self.request.method in self.reading_methods else SCHEMA.name

    def read_values(self) -> dict:
        values, is_form = read_body(self.request)
        values = SCHEMA.infer(values) if is_form else values
        values.pop("updated_at", None)
        return values

    def store(self, plane: ControlPlane, values: dict, status: int = 200) -> Answer:
        """Write what the schema accepts into `plane`, new or not."""
        values = SCHEMA.fill(values)
        problems = SCHEMA.errors(values, updating=not plane._state.adding)
        if "name" not in problems and (text := refused_name(plane, values["name"])):
            problems["name"] = text
        if problems:
            raise Violation(problems)
        if plane._state.adding and values["id"]:
            plane.id = UUID(values["id"])
        for field in STORED:
            setattr(plane, field, values[field])
        plane.save()
        return self.answer(plane, status)

    def answer(self, plane: ControlPlane, status: int = 200) -> Answer:
        return Answer(say(plane), status, headers={"ETag": plane.etag})


class Workspaces(WorkspaceView):
    """/workspaces: the control planes there are."""

    operations: ClassVar = {
        "get": replace(Collection.operations["get"], query=("size", "offset")),
        "post": Collection.operations["post"],
    }

    def get(self, request, **kwargs) -> Answer:
        size = paging.read_size(request.arguments.get("size"))
        after, may_follow = paging.read_offset(request.arguments)
        rows = ControlPlane.objects.ours().order_by("pk")
        rows = seen_by(request.user, rows)
        rows = rows.filter(pk__gt=after) if after else rows
        planes = list(rows[: size + 1]) if may_follow else []
        found, offset = paging.cut([say(plane) for plane in planes], size)
        more = {"size": request.arguments.get("size")}
        return Answer(paging.answer(found, "/workspaces", offset, **more))

    @transaction.atomic
    def post(self, request, **kwargs) -> Answer:
        return self.store(ControlPlane(), self.read_values(), 201)


class Workspace(WorkspaceView):
    """/workspaces/{id or name}."""

    operations: ClassVar = {
        name: replace(operation, errors=(409,))
        for name, operation in Item.operations.items()
    } | {"delete": Operation("Delete {one}", {204: None}, query=("cascade",))}
    given_by_path = frozenset({"name"})

    def get(self, request, ref: str, **kwargs) -> Answer:
        plane = find(request.user, ref)
        if plane is None:
            raise Http404
        return self.answer(plane)

    @transaction.atomic
    def put(self, request, ref: str, **kwargs) -> Answer:
        key = "id" if UUID_TEXT.fullmatch(ref) else "name"
        values = self.read_values() | {key: ref}
        return self.store(find(request.user, ref, lock=True) or ControlPlane(), values)

    @transaction.atomic
    def patch(self, request, ref: str, **kwargs) -> Answer:
        plane = find(request.user, ref, lock=True)
        if plane is None:
            key = "id" if UUID_TEXT.fullmatch(ref) else "name"
            raise errors.no_such_entity({key: ref})
        return self.store(plane, SCHEMA.merge(say(plane), self.read_values()))

    @transaction.atomic
    def delete(self, request, ref: str, **kwargs) -> Answer:
        """Delete it when it is empty, or with all that is in it by ?cascade=true."""
        plane = find(request.user, ref, lock=True)
        if plane is None:
            return Answer(status=204)
        if plane.is_default:
            raise errors.Refusal.plain(400, "Cannot delete default workspace")
        if request.arguments.get("cascade") != "true" and not plane.is_empty:
            raise errors.Refusal.plain(400, "Workspace is not empty")
        plane.delete()
        return Answer(status=204)


def register_workspaces() -> None:
    register("workspaces", Workspaces)
    register("workspaces/{ref:workspaces}", Workspace)
