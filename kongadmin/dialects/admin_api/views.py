"""A route of the Admin API: who may use it, in which control plane, in JSON."""

from typing import ClassVar

from django.core.exceptions import PermissionDenied
from django.http import Http404

from kongadmin import changes
from kongadmin.access.permissions import READ, WRITE, may
from kongadmin.dialects.admin_api import errors
from kongadmin.dialects.admin_api.access import TokenAuthentication
from kongadmin.dialects.admin_api.operations import Operation
from kongadmin.dialects.patience import PatientView
from kongadmin.fields import can_store
from realms.models import DEFAULT, RESERVED, ControlPlane

# What a method does, as a refusal names it; GET and HEAD read.
DEEDS = {"POST": "create", "DELETE": "delete"}


class AdminView(PatientView):
    """The base of every view: asks `may` before anything else happens.

    `entity_type` names what the route is about; `scope` is the control plane;
    `operations` says for /openapi.json what the methods take and answer. `dialect` is
    what the change log calls the API, where another one has views of the same kind.
    """

    dialect = "admin_api"
    authentication_classes = [TokenAuthentication]
    entity_type = "node"
    reading_methods = ("GET", "HEAD")
    operations: ClassVar[dict[str, Operation]] = {}

    @property
    def documented_under(self) -> str:
        """The entity type whose chapter of /openapi.json has the view."""
        return self.entity_type

    def get_exception_handler(self):
        return errors.handle

    def dispatch(self, request, *args, workspace: str = DEFAULT, **kwargs):
        self.workspace = workspace
        segments = request.path_info.split("/")
        shown = "workspace" in request.resolver_match.kwargs
        request.workspace_prefix = f"/{segments[1]}" if shown else ""
        with changes.acting("unknown", self.dialect, request.request_id):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request, *args, **kwargs) -> None:
        if request.method == "OPTIONS":
            return
        self.identify(request)
        found = self.find_scope(self.workspace)
        # Who was given nothing there must not learn whether it exists.
        self.scope = found or ControlPlane(name=self.workspace)
        if not self.may(READ if self.is_reading else WRITE):
            raise self.forbidden()
        changes.identify(str(request.user))
        if found is None:
            raise self.no_scope()

    @property
    def is_reading(self) -> bool:
        return self.request.method in self.reading_methods

    def find_scope(self, name: str) -> ControlPlane | None:
        return ControlPlane.called(name) if can_store(name) else None

    def forbidden(self) -> Exception:
        """Return the refusal of what the caller may not do."""
        deed = "read" if self.is_reading else DEEDS.get(self.request.method, "update")
        name = self.request.user.username
        return PermissionDenied(
            f"{name}, you do not have permissions to {deed} this resource"
        )

    def no_scope(self) -> Exception:
        """Return the refusal of a control plane that is not there, or of a path."""
        if self.workspace in RESERVED:
            return Http404()
        return errors.Refusal.plain(404, f"Workspace '{self.workspace}' not found")

    def may(self, verb: str) -> bool:
        """Say whether the caller may do that to what the route is about."""
        return may(self.request.user, verb, self.entity_type, self.scope)
