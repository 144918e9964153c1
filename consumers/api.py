"""Consumers and their credentials in the Admin API's terms. Contract §3, §4."""

from dataclasses import replace
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.http import Http404

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer, KeyAuth, OAuth2, OAuth2Token
from consumers.usage import OUTCOMES, SPANS, series
from kongadmin import keyset, reads
from kongadmin.dialects.admin_api import paging
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.entities import Collection, EntityView, Item
from kongadmin.dialects.admin_api.errors import Refusal, Worded404
from kongadmin.dialects.admin_api.operations import (
    INTEGER,
    OBJECT,
    TEXT,
    Operation,
    array,
    entities,
    record,
)
from kongadmin.dialects.admin_api.registry import (
    register,
    register_entity,
    register_nested,
)
from kongadmin.dialects.admin_api.tags import read_tags
from kongadmin.entities import UUID_TEXT, Entity, EntityQuerySet
from kongadmin.fields import can_store
from kongadmin.keyset import Sort
from kongadmin.prepared import Row

SORTS = {
    "username": Sort("username_lower", nullable=True),
    "custom_id": Sort("custom_id", nullable=True),
    "created_at": Sort("created_at"),
}
BY_ID = Sort("pk")
REPEATED = ("tags", "size", "username", "custom_id", "sort_by", "sort_desc")


class Consumers(Collection):
    """/consumers: a list, a look-up by custom_id, or Kong Manager's search.

    ?custom_id=X finds the consumer that has exactly this one, and nothing else counts.
    Kong Manager's list of an enterprise node sorts by ?sort_by= (and &sort_desc=1), and
    filters by parts of ?username= and &custom_id=. Whenever it filters, it also sends
    sort_by or sort_desc: beside one of those, or a username, custom_id is a part too.
    """

    operations: ClassVar = {
        **Collection.operations,
        "get": Operation(
            "List {many}",
            {200: entities},
            query=(*REPEATED, "offset"),
        ),
    }

    def get(self, request, **kwargs) -> Answer:
        if is_search(request.arguments):
            return self.search(request.arguments)
        if "custom_id" in request.arguments:
            return self.look_up()
        return super().get(request, **kwargs)

    def look_up(self) -> Answer:
        given = [value for name, value in self.request.pairs if name == "custom_id"]
        if len(given) > 1 or given[0] in ("", True):
            raise Refusal.plain(400, "custom_id must be an unempty string")
        row = None
        if can_store(given[0]):
            wanted = {"custom_id": given[0], "scope_id": self.scope.pk}
            row = reads.first(self.model, **wanted)
        return Answer({"data": self.shown([row] if row else []), "next": None})

    def search(self, arguments: dict) -> Answer:
        size = paging.read_size(arguments.get("size"))
        sort = SORTS.get(arguments.get("sort_by"), BY_ID)
        cursor, may_follow = paging.read_place(arguments, self.model, sort)
        rows = self.matching(arguments) if may_follow else self.rows().none()
        # Without a column to sort by, its direction does not count either.
        falling = sort is not BY_ID and arguments.get("sort_desc") in ("1", "true")
        found = keyset.fetch(rows, sort, size + 1, cursor, is_descending=falling)
        offset = paging.say_place(found[size - 1], sort) if len(found) > size else None
        data = [consumer.to_dict() for consumer in found[:size]]
        more = {name: arguments.get(name) for name in REPEATED}
        return Answer(paging.answer(data, self.own_path(), offset, **more))

    def matching(self, arguments: dict) -> EntityQuerySet:
        rows, wanted = self.rows(), read_tags(arguments.get("tags"))
        rows = rows.tagged(wanted, self.scope) if wanted else rows
        for field in ("username", "custom_id"):
            text = arguments.get(field)
            rows = rows.containing(field, text) if isinstance(text, str) else rows
        return rows


def is_search(arguments: dict) -> bool:
    """Say whether the arguments of a list are Kong Manager's search."""
    if not settings.IS_ENTERPRISE:
        return False
    filters = "custom_id" in arguments and "sort_desc" in arguments
    return filters or "username" in arguments or "sort_by" in arguments


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

    def locked(self, ref: str, **within: UUID) -> Entity | None:
        if UUID_TEXT.fullmatch(ref):
            return super().locked(ref, **within)
        if not can_store(ref):
            return None
        rows = self.model.objects.in_scope(self.scope)
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


COUNTS = record(start=INTEGER, **dict.fromkeys(OUTCOMES, INTEGER))


class ConsumerUsage(EntityView):
    """/consumers/{c}/usage: what became of its requests; Kong has no such route."""

    model = parent_model = Consumer
    parent_field = "consumer"
    operations: ClassVar = {
        "get": Operation(
            "Tell how many requests of a consumer were allowed, denied and limited",
            {200: record(data=array(COUNTS), span=TEXT)},
            query=("span",),
            errors=(400,),
        ),
    }

    def get(self, request, **kwargs) -> Answer:
        name = request.arguments.get("span", "day")
        span = SPANS.get(name) if isinstance(name, str) else None
        if span is None:
            text = f"invalid span '{name}' (expected {' or '.join(SPANS)})"
            raise Refusal.plain(400, text)
        points = series([self.parent.pk], span)[self.parent.pk]
        return Answer({"data": [point.to_dict() for point in points], "span": name})


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
    register("consumers/{parent:consumers}/usage", ConsumerUsage)
    register_entity(OAuth2Token, "oauth2_tokens")
    register_nested(
        OAuth2Token,
        "oauth2_tokens",
        parent=OAuth2,
        under="oauth2",
        nested="oauth2_tokens",
        field="credential",
    )
