"""Consumers and their credentials in the Admin API's terms. Contract §3, §4."""

from dataclasses import replace
from typing import ClassVar

from django.http import Http404
from rest_framework.response import Response

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer, KeyAuth, OAuth2, OAuth2Token
from kongadmin import reads
from kongadmin.dialects.admin_api.entities import Collection, Item
from kongadmin.dialects.admin_api.errors import Refusal, Worded404
from kongadmin.dialects.admin_api.operations import (
    OBJECT,
    TEXT,
    Operation,
    entities,
)
from kongadmin.dialects.admin_api.registry import (
    register,
    register_entity,
    register_nested,
)
from kongadmin.entities import UUID_TEXT, Entity, EntityQuerySet
from kongadmin.fields import can_store
from kongadmin.prepared import Row


class Consumers(Collection):
    """/consumers: with ?custom_id= it is a look-up, and nothing else counts."""

    operations: ClassVar = {
        **Collection.operations,
        "get": Operation(
            "List {many}",
            {200: entities},
            query=("size", "offset", "tags", "custom_id"),
        ),
    }

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
    operations: ClassVar = {
        "post": replace(
            Collection.operations["post"],
            summary="Create {one}, as Kong 0.1 did",
            body=OBJECT | {"properties": {"key": TEXT, "consumer_id": TEXT}},
        )
    }

    def read_values(self, stored: dict | None = None) -> dict:
        values = super().read_values(stored)
        if "consumer_id" in values:
            values["consumer"] = {"id": values.pop("consumer_id")}
        return values


class ACLItem(Item):
    """/consumers/{c}/acls/{id or group}: the group names it among the consumer's.

    A miss by group is answered with Kong's generic error page (kong/plugins/acl).
    """

    def initial(self, request, *args, ref: str, **kwargs) -> None:
        try:
            super().initial(request, *args, ref=ref, **kwargs)
        except Http404:
            raise self.not_found(ref) from None

    @property
    def given_by_path(self) -> set[str]:
        return {*super().given_by_path, "group"}

    def check_ref(self, ref: str) -> None:
        """Any text may be a group."""

    def find_row(self, ref: str) -> Row | None:
        if UUID_TEXT.fullmatch(ref):
            return super().find_row(ref)
        if not can_store(ref):
            return None
        scope = {"scope_id": self.scope.pk}
        return reads.first(self.model, group=ref, **scope, **self.within)

    def named(self, rows: EntityQuerySet, ref: str) -> Entity | None:
        if UUID_TEXT.fullmatch(ref):
            return super().named(rows, ref)
        if not can_store(ref):
            return None
        rows = rows.filter(group=ref, **self.within)
        return rows.select_for_update(of=("self",)).first()

    def with_key(self, values: dict, ref: str) -> dict:
        if UUID_TEXT.fullmatch(ref):
            return super().with_key(values, ref)
        return {"group": ref, **values}

    def key_of(self, ref: str) -> dict[str, str]:
        return {"id": ref.lower()} if UUID_TEXT.fullmatch(ref) else {"group": ref}

    def not_found(self, ref: str) -> Exception:
        return Http404() if UUID_TEXT.fullmatch(ref) else Worded404()


ITEMS = {"acl": ACLItem}


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
            item=ITEMS.get(credential.kind, Item),
        )
    register("keyauth_credentials", OldKeyAuths, model=KeyAuth)
    register_entity(OAuth2Token, "oauth2_tokens")
    register_nested(
        OAuth2Token,
        "oauth2_tokens",
        parent=OAuth2,
        under="oauth2",
        nested="oauth2_tokens",
        field="credential",
    )
