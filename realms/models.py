import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import ClassVar, Self
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Index, UniqueConstraint
from django.utils import timezone
from uuid_utils.compat import uuid7

from kongadmin import changes, conflicts, revision
from kongadmin.entities import UUID_TEXT, Entity, Violation, etag_of
from kongadmin.fields import TextKey, can_store
from kongadmin.schema import Schema
from realms.places import inside, outside

SCHEMAS = Path(__file__).parent / "schemas"
DEFAULT = "default"
EVERY = "*"
# First segments of the admin listener's paths: a control plane of that name would be
# hidden.
RESERVED = frozenset(
    "acls api apis basic-auths ca_certificates certificates config "
    "consumer_groups consumers dataplane declarative endpoints explain "
    "filter-chains hmac-auths jwts key-auths key-auths-enc key-sets "
    "keyauth_credentials keys "
    "kong licenses metrics mtls-auths oauth2 oauth2_tokens openapi openapi.json "
    "partials plugins routes schemas services snis status tags upstreams v1 v2 "
    "v3 vaults version workspaces".split()
)


# Others would need escaping, or look like an id.
PLAIN_NAME = re.compile(rf"(?!{UUID_TEXT.pattern}\Z)\w[\w.~@-]*")


def not_reserved(name: str) -> None:
    """Refuse a control plane's name that the Admin API's own paths would hide."""
    if name in RESERVED:
        raise ValidationError("this name is an address of the Admin API")


known = revision.Cache(revision.CONTROL_PLANES)


def forget() -> None:
    """Let every process ask for control planes anew."""
    revision.bump(revision.CONTROL_PLANES)
    revision.bump(revision.CHANGES)


class Scope(models.Model):
    """Where consumers live; it leads every unique constraint and look-up index."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    def __str__(self) -> str:
        return str(self.pk)


def own_region() -> str:
    """Return the region that this installation is."""
    return settings.REGION


class PlaceQuerySet(models.QuerySet):
    def in_region(self, region: str) -> Self:
        return self.filter(region=region)

    def ours(self) -> Self:
        """Keep what is in the region that this installation is."""
        return self.in_region(settings.REGION)

    def by_ref(self, ref: str) -> Self:
        """Return what an address names; text like a UUID is only ever an id."""
        if UUID_TEXT.fullmatch(ref):
            return self.filter(pk=UUID(ref))
        return self.filter(name=ref) if can_store(ref) else self.none()

    def matching(self, text: str) -> Self:
        """Keep those whose name contains `text`, in any case, or whose id it is."""
        if UUID_TEXT.fullmatch(text):
            return self.filter(pk=UUID(text))
        if not can_store(text):
            return self.none()
        return self.filter(name__icontains=text) if text else self

    def locked(self) -> Self:
        """Return the rows for nobody else to write."""
        return self.select_for_update(of=("self",))


class Place(Scope):
    """A scope that people make: named in a region, every write of it in the log.

    `recorded` are the fields that the log keeps.
    """

    schema: ClassVar[Schema]
    recorded: ClassVar[tuple[str, ...]] = ()
    secret_fields: ClassVar[tuple[str, ...]] = ()
    parent_id: ClassVar[None] = None  # it is shown on a page of its own

    region = TextKey(null=False, blank=False, editable=False, default=own_region)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @classmethod
    def conflict_fields(cls, constraint: UniqueConstraint) -> tuple[str, ...]:
        return tuple(name for name in constraint.fields if name != "region")

    @property
    def etag(self) -> str:
        return etag_of({"updated_at": self.updated_at})

    @property
    def ref(self) -> str:
        """The text that names it in an address: its name if that can."""
        can = PLAIN_NAME.fullmatch(self.name) and self.name != "create"
        return self.name if can else str(self.pk)

    def to_dict(self) -> dict:
        """Return the place as the change log shows it."""
        values = {name: getattr(self, name) for name in self.recorded}
        return {"id": str(self.id), **values}  # a new one has no pk yet

    def make_way(self) -> bool:
        """A place never gives up its name."""
        return False

    def save(self, *args, **kwargs) -> None:
        """Write the row and its entry in the log; Conflict if the name is taken."""
        is_new = self._state.adding
        before = None if is_new else type(self).objects.get(pk=self.pk).to_dict()
        self.updated_at = timezone.now()
        if is_new:
            self.created_at = self.updated_at
        try:
            with transaction.atomic():
                super().save(force_insert=(models.Model,) if is_new else False)
                self.record("create" if is_new else "update", before, self.to_dict())
        except IntegrityError as error:
            if conflict := conflicts.explain(self):
                raise conflict from error
            raise
        transaction.on_commit(forget)

    def record(self, verb: str, before: dict | None, after: dict | None) -> None:
        """Write down what was done; of an update what differs."""
        if before and after:
            names = [name for name in after if before[name] != after[name]]
            before = {name: before[name] for name in names}
            after = {name: after[name] for name in names}
            if not names:
                return
        scope_id = None if verb == "delete" else self.pk
        about = {"entity_id": self.pk, "subject_id": self.pk, "entity_name": str(self)}
        kind = self.schema.name
        changes.write(verb, scope_id, kind, before=before, after=after, **about)

    @transaction.atomic
    def delete(self, *args, **kwargs):
        """Delete it with all that is in it, one entry in the log for each kind."""
        for model in entity_models():
            rows = model.objects.in_scope(self)
            if count := rows.count():
                rows._raw_delete(rows.db)
                name = model._meta.verbose_name_plural
                changes.record_bulk(
                    self, "delete", model.schema.name, f"{count} {name}"
                )
        self.record("delete", self.to_dict(), None)
        deleted = super().delete(*args, **kwargs)
        transaction.on_commit(forget)
        return deleted

    @property
    def is_empty(self) -> bool:
        return not any(model.objects.in_scope(self) for model in entity_models())


class ControlPlane(Place):
    """A gateway's configuration: Kong's workspace, Konnect's control plane."""

    schema = Schema.load(SCHEMAS / "workspaces.yaml")
    konnect_schema = Schema.load(SCHEMAS / "control_planes.yaml")
    recorded = (
        *("name", "comment", "config", "meta", "labels"),
        *("cluster_type", "auth_type", "cloud_gateway", "proxy_urls"),
    )

    name = TextKey(
        null=False,
        blank=False,
        validators=[
            RegexValidator(
                r"\A[^/\x00-\x1f\x7f]+\Z",
                "slashes and control characters are not allowed",
            ),
            not_reserved,
        ],
    )
    comment = models.TextField(null=True, blank=True)
    config = models.JSONField(default=dict, blank=True)
    meta = models.JSONField(null=True, blank=True)
    labels = models.JSONField(default=dict, blank=True)
    cluster_type = models.TextField(default="CLUSTER_TYPE_CONTROL_PLANE")
    auth_type = models.TextField(default="pinned_client_certs")
    cloud_gateway = models.BooleanField(default=False)
    proxy_urls = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["region", "name"], name="controlplane_name")
        ]
        indexes = [
            Index(fields=["region", "created_at"], name="controlplane_by_age"),
        ]

    @classmethod
    def called(cls, name: str) -> Self | None:
        """Return the control plane of that name here, asking the database seldom."""
        found = known.get(name)
        if found is None:
            found = cls.objects.ours().filter(name=name).first()
            if found:
                known.set(name, found)
        return found

    @classmethod
    def with_id(cls, pk: UUID) -> Self | None:
        """Return the control plane of that id, asking the database seldom."""
        found = known.get(pk)
        if found is None:
            found = cls.objects.filter(pk=pk).first()
            if found:
                known.set(pk, found)
        return found

    @property
    def description(self) -> str:
        """What Konnect calls the comment; there it is never null."""
        return self.comment or ""

    @description.setter
    def description(self, text: str) -> None:
        self.comment = text or None

    @transaction.atomic
    def delete(self, *args, **kwargs):
        """Delete it with all that is in it; no realm allows it any more."""
        for realm in Realm.objects.in_region(self.region).locked():
            realm.disallow(self.pk)
        return super().delete(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return outside("planes:show", self.ref)

    @property
    def is_default(self) -> bool:
        return self.name == DEFAULT and self.region == own_region()

    def clean(self) -> None:
        """Raise Violation unless Konnect's schema accepts what it holds."""
        values = {name: getattr(self, name) for name in self.konnect_schema.fields}
        is_new = self._state.adding
        errors = self.konnect_schema.errors(values, updating=not is_new)
        if errors:
            raise Violation(errors)


def refused_name(plane: ControlPlane, name: str) -> str | None:
    """Return why this control plane cannot have a name that is fine in itself."""
    if name in RESERVED:
        return "this name is an address of the Admin API"
    if not plane._state.adding and plane.is_default and name != plane.name:
        return "the default control plane keeps its name"
    return None


class Realm(Place):
    """Consumers that several control planes share: an identity of its own.

    `ttl` and `negative_ttl` are minutes. `allowed_control_planes` holds ids as text, or
    "*" alone where somebody said so; what counts is `allow_all_control_planes` first.
    """

    schema = Schema.load(SCHEMAS / "realms.yaml")
    recorded = (
        *("name", "allow_all_control_planes", "allowed_control_planes"),
        *("ttl", "negative_ttl", "consumer_groups"),
    )

    name = TextKey("Name", null=False, blank=False)
    allow_all_control_planes = models.BooleanField(
        "Every control plane may use it", default=False
    )
    allowed_control_planes = models.JSONField(default=list, blank=True)
    ttl = models.PositiveIntegerField("Minutes that consumers are cached", default=10)
    negative_ttl = models.PositiveIntegerField(
        "Minutes that unknown keys are cached", default=10
    )
    consumer_groups = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["region", "name"], name="realm_name")]
        indexes = [Index(fields=["region", "created_at"], name="realm_by_age")]

    def get_absolute_url(self) -> str:
        return inside(self.ref, "consumers:list")

    def clean(self) -> None:
        """Raise Violation unless the schema accepts what the realm holds."""
        errors = self.schema.errors(self.to_dict(), updating=not self._state.adding)
        if errors:
            raise Violation(errors)

    def assign(self, values: dict) -> None:
        """Take over what was said of the realm and has passed the schema.

        The wildcard and the switch that lets in every control plane move together.
        """
        before = self.allowed_control_planes
        for name in self.recorded:
            if name in values:
                setattr(self, name, values[name])
        self.name = self.name.strip()
        planes = [plane.lower() for plane in self.allowed_control_planes]
        if "allowed_control_planes" in values and EVERY in planes:
            self.allow_all_control_planes = True
        elif "allow_all_control_planes" in values:
            if not self.allow_all_control_planes and EVERY in planes:
                planes = []
        elif EVERY in before and EVERY not in planes:
            self.allow_all_control_planes = False
        self.allowed_control_planes = planes

    def allows(self, plane_id: UUID) -> bool:
        """Say whether a control plane may use the realm."""
        listed = str(plane_id) in self.allowed_control_planes
        return self.allow_all_control_planes or listed

    def disallow(self, plane_id: UUID) -> None:
        """Take a control plane that goes away off the list."""
        planes = self.allowed_control_planes
        if str(plane_id) in planes:
            self.allowed_control_planes = [p for p in planes if p != str(plane_id)]
            self.save()


def strangers(region: str, planes: Iterable[str]) -> Collection[str]:
    """Return those of the ids that no control plane of the region has."""
    ids = {plane.lower() for plane in planes if UUID_TEXT.fullmatch(plane)}
    found = ControlPlane.objects.in_region(region).filter(pk__in=map(UUID, ids))
    return ids - {str(pk) for pk in found.values_list("pk", flat=True)}


def entity_models() -> list[type[Entity]]:
    """Return every kind of thing that a scope holds."""
    return [model for model in apps.get_models() if issubclass(model, Entity)]
