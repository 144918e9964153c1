"""Realms as Konnect has them. Contract konnect §1.2."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse

from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.konnect.answers import say_time
from kongadmin.dialects.konnect.bodies import judge
from kongadmin.dialects.konnect.problems import Problem, parameter
from kongadmin.dialects.konnect.routes import register
from kongadmin.dialects.konnect.views import KonnectView, one, read_id
from kongadmin.entities import UUID_TEXT
from realms.models import EVERY, Realm, strangers

PLANES, SWITCH = "allowed_control_planes", "allow_all_control_planes"
FORCES = {"true": True, "false": False}


def say_realm(realm: Realm) -> dict:
    return {
        **realm.to_dict(),
        "created_at": say_time(realm.created_at),
        "updated_at": say_time(realm.updated_at),
    }


class RealmView(KonnectView):
    """What is about a realm, or about what is in it."""

    entity_type = "realms"

    def find_realm(self, ref: str, lock: bool = False) -> Realm:
        rows = Realm.objects.in_region(self.region)
        realm = (rows.locked() if lock else rows).filter(pk=read_id(ref)).first()
        if realm is None:
            raise Http404
        return realm

    def read_values(self, stored: dict | None = None) -> tuple[dict, dict]:
        """Return what was sent, and the whole that it makes."""
        sent = self.read_object()
        if isinstance(sent.get("name"), str):
            sent["name"] = sent["name"].strip()
        if stored and sent.get("name", "") is None:
            del sent["name"]  # how Terraform says that it stays
        values = judge(
            Realm.schema, sent, Realm.recorded, stored=stored, also=self.wrong_planes
        )
        return sent, values

    def wrong_planes(self, sent: dict) -> Iterator[dict]:
        """Find control planes that do not exist, and a wildcard that is called off."""
        planes = sent.get(PLANES)
        if not isinstance(planes, list):
            return
        texts = [plane for plane in planes if isinstance(plane, str)]
        unknown = strangers(self.region, texts)
        for index, plane in enumerate(planes):
            if is_id(plane) and plane.lower() in unknown:
                reason = "there is no such control plane"
                yield parameter(f"{PLANES}[{index}]", "missing_reference", reason)
        if EVERY in texts and sent.get(SWITCH) is False:
            yield parameter(SWITCH, "invalid", f"'{EVERY}' allows all of them")


def is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(UUID_TEXT.fullmatch(value))


class Realms(RealmView):
    """/v1/realms: the realms of a region."""

    def get(self, request, **kwargs) -> Answer:
        return self.page(Realm.objects.in_region(self.region), say_realm)

    @transaction.atomic
    def post(self, request, **kwargs) -> Answer:
        _, values = self.read_values()
        realm = Realm(region=self.region)
        realm.assign(values)
        realm.save()
        return one(realm, say_realm(realm), 201)


class OneRealm(RealmView):
    """/v1/realms/{realm}."""

    def get(self, request, realm: str, **kwargs) -> Answer:
        found = self.find_realm(realm)
        return one(found, say_realm(found))

    @transaction.atomic
    def patch(self, request, realm: str, **kwargs) -> Answer:
        found = self.find_realm(realm, lock=True)
        self.check_version(found)
        before = found.to_dict()
        sent, values = self.read_values(before)
        found.assign({name: values[name] for name in sent})
        if found.to_dict() != before:
            found.save()
        return one(found, say_realm(found))

    @transaction.atomic
    def delete(self, request, realm: str, **kwargs) -> HttpResponse:
        """Delete an empty realm, or with ?force=true one with all that is in it."""
        found = self.find_realm(realm, lock=True)
        self.check_version(found)
        if not self.read_force() and not found.is_empty:
            wrong = parameter("force", "invalid", "realm is not empty", "query")
            raise Problem.invalid([wrong], f"Realm [{found}] still contains consumers")
        found.delete()
        return Answer(status=204)

    def read_force(self) -> bool:
        given = self.request.arguments.get("force", "false")
        if given not in FORCES:
            choices = [*FORCES]
            reason = f"must be one of {', '.join(choices)}"
            wrong = parameter("force", "enum", reason, "query", choices=choices)
            raise Problem.invalid([wrong])
        return FORCES[given]


def register_realms() -> None:
    register("v1/realms", Realms)
    register("v1/realms/{realm}", OneRealm)
