"""POST /explain: what would become of a request, and why, step by step."""

from typing import ClassVar

from kongadmin.access.permissions import may
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.operations import (
    INTEGER,
    OBJECT,
    TEXT,
    Operation,
    array,
    record,
)
from kongadmin.dialects.admin_api.parsers import read_body
from kongadmin.dialects.admin_api.registry import register
from kongadmin.dialects.admin_api.views import AdminView
from kongadmin.explain.context import Context
from kongadmin.explain.described import SCHEMA, read, request_of
from kongadmin.explain.engine import explain
from kongadmin.explain.telling import explanation
from kongadmin.peers import client_address
from kongadmin.schema import Translation

BOOLEAN = {"type": "boolean"}
STEP = record(title=TEXT, details=array(TEXT), outcome=TEXT, plugin=TEXT)
EXPLANATION = record(
    summary=TEXT,
    steps=array(STEP),
    allowed=BOOLEAN,
    status=INTEGER,
    story=array(OBJECT),
)


def description() -> dict:
    """Return what is sent: a request in parts, or the curl command that sends it."""
    said = SCHEMA.in_json_schema(Translation(lambda name: OBJECT, is_sent=True))
    del said["properties"]["dry_run"]  # that it always is
    text_or_list = {"anyOf": [TEXT, array(TEXT)]}
    said["properties"]["headers"]["additionalProperties"] = text_or_list
    said["properties"]["curl"] = TEXT
    return said


class Explain(AdminView):
    """For those who may read what decides, and about whom."""

    entity_type = "plugins"
    reading_methods = ("GET", "HEAD", "POST")
    operations: ClassVar = {
        "post": Operation(
            "Explain what would become of a request", {200: EXPLANATION}, description()
        ),
    }

    def may(self, verb: str) -> bool:
        kinds = (self.entity_type, "consumers")
        return all(may(self.request.user, verb, kind, self.scope) for kind in kinds)

    def post(self, request) -> Answer:
        sent, is_form = read_body(request)
        values = read(SCHEMA.infer(sent) if is_form else sent)
        described = request_of(values, client_address(request.META))
        decision = explain(self.scope, described)
        return Answer(explanation(Context(self.scope, decision)))


def register_explain() -> None:
    register("explain", Explain)
