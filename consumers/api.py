"""Consumers and their credentials in the Admin API's terms. Contract §3, §4."""

from rest_framework.response import Response

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer, KeyAuth
from kongadmin.dialects.admin_api.entities import Collection
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.admin_api.registry import (
    register,
    register_entity,
    register_nested,
)
from kongadmin.fields import can_store


class Consumers(Collection):
    """/consumers: with ?custom_id= it is a look-up, and nothing else counts."""

    def get(self, request, **kwargs) -> Response:
        if "custom_id" not in request.arguments:
            return super().get(request, **kwargs)
        given = [value for name, value in request.pairs if name == "custom_id"]
        if len(given) > 1 or given[0] in ("", True):
            raise Refusal.plain(400, "custom_id must be an unempty string")
        rows = self.rows()
        found = rows.filter(custom_id=given[0]) if can_store(given[0]) else rows.none()
        return Response({"data": [c.to_dict() for c in found], "next": None})


class OldKeyAuths(Collection):
    """Kong 0.1's POST /keyauth_credentials, with `consumer_id` for the consumer."""

    http_method_names = ["post", "options"]

    def read_values(self, stored: dict | None = None) -> dict:
        values = super().read_values(stored)
        if "consumer_id" in values:
            values["consumer"] = {"id": values.pop("consumer_id")}
        return values


def register_consumers() -> None:
    register_entity(Consumer, "consumers", collection=Consumers)
    for credential in CREDENTIALS.values():
        register_entity(credential.model, credential.path)
        register_nested(
            credential.model,
            credential.path,
            parent=Consumer,
            under="consumers",
            nested=credential.nested_path,
        )
    register("keyauth_credentials", OldKeyAuths, model=KeyAuth)
