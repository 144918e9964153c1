"""The decision about a described request, for programs. Data-plane contract §4.3."""

from django.http import Http404

from kongadmin.access.permissions import READ
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.konnect import bodies
from kongadmin.dialects.konnect.routes import register
from kongadmin.dialects.konnect.views import KonnectView
from kongadmin.entities import UUID_TEXT
from kongadmin.explain import answers, engine
from kongadmin.explain.described import SCHEMA, even, request_of
from kongadmin.fields import can_store
from kongadmin.peers import client_address
from realms.models import ControlPlane

NULLABLE = {"body", "client_ip", "service", "route"}


class Check(KonnectView):
    """POST: for those who may read the plugins that decide."""

    entity_type = "plugins"

    def check_right(self, plane: str) -> None:
        """Whether the caller may depends on the control plane; see `find_parents`."""

    def find_parents(self, plane: str) -> None:
        column = "pk" if UUID_TEXT.fullmatch(plane) else "name"
        rows = ControlPlane.objects.filter(**{column: plane})
        self.plane = rows.first() if can_store(plane) else None
        if self.plane is None or not self.may(READ, self.plane):
            raise Http404

    def post(self, request, plane: str) -> Answer:
        sent = even(self.read_object())
        values = bodies.judge(SCHEMA, sent, SCHEMA.fields, nullable=NULLABLE)
        described = request_of(values, client_address(request.META))
        decide = engine.explain if values["dry_run"] else engine.check
        return Answer(answers.outcome(decide(self.plane, described)))


def register_check() -> None:
    register("dataplane/v1/{plane}/check", Check)
