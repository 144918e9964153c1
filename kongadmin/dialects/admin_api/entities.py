"""Kong's verbs, the same for every entity. Contract §1.5-1.8.

Collection is /things and /parents/{p}/things; Item is one of them; Owner is the parent
reached through its child (/key-auths/{k}/consumer).
"""

from types import SimpleNamespace
from typing import ClassVar
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from uuid_utils.compat import uuid7

from kongadmin import reads
from kongadmin.access.permissions import REVEAL, WRITE, may
from kongadmin.conflicts import explained_late
from kongadmin.dialects.admin_api import errors, paging
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.operations import (
    Operation,
    changes,
    entities,
    entity,
    new,
)
from kongadmin.dialects.admin_api.parsers import read_body
from kongadmin.dialects.admin_api.references import check_references, resolve_references
from kongadmin.dialects.admin_api.tags import read_tags
from kongadmin.dialects.admin_api.views import AdminView
from kongadmin.entities import (
    UUID_TEXT,
    Entity,
    EntityQuerySet,
    Violation,
    etag_of,
)
from kongadmin.prepared import Row
from kongadmin.schema import Schema
from kongadmin.tags import TagFilter

BAD_TTL = "must be an integer between 0 and 100000000"
LONGEST_TTL = 100_000_000


class EntityView(AdminView):
    """What collections and items share: whose rows, and how a body becomes a row."""

    model: type[Entity] = None
    parent_model: type[Entity] = None
    parent_field = "consumer"

    @property
    def tells_missing(self) -> bool:
        """Say whether deleting what is not there is answered 404, as below a parent."""
        return self.parent is not None

    @property
    def entity_type(self) -> str:
        return self.model.schema.name

    @property
    def given_by_path(self) -> set[str]:
        """The fields that a body need not have, because the path says them."""
        return {self.parent_field} if self.parent_model else set()

    def initial(self, request, *args, parent: str | None = None, **kwargs) -> None:
        super().initial(request, *args, **kwargs)
        self.parent = None
        if parent is not None and self.is_served:
            self.parent = self.find_parent(parent)

    @property
    def is_served(self) -> bool:
        """Say whether the method is one that looks at what the path names."""
        method = self.request.method
        return method != "OPTIONS" and method in self.allowed_methods

    def find_parent(self, ref: str) -> Entity:
        row = reads.find(self.parent_model, self.scope, ref)
        if row is None:
            raise Http404
        return reads.entity(self.parent_model, row)

    def rows(self) -> EntityQuerySet:
        """Return the rows that the route is about, expired ones included."""
        rows = self.model.objects.in_scope(self.scope)
        return rows.filter(**self.within)

    def read_values(self, stored: dict | None = None) -> dict:
        """Return the body in Kong's terms; the parent in the path is part of it."""
        values, is_form = read_body(self.request)
        if is_form:
            values = self.typing_schema({**(stored or {}), **values}).infer(values)
        values.pop("updated_at", None)
        if self.parent:
            values[self.parent_field] = {"id": str(self.parent.pk)}
        return values

    def schema_for(self, values: dict) -> Schema:
        """Return the schema that judges `values`; Violation if none can."""
        return self.model.schema_for(values)

    def typing_schema(self, values: dict) -> Schema:
        """Return the schema that says of what types a form's texts are."""
        try:
            return self.schema_for(values)
        except Violation:
            return self.model.schema

    def judge(
        self, values: dict, sent: dict | None = None, stored: dict | None = None
    ) -> dict:
        """Return `values` complete; refuse what the schema refuses.

        An update gives what was `sent` to change what was `stored`.
        """
        schema = self.schema_for(values)
        values = schema.fill(resolve_references(schema, values, self.scope))
        updating = stored is not None
        problems = schema.errors(values, updating=updating, patch=sent, stored=stored)
        if problems:
            raise Violation(problems)
        known = (self.parent_field,) if self.parent else ()
        check_references(schema, values, self.scope, known)
        return values

    def write(self, entity: Entity, values: dict, ttl: int | None) -> None:
        """Store what was judged; `ttl` seconds count from the creation."""
        entity.scope_id = self.scope.pk
        entity.assign(values)
        if self.model.schema.ttl and ttl is not None:
            try:
                entity.expire_in(ttl, since=entity.created_at)
            except OverflowError:
                raise errors.invalid_options(ttl=BAD_TTL) from None
        entity.save()

    def own_path(self) -> str:
        """Return the path as requested, without the workspace before it."""
        return self.request.path_info.removeprefix(self.request.workspace_prefix)

    @property
    def within(self) -> dict:
        """What the rows have in common besides the control plane."""
        return {f"{self.parent_field}_id": self.parent.pk} if self.parent else {}

    def answer(self, entity: Entity, status: int = 200) -> Answer:
        return self.answer_row(entity.__dict__, status)

    def answer_row(self, row: Row, status: int = 200) -> Answer:
        return Answer(self.shown([row])[0], status, headers={"ETag": etag_of(row)})

    def shown(self, rows: list[Row]) -> list[dict]:
        """Return rows in Kong's terms, secrets masked for who may not see them."""
        values = [self.model.wire(row) for row in rows]
        return values if self.may(REVEAL) else [self.model.masked(v) for v in values]


class Collection(EntityView):
    """/things, or /parents/{p}/things: list and create."""

    operations: ClassVar = {
        "get": Operation(
            "List {many}", {200: entities}, query=("size", "offset", "tags")
        ),
        "post": Operation(
            "Create {one}", {201: entity}, new, errors=(409,), is_versioned=True
        ),
    }
    is_parent_assumed = False

    def get(self, request, **kwargs) -> Answer:
        arguments = request.arguments
        size = paging.read_size(arguments.get("size"))
        wanted = read_tags(arguments.get("tags"))
        rows = self.read_page(size + 1, wanted)
        if self.is_parent_assumed and not rows:
            super().find_parent(str(self.parent.pk))
        found, offset = paging.cut(rows, size)
        more = {name: arguments.get(name) for name in self.repeated}
        data = self.shown(found)
        return Answer(paging.answer(data, self.own_path(), offset, **more))

    def find_parent(self, ref: str) -> Entity | SimpleNamespace:
        """Spare a list the query for a parent that is named by its id.

        Rows that are found prove that it is there. Arguments may be refused, but only
        of a list that there is.
        """
        is_plain = self.request.method == "GET" and not self.request.arguments
        if is_plain and UUID_TEXT.fullmatch(ref):
            self.is_parent_assumed = True
            return SimpleNamespace(pk=UUID(ref))
        return super().find_parent(ref)

    @property
    def repeated(self) -> tuple[str, ...]:
        """The query arguments that `next` repeats."""
        return () if self.parent else ("tags", "size")

    def read_page(self, size: int, wanted: TagFilter | None) -> list[Row]:
        """Return up to `size` rows; tags count at the top level only, as in Kong."""
        after, may_follow = paging.read_offset(self.request.arguments)
        if not may_follow:
            return []
        wanted = None if self.parent else wanted
        rows = self.narrowed()
        if rows is None:
            return reads.page(
                self.model, self.scope, size, after, wanted, **self.within
            )
        rows = rows.tagged(wanted, self.scope) if wanted else rows
        rows = rows.filter(pk__gt=after) if after else rows
        return [entity.__dict__ for entity in rows.order_by("pk")[:size]]

    def narrowed(self) -> EntityQuerySet | None:
        """Return the rows that the query asks for, None if it asks by tags at most."""
        return None

    def post(self, request, **kwargs) -> Answer:
        values = self.read_values()
        ttl = take_ttl(self.model.schema, values) or 0
        entity = self.model()
        self.write(entity, self.judge(values), ttl)
        return self.answer(entity, 201)


class Item(EntityView):
    """/things/{id or key}, or /parents/{p}/things/{id or key}."""

    operations: ClassVar = {
        "get": Operation("Read {one}", {200: entity}, is_versioned=True),
        "put": Operation(
            "Create or replace {one}",
            {200: entity},
            new,
            errors=(409, 412),
            is_versioned=True,
        ),
        "patch": Operation(
            "Change {one}",
            {200: entity},
            changes,
            errors=(409, 412),
            is_versioned=True,
        ),
        "delete": Operation(
            "Delete {one}", {204: None}, errors=(412,), is_versioned=True
        ),
    }

    @property
    def given_by_path(self) -> set[str]:
        return {*super().given_by_path, self.model.endpoint_key}

    def get(self, request, ref: str, **kwargs) -> Answer:
        self.check_ref(ref)
        row = self.find_row(ref)
        if row is None:
            self.check_key(ref)
            raise self.not_found(ref)
        return self.answer_row(row)

    def find_row(self, ref: str) -> Row | None:
        return reads.find(self.model, self.scope, ref, **self.within)

    def locked(self, ref: str, **within: UUID) -> Entity | None:
        """Return what a path segment names, expired or not, for us alone to write."""
        return reads.locked(self.model, self.scope, ref, **within)

    def locked_live(self, ref: str) -> Entity | None:
        entity = self.locked(ref, **self.within)
        return None if entity is None or entity.is_expired else entity

    def not_found(self, ref: str) -> Exception:
        return Http404()

    def check_ref(self, ref: str) -> None:
        if not UUID_TEXT.fullmatch(ref) and self.model.endpoint_key is None:
            raise errors.invalid_primary_key()

    def check_key(self, ref: str) -> None:
        """Refuse a name that nothing can have."""
        key = self.model.endpoint_key
        if key and not UUID_TEXT.fullmatch(ref):
            text = self.model.schema.errors({key: ref}).get(key)
            if text:
                raise errors.Refusal.coded(10, text, about=key)

    def key_of(self, ref: str) -> dict[str, str]:
        """Return the field that a path segment gives, and its value."""
        if UUID_TEXT.fullmatch(ref):
            return {"id": ref.lower()}
        return {self.model.endpoint_key: ref}

    @explained_late
    def put(self, request, ref: str, **kwargs) -> Answer:
        """Create or replace; whoever owned the row before, it is the path's now."""
        self.check_ref(ref)
        entity = self.locked(ref)
        if entity is None:
            self.check_key(ref)
        self.check_version(entity)
        return self.replace(entity, self.with_key(self.read_values(), ref))

    def with_key(self, values: dict, ref: str) -> dict:
        """Return a body with the key in the path, which wins."""
        return values | self.key_of(ref)

    def replace(self, entity: Entity | None, values: dict) -> Answer:
        """Store `values` as the whole entity: what is left out starts anew."""
        ttl = take_ttl(self.model.schema, values) or 0
        if entity is None:
            entity = self.model()
        else:
            values["id"] = str(entity.pk)
        values = self.judge(values)
        entity.created_at = timezone.now()
        self.write(entity, values, ttl)
        return self.answer(entity)

    @explained_late
    def patch(self, request, ref: str, **kwargs) -> Answer:
        self.check_ref(ref)
        entity = self.locked_live(ref)
        if entity is None:
            self.check_key(ref)
            raise self.missing(ref)
        self.check_version(entity)
        return self.merge(entity, self.key_of(ref))

    def merge(self, entity: Entity, key: dict) -> Answer:
        """Store the body over the entity, records key by key."""
        stored = entity.to_dict()
        stored.pop("ttl", None)
        values = self.read_values(stored)
        ttl = take_ttl(self.model.schema, values)
        schema = self.typing_schema({**stored, **values})
        merged = self.judge(schema.merge(stored, values), values, stored)
        if (values.get("id") or stored["id"]).lower() != stored["id"]:
            raise errors.no_such_entity(key)
        entity.assign({name: merged[name] for name in values})
        if ttl is not None:
            entity.expire_in(ttl)
        entity.save()
        return self.answer(entity)

    def missing(self, ref: str) -> Exception:
        """Return the refusal of a change of what is not there."""
        if self.parent:
            return self.not_found(ref)
        return errors.no_such_entity(self.key_of(ref))

    @transaction.atomic
    def delete(self, request, ref: str, **kwargs) -> Answer:
        self.check_ref(ref)
        entity = self.locked_live(ref)
        if entity is None:
            self.check_key(ref)
            if self.tells_missing:
                raise self.not_found(ref)
        self.check_version(entity)
        if entity is not None:
            entity.delete()
        return Answer(status=204)

    def check_version(self, entity: Entity | None) -> None:
        """Refuse to change what the client has not seen (RFC 9110 §13.1.1)."""
        wanted = self.request.META.get("HTTP_IF_MATCH")
        if wanted is None:
            return
        tags = [tag.strip() for tag in wanted.split(",")]
        if entity is None or ("*" not in tags and entity.etag not in tags):
            raise errors.Refusal.plain(412, "the entity has changed since it was read")


class Owner(Item):
    """The parent of a child, reached through it: /key-auths/{key}/consumer.

    `child` is the model in the path, `model` its parent.
    """

    child: type[Entity] = None
    operations: ClassVar = {
        **Item.operations,
        "delete": Operation("Refused: {one} cannot be deleted here", {}, errors=(405,)),
    }
    given_by_path = frozenset()

    @property
    def documented_under(self) -> str:
        return self.child.schema.name

    def initial(self, request, *args, ref: str, **kwargs) -> None:
        super().initial(request, *args, **kwargs)
        if not self.is_served:
            return
        if self.child.endpoint_key is None and not UUID_TEXT.fullmatch(ref):
            raise errors.invalid_primary_key()
        child = one(self.child.objects.in_scope(self.scope).live(), ref)
        self.owner_id = getattr(child, f"{self.parent_field}_id")

    def owner(self) -> Entity:
        rows = self.model.objects.in_scope(self.scope).select_for_update(of=("self",))
        entity = rows.filter(pk=self.owner_id).first()
        if entity is None:
            raise Http404
        return entity

    @transaction.atomic
    def get(self, request, **kwargs) -> Answer:
        return self.answer(self.owner())

    @explained_late
    def put(self, request, ref: str, **kwargs) -> Answer:
        if self.owner_id is None:
            return self.adopt(ref)
        entity = self.owner()
        self.check_version(entity)
        return self.replace(entity, self.read_values())

    def adopt(self, ref: str) -> Answer:
        """Create a parent for a child that has none: a plugin that is for all."""
        if not may(self.request.user, WRITE, self.child.schema.name, self.scope):
            raise self.forbidden()
        id_ = uuid7()
        answer = self.replace(None, self.read_values() | {"id": str(id_)})
        child = reads.locked(self.child, self.scope, ref)
        if child is None:
            raise Http404
        setattr(child, f"{self.parent_field}_id", id_)
        child.clean()
        child.save()
        return answer

    @explained_late
    def patch(self, request, **kwargs) -> Answer:
        entity = self.owner()
        self.check_version(entity)
        return self.merge(entity, {"id": str(entity.pk)})

    def delete(self, request, **kwargs) -> Answer:
        return self.http_method_not_allowed(request)


def one(rows: EntityQuerySet, ref: str) -> Entity:
    """Return the row that a path segment names; Http404 if there is none."""
    entity = rows.by_ref(ref).first()
    if entity is None:
        raise Http404
    return entity


def take_ttl(schema: Schema, values: dict) -> int | None:
    """Take the option `ttl` out of a body: seconds, 0 for never, None if not sent."""
    if not schema.ttl or "ttl" not in values:
        return None
    ttl = values.pop("ttl")
    if isinstance(ttl, float) and ttl.is_integer():
        ttl = int(ttl)
    if type(ttl) is not int or not 0 <= ttl <= LONGEST_TTL:
        raise errors.invalid_options(ttl=BAD_TTL)
    return ttl
