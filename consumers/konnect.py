"""Consumers of realms, and what they show. Contract konnect §1.3, §1.4.

Keys are Konnect's; the other credential types are ours, at routes of the same style.
"""

from typing import NoReturn

from django.db import transaction
from django.http import Http404, HttpResponse

from consumers.credentials import CREDENTIALS, CredentialType
from consumers.models import MOST_KEYS, Consumer, Credential, KeyAuth, issue_key, move
from kongadmin.access.permissions import REVEAL
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.entities import BAD_TTL, LONGEST_TTL
from kongadmin.dialects.konnect.answers import say_time
from kongadmin.dialects.konnect.bodies import judge
from kongadmin.dialects.konnect.filters import read_filters
from kongadmin.dialects.konnect.problems import Problem, parameter
from kongadmin.dialects.konnect.routes import register
from kongadmin.dialects.konnect.views import one, read_id
from kongadmin.entities import Entity, EntityQuerySet
from kongadmin.fields import can_store
from kongadmin.schema import Schema
from realms.konnect import RealmView, is_id
from realms.models import Realm

CONSUMER = ("username", "custom_id", "type", "tags", "consumer_groups")
KEY = ("type", "secret", "tags")
TARGET = "target_realm_id"
MOVE = Schema.of(
    {"name": "move", "fields": {TARGET: {"type": "string", "required": True}}}
)
# What a credential's answer has in a way of its own.
OWN_WAY = ("consumer", "id", "tags", "created_at", "updated_at")


def say_times(row: Entity) -> dict:
    return {
        "created_at": say_time(row.created_at),
        "updated_at": say_time(row.updated_at),
    }


def say_consumer(consumer: Consumer) -> dict:
    """Return a consumer; the groups that its realm names are not its own."""
    values = {name: getattr(consumer, name) for name in CONSUMER}
    tags = consumer.tags or []
    return {"id": str(consumer.pk), **values, "tags": tags, **say_times(consumer)}


def say_key(key: KeyAuth) -> dict:
    """Return a key; it never changes, and its secret is told once, elsewhere."""
    return {
        "id": str(key.pk),
        "type": key.type,
        "tags": key.tags or [],
        "created_at": say_time(key.created_at),
    }


class RealmConsumerView(RealmView):
    """What is about the consumers of a realm."""

    def find_parents(self, realm: str, **kwargs) -> None:
        self.realm = self.find_realm(realm)

    def find(self, rows: EntityQuerySet, ref: str, lock: bool = False) -> Entity:
        """Return the row with that id; Http404 if there is none."""
        rows = rows.select_for_update(of=("self",)) if lock else rows
        found = rows.filter(pk=read_id(ref)).first()
        if found is None:
            raise Http404
        return found

    def find_consumer(self, ref: str, lock: bool = False) -> Consumer:
        return self.find(Consumer.objects.in_scope(self.realm), ref, lock)

    def read_values(self, stored: dict | None = None) -> dict:
        """Return what was sent, in the whole that it makes."""
        sent = self.read_object()
        if stored and sent.get("consumer_groups", "") is None:
            sent["consumer_groups"] = []
        nullable = ("custom_id",)
        schema = Consumer.realm_schema
        values = judge(schema, sent, CONSUMER, nullable=nullable, stored=stored)
        return {name: values[name] for name in CONSUMER}


class RealmConsumers(RealmConsumerView):
    """/v1/realms/{realm}/consumers."""

    def get(self, request, **kwargs) -> Answer:
        return self.page(self.filtered(), say_consumer)

    def filtered(self) -> EntityQuerySet:
        rows = Consumer.objects.in_scope(self.realm)
        fields = dict.fromkeys(("username", "custom_id"), ("eq",))
        filters, wrong = read_filters(self.request.arguments, fields)
        if wrong:
            raise Problem.invalid(wrong)
        for each in filters:
            found = can_store(each.text)
            rows = rows.filter(**{each.field: each.text}) if found else rows.none()
        return rows

    @transaction.atomic
    def post(self, request, **kwargs) -> Answer:
        values = self.read_values()
        consumer = Consumer(scope_id=self.realm.pk, created_at=None)
        consumer.assign(values)
        consumer.save()
        return one(consumer, say_consumer(consumer), 201)


class OneRealmConsumer(RealmConsumerView):
    """/v1/realms/{realm}/consumers/{consumer}."""

    def get(self, request, consumer: str, **kwargs) -> Answer:
        found = self.find_consumer(consumer)
        return one(found, say_consumer(found))

    @transaction.atomic
    def patch(self, request, consumer: str, **kwargs) -> Answer:
        found = self.find_consumer(consumer, lock=True)
        self.check_version(found)
        before = found.to_dict()
        found.assign(self.read_values(before))
        if found.to_dict() != before:
            found.save()
        return one(found, say_consumer(found))

    @transaction.atomic
    def delete(self, request, consumer: str, **kwargs) -> HttpResponse:
        found = self.find_consumer(consumer, lock=True)
        self.check_version(found)
        found.delete()
        return Answer(status=204)


class Move(RealmConsumerView):
    """/v1/realms/{realm}/consumers/{consumer}/move: to another realm of the region."""

    @transaction.atomic
    def post(self, request, consumer: str, **kwargs) -> Answer:
        found = self.find_consumer(consumer, lock=True)
        there = self.read_target()
        move(found, self.realm, there)
        return Answer({"realm_id": str(there.pk)}, 201)

    def read_target(self) -> Realm:
        values = judge(MOVE, self.read_object(), (TARGET,))
        target = values[TARGET]
        rows = Realm.objects.in_region(self.region).locked()
        found = rows.filter(pk=target).first() if is_id(target) else None
        if found is None:
            refuse(TARGET, "missing_reference", "there is no such realm")
        if found == self.realm:
            refuse(TARGET, "invalid", "the consumer is there already")
        return found


def refuse(field: str, rule: str, reason: str) -> NoReturn:
    raise Problem.invalid([parameter(field, rule, reason)])


class CredentialView(RealmConsumerView):
    """What is about the credentials of a consumer."""

    model: type[Credential] = KeyAuth

    def find_parents(self, realm: str, consumer: str, **kwargs) -> None:
        super().find_parents(realm)
        self.consumer = self.find_consumer(consumer)

    def rows(self) -> EntityQuerySet:
        return self.model.objects.of(self.consumer).live()

    def check_room(self) -> None:
        """Refuse one more than a consumer may have; who counts them does it alone."""
        self.find_consumer(str(self.consumer.pk), lock=True)
        if self.rows().count() >= MOST_KEYS:
            reason = f"a consumer has at most {MOST_KEYS}"
            wrong = parameter("body", "max_items", reason, maximum=MOST_KEYS)
            text = f"Consumer [{self.consumer}] has {MOST_KEYS} already"
            raise Problem.invalid([wrong], text)


class Keys(CredentialView):
    """/v1/realms/{realm}/consumers/{consumer}/keys: a secret is told once, here."""

    def get(self, request, **kwargs) -> Answer:
        return self.page(self.rows(), say_key)

    @transaction.atomic
    def post(self, request, **kwargs) -> Answer:
        values = judge(KeyAuth.realm_schema, self.read_object(), KEY)
        self.check_room()
        key, secret = issue_key(self.consumer, values["secret"], values["tags"])
        return Answer({**say_key(key), **say_times(key), "secret": secret}, 201)


class OneKey(CredentialView):
    """/v1/realms/{realm}/consumers/{consumer}/keys/{key}."""

    def get(self, request, key: str, **kwargs) -> Answer:
        return Answer(say_key(self.find(self.rows(), key)))

    @transaction.atomic
    def delete(self, request, key: str, **kwargs) -> HttpResponse:
        self.find(self.rows(), key, lock=True).delete()
        return Answer(status=204)


class TypedCredentialView(CredentialView):
    """What is about credentials of a type that Konnect's realms have not got."""

    def say(self, row: Credential) -> dict:
        """Return a credential; secrets are masked for who may not see them."""
        values = row.to_dict()
        if not self.may(REVEAL):
            values = self.model.masked(values)
        own = {name: value for name, value in values.items() if name not in OWN_WAY}
        return {"id": str(row.pk), **own, "tags": row.tags or [], **say_times(row)}


class TypedCredentials(TypedCredentialView):
    """/v1/realms/{realm}/consumers/{consumer}/basic-auths and its like."""

    @property
    def known(self) -> list[str]:
        return [name for name in self.model.schema.fields if name not in OWN_WAY] + [
            "tags"
        ]

    def get(self, request, **kwargs) -> Answer:
        return self.page(self.rows(), self.say)

    @transaction.atomic
    def post(self, request, **kwargs) -> Answer:
        sent = self.read_object()
        ttl = self.take_ttl(sent)
        consumer = {"consumer": {"id": str(self.consumer.pk)}}
        values = judge(self.model.schema, sent, self.known, fixed=consumer)
        self.check_room()
        row = self.model(scope_id=self.realm.pk, consumer=self.consumer)
        row.assign({**values, "id": None, "created_at": None})
        row.created_at = None
        if ttl:
            row.expire_in(ttl)
        row.save()
        return one(row, self.say(row), 201)

    def take_ttl(self, sent: dict) -> int:
        """Take the seconds that a credential lives out of a body; 0 is for ever."""
        if not self.model.schema.ttl:
            return 0
        ttl = sent.pop("ttl", 0)
        if type(ttl) is not int or not 0 <= ttl <= LONGEST_TTL:
            refuse("ttl", "invalid", BAD_TTL)
        return ttl


class OneTypedCredential(TypedCredentialView):
    """/v1/realms/{realm}/consumers/{consumer}/basic-auths/{credential} and its like."""

    def get(self, request, credential: str, **kwargs) -> Answer:
        found = self.find(self.rows(), credential)
        return one(found, self.say(found))

    @transaction.atomic
    def delete(self, request, credential: str, **kwargs) -> HttpResponse:
        found = self.find(self.rows(), credential, lock=True)
        self.check_version(found)
        found.delete()
        return Answer(status=204)


def other_types() -> list[CredentialType]:
    """Return the types that realms have by routes of ours: all but their keys."""
    return [each for each in CREDENTIALS.values() if each.model is not KeyAuth]


def register_consumers() -> None:
    consumers = "v1/realms/{realm}/consumers"
    consumer = f"{consumers}/{{consumer}}"
    register(consumers, RealmConsumers)
    register(consumer, OneRealmConsumer)
    register(f"{consumer}/move", Move)
    register(f"{consumer}/keys", Keys)
    register(f"{consumer}/keys/{{key}}", OneKey)
    for declared in other_types():
        path, model = f"{consumer}/{declared.path}", declared.model
        register(path, TypedCredentials, model=model)
        register(f"{path}/{{credential}}", OneTypedCredential, model=model)
