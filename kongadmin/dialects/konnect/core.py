"""Core entities: the Admin API's views, as Konnect serves them in a control plane.

Contract konnect §2.2-2.4. Apps register theirs here (core_entities.py); what is told
differently stands in CoreEntity and in the errors, everything else is inherited.
"""

from collections.abc import Sequence
from uuid import UUID

from django.urls import include, path
from django.urls.resolvers import URLPattern

from kongadmin.access.permissions import can_see
from kongadmin.dialects.admin_api.entities import Collection, Item
from kongadmin.dialects.admin_api.parsers import SUPPORTED
from kongadmin.dialects.admin_api.views import AdminView
from kongadmin.dialects.konnect import core_errors, routes
from kongadmin.dialects.konnect.access import BearerAuthentication
from kongadmin.dialects.konnect.filters import read_filters
from kongadmin.dialects.konnect.problems import Problem, parameter
from kongadmin.dialects.konnect.regions import region_of
from kongadmin.entities import UUID_TEXT, EntityQuerySet, Violation
from kongadmin.fields import can_store
from kongadmin.schema import Schema
from realms.models import ControlPlane

LIST = ("get", "post")
ITEM = ("get", "put", "delete")
READ = ("get",)
READ_ONLY = (READ, READ)
WITH_BODY = ("POST", "PUT", "PATCH")

patterns: list[URLPattern] = []
routes.urlpatterns.append(
    path("v2/control-planes/<segment:workspace>/core-entities/", include(patterns))
)


def register(
    template: str, view: type[AdminView], methods: Sequence[str], **options
) -> None:
    """Serve a view of the Admin API at a path such as consumers/{ref}."""
    route = template.replace("{", "<segment:").replace("}", ">")
    names = [*methods, "head", "options"]
    patterns.append(path(route, view.as_view(http_method_names=names, **options)))


class CoreEntity(AdminView):
    """What a view becomes by it: for Bearer tokens, in a control plane found by its id.

    Deleting what is not there is as good as deleting it.
    """

    dialect = "konnect"
    authentication_classes = [BearerAuthentication]
    tells_missing = False

    def get_exception_handler(self):
        return core_errors.handle

    def initial(self, request, *args, **kwargs) -> None:
        super().initial(request, *args, **kwargs)
        kind = request.META.get("CONTENT_TYPE", "")
        if request.method in WITH_BODY and kind and not kind.startswith(SUPPORTED):
            raise Problem(415)

    def find_scope(self, name: str) -> ControlPlane | None:
        found = ControlPlane.with_id(read_plane_id(name))
        is_here = found is not None and found.region == region_of(self.request)
        return found if is_here else None

    def forbidden(self) -> Exception:
        is_there = not self.scope._state.adding
        is_seen = is_there and can_see(self.request.user, self.scope)
        return Problem(403 if is_seen else 404)

    def no_scope(self) -> Exception:
        return Problem(404)

    def own_path(self) -> str:
        return self.request.path_info

    def schema_for(self, values: dict) -> Schema:
        """Return what judges an entity here, where Konnect has rules of its own."""
        own = getattr(self.model, "konnect_schema", None)
        return own or super().schema_for(values)


def read_plane_id(text: str) -> UUID:
    """Return the id of a control plane in a path; refuse what no id can be."""
    if UUID_TEXT.fullmatch(text):
        return UUID(text)
    wrong = parameter("id", "is_uuid", "must be a UUID", "path")
    raise Problem.invalid([wrong], "Request contains invalid ID format")


class CoreCollection(CoreEntity, Collection):
    """A list that can also be filtered: `filter[name]` is about the field `named_by`.

    `exact` are the fields that arguments of the same name are compared with.
    """

    named_by: str = ""
    exact: tuple[str, ...] = ()

    @property
    def repeated(self) -> tuple[str, ...]:
        filters = (name for name in self.request.arguments if name.startswith("filter"))
        return *super().repeated, *self.exact, *filters

    def narrowed(self) -> EntityQuerySet | None:
        rows = super().narrowed()
        for field, operator, text in self.conditions():
            rows = self.rows().live() if rows is None else rows
            if operator == "contains":
                rows = rows.containing(field, text)
            else:
                rows = rows.filter(**{field: text}) if can_store(text) else rows.none()
        return rows

    def conditions(self) -> list[tuple[str, str, str]]:
        """Return what the query asks of the rows: field, operator and text."""
        arguments = self.request.arguments
        operators = {"name": ("eq", "contains")} if self.named_by else {}
        filters, wrong = read_filters(arguments, operators)
        if wrong:
            raise Violation({each["field"]: each["reason"] for each in wrong})
        given = [(name, arguments[name]) for name in self.exact if name in arguments]
        return [
            *((self.named_by, each.operator, each.text) for each in filters),
            *((name, "eq", text) for name, text in given if isinstance(text, str)),
        ]


class CoreItem(CoreEntity, Item):
    """One of them: read, created or replaced, deleted."""


def register_entity(
    route: str,
    collection: type[CoreCollection] = CoreCollection,
    item: type[CoreEntity] = CoreItem,
    methods: tuple[Sequence[str], Sequence[str]] = (LIST, ITEM),
    **options,
) -> None:
    """Serve an entity at <route> and <route>/{id or key}; `methods` are of either."""
    for_all, for_one = methods
    register(route, collection, for_all, **options)
    register(f"{route}/{{ref}}", item, for_one, **options)
