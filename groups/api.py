"""Consumer groups in the Admin API's terms. Contract §5.

Group answers carry the older shapes and the newer ones together: a whole list under
`consumers` or `consumer_groups` beside a page under `data`.
"""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Count
from django.http import Http404

from consumers.models import Consumer
from groups.models import (
    RATE_LIMITING,
    ConsumerGroup,
    Membership,
    Override,
    join,
)
from kongadmin.dialects.admin_api import paging
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.entities import (
    Collection,
    EntityView,
    Item,
    one,
)
from kongadmin.dialects.admin_api.node import DEFINITION
from kongadmin.dialects.admin_api.operations import (
    INTEGER,
    OBJECT,
    TEXT,
    Operation,
    array,
    component,
    entities,
    new,
    page,
    record,
)
from kongadmin.dialects.admin_api.parsers import read_body
from kongadmin.dialects.admin_api.registry import register, register_entity
from kongadmin.dialects.admin_api.views import AdminView
from kongadmin.entities import Entity, EntityQuerySet, Violation
from kongadmin.prepared import Row

IN_GROUP = {
    "allOf": [component("consumers")],
    "properties": {"type": INTEGER, "username_lower": {"type": ["string", "null"]}},
    "required": ["type", "username_lower"],
}
SHOWN_AS = {Consumer: IN_GROUP, ConsumerGroup: component("consumer_groups")}
DETAIL = OBJECT | {
    "properties": {
        "consumer_group": component("consumer_groups"),
        "consumers": array(IN_GROUP),
        "plugins": array(component("consumer_group_overrides")),
    },
    "required": ["consumer_group"],
}

OVERRIDE = record(config=OBJECT, consumer_group=TEXT, group=TEXT, plugin=TEXT)


def listed_twice(view: "Members") -> dict:
    """A page under `data`, and all of them under their own name."""
    shown = SHOWN_AS[view.model]
    both = page(shown)
    both["properties"][view.listed] = array(shown)
    return both | {"required": ["data", "next", view.listed]}


def joined(view: "Members") -> dict:
    """Who was joined, and what with."""
    shown = {
        view.parent_field: SHOWN_AS[view.parent_model],
        view.listed: array(SHOWN_AS[view.model]),
    }
    return record(**shown)


def named(view: "Members") -> dict:
    """A body that names one or several: by name, by id or by reference."""
    several = array({"type": ["string", "object"]}) | {"minItems": 1}
    return record(**{view.argument: {"anyOf": [TEXT, OBJECT, several]}})


def one_of_them(view: "Member") -> dict:
    return record(**{view.member_field: SHOWN_AS[view.model]})


def consumer_in_group(row: Row) -> dict:
    """Return a consumer with the two fields that only group answers have."""
    extra = {"type": 0, "username_lower": row["username_lower"]}
    return Consumer.wire(row) | extra


class Groups(Collection):
    """/consumer_groups; with ?counter=true each tells how many consumers it has."""

    operations: ClassVar = {
        **Collection.operations,
        "get": Operation(
            "List {many}",
            {200: entities},
            query=("size", "offset", "tags", "counter"),
        ),
    }

    def shown(self, rows: list[Row]) -> list[dict]:
        data = super().shown(rows)
        if self.request.arguments.get("counter") == "true":
            counts = count_members([group["id"] for group in data])
            for group in data:
                group["consumers_count"] = counts.get(group["id"], 0)
        return data


def count_members(ids: list[str]) -> dict[str, int]:
    """Return how many consumers each group has that has any; one query."""
    rows = Membership.objects.filter(consumer_group_id__in=ids)
    counted = rows.values("consumer_group_id").annotate(count=Count("pk"))
    pairs = counted.order_by().values_list("consumer_group_id", "count")
    return {str(id_): count for id_, count in pairs}


class Group(Item):
    """/consumer_groups/{g}: wrapped when read, bare when written."""

    operations: ClassVar = {
        **Item.operations,
        "get": Operation(
            "Read {one}, its members and its overrides",
            {200: DETAIL},
            query=("list_consumers",),
            is_versioned=True,
        ),
    }

    def get(self, request, ref: str, **kwargs) -> Answer:
        bare = super().get(request, ref, **kwargs)
        answer = {"consumer_group": bare.data, **self.details(one(self.rows(), ref))}
        return Answer(answer, headers={"ETag": bare.headers["ETag"]})

    def details(self, group: ConsumerGroup) -> dict:
        """Return what stands beside the group."""
        found = {}
        if self.request.arguments.get("list_consumers") != "false":
            members = [consumer_in_group(c.__dict__) for c in group.members]
            found |= {"consumers": members} if members else {}
        if override := Override.objects.filter(consumer_group=group).first():
            found["plugins"] = [as_plugin(override)]
        return found


def as_plugin(override: Override) -> dict:
    return override.to_dict() | {"name": RATE_LIMITING}


SAYS = {Consumer: consumer_in_group, ConsumerGroup: ConsumerGroup.wire}


class Members(EntityView):
    """Who is in a group, or which groups a consumer is in: list, add, remove all.

    `model` is what is listed and `parent_model` whose; a membership refers to them by
    `member_field` and `parent_field`, and a body names the former in `argument`.
    `says` holds how a row of either is said.
    """

    member_field: str = None
    argument: str = None
    says: ClassVar = SAYS
    operations: ClassVar = {
        "get": Operation("List {many}", {200: listed_twice}, query=("size", "offset")),
        "post": Operation("Add {many}", {201: joined}, named, errors=(409,)),
        "delete": Operation("Remove all {many}", {204: None}),
    }

    @property
    def entity_type(self) -> str:
        return Membership.schema.name

    @property
    def listed(self) -> str:
        return f"{self.member_field}s"

    def get(self, request, **kwargs) -> Answer:
        size = paging.read_size(request.arguments.get("size"))
        after, may_follow = paging.read_offset(request.arguments)
        rows = [entity.__dict__ for entity in self.members()]
        behind = [row for row in rows if after is None or row["id"] > after]
        page, offset = paging.cut(behind if may_follow else [], size)
        answer = paging.answer(self.say(page), self.own_path(), offset)
        return Answer(answer | {self.listed: self.say(rows)})

    def members(self) -> EntityQuerySet:
        """Return the entities of `model` that belong to the parent, by id."""
        within = {f"memberships__{self.parent_field}": self.parent}
        return self.model.objects.filter(**within).order_by("pk")

    @transaction.atomic
    def post(self, request, **kwargs) -> Answer:
        added = list(dict.fromkeys(self.read_members()))
        parent = self.says[self.parent_model](self.parent.__dict__)
        join(**{f"{self.parent_field}s": [self.parent], self.listed: added})
        rows = [entity.__dict__ for entity in added]
        return Answer({self.parent_field: parent, self.listed: self.say(rows)}, 201)

    def read_members(self) -> list[Entity]:
        """Return the entities that the body names, one or several."""
        values, _ = read_body(self.request)
        given = values.get(self.argument)
        if given in (None, "", []):
            raise Violation({self.argument: "required field missing"})
        rows = self.model.objects.in_scope(self.scope)
        refs = given if isinstance(given, list) else [given]
        return [self.find_member(rows, self.read_ref(ref)) for ref in refs]

    def find_member(self, rows: EntityQuerySet, ref: str) -> Entity:
        """Return whom a body names."""
        return one(rows, ref)

    def read_ref(self, given: Any) -> str:
        """Return the id or the name in a reference, which is text or an object."""
        if isinstance(given, dict):
            given = given.get("id") or given.get(self.model.endpoint_key)
        if not isinstance(given, str) or not given:
            raise Violation({self.argument: "expected a string"})
        return given

    @transaction.atomic
    def delete(self, request, **kwargs) -> Answer:
        for membership in self.memberships().select_for_update(of=("self",)):
            membership.delete()
        return Answer(status=204)

    def memberships(self) -> EntityQuerySet:
        rows = Membership.objects.filter(**{self.parent_field: self.parent})
        return rows.select_related("consumer", "consumer_group")

    def say(self, rows: list[Row]) -> list[dict]:
        return [self.says[self.model](row) for row in rows]


class Member(Members):
    """One of them: /consumer_groups/{g}/consumers/{c}, or the other way round."""

    http_method_names = ["get", "head", "options", "delete"]
    operations: ClassVar = {
        "get": Operation("Read {one}", {200: one_of_them}),
        "delete": Operation("Remove {one}", {204: None}),
    }

    def get(self, request, ref: str, **kwargs) -> Answer:
        [said] = self.say([one(self.members(), ref).__dict__])
        return Answer({self.member_field: said})

    @transaction.atomic
    def delete(self, request, ref: str, **kwargs) -> Answer:
        rows = self.memberships().select_for_update(of=("self",))
        member = self.members().by_ref(ref).first()
        membership = member and rows.filter(**{self.member_field: member}).first()
        if membership is None and self.tells_missing:
            raise Http404
        if membership is not None:
            membership.delete()
        return Answer(status=204)


class GroupOverride(EntityView):
    """/consumer_groups/{g}/overrides/plugins/rate-limiting-advanced."""

    model = Override
    parent_model = ConsumerGroup
    parent_field = "consumer_group"
    operations: ClassVar = {
        "put": Operation("Set {one}", {201: OVERRIDE}, new, errors=(409,)),
        "delete": Operation("Delete {one}", {204: None}),
    }

    @transaction.atomic
    def put(self, request, **kwargs) -> Answer:
        values = self.read_values()
        self.lock_group()
        entity = self.stored() or Override()
        self.write(entity, self.judge(values), ttl=None)
        sent = {name: entity.config[name] for name in values["config"]}
        body = {
            "config": {"retry_after_jitter_max": 0, **sent},
            "consumer_group": self.parent.name,
            "group": self.parent.name,
            "plugin": RATE_LIMITING,
        }
        return Answer(body, 201)

    @transaction.atomic
    def delete(self, request, **kwargs) -> Answer:
        if override := self.stored():
            override.delete()
        return Answer(status=204)

    def lock_group(self) -> None:
        """Let nobody else give the group an override until this one is stored."""
        ConsumerGroup.objects.select_for_update().filter(pk=self.parent.pk).first()

    def stored(self) -> Override | None:
        rows = Override.objects.filter(**self.within)
        return rows.select_for_update(of=("self",)).first()


class OverrideSchema(AdminView):
    """/schemas/consumer_group_plugins: overrides by Kong's name, as decK asks."""

    operations: ClassVar = {
        "get": Operation("Read the schema of overrides", {200: DEFINITION}),
    }

    def get(self, request) -> Answer:
        return Answer(Override.schema.describe())


# The two ways to look at memberships.
OF_GROUP = {
    "model": Consumer,
    "parent_model": ConsumerGroup,
    "parent_field": "consumer_group",
    "member_field": "consumer",
    "argument": "consumer",
}
OF_CONSUMER = {
    "model": ConsumerGroup,
    "parent_model": Consumer,
    "parent_field": "consumer",
    "member_field": "consumer_group",
    "argument": "group",
}


def register_groups() -> None:
    register_entity(ConsumerGroup, "consumer_groups", collection=Groups, item=Group)
    for base, member, options in (
        ("consumer_groups/{parent:consumer_groups}/consumers", "consumers", OF_GROUP),
        (
            "consumers/{parent:consumers}/consumer_groups",
            "consumer_groups",
            OF_CONSUMER,
        ),
    ):
        register(base, Members, **options)
        register(f"{base}/{{ref:{member}}}", Member, **options)
    base = "consumer_groups/{parent:consumer_groups}"
    register(f"{base}/overrides/plugins/{RATE_LIMITING}", GroupOverride)
    register("schemas/consumer_group_plugins", OverrideSchema)
