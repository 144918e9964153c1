"""What each kind of object becomes, and what it tells. Contract kubernetes.md §2.2."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from django.conf import settings

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer
from groups.models import ConsumerGroup, Membership
from kongadmin.dialects.kubernetes import mapping, store
from kongadmin.dialects.kubernetes.conditions import (
    AUTH_VALID,
    CONFIGURED,
    CONSUMER_REF,
    GROUP_REFS,
    PENDING,
    PLANE_REF,
    PROGRAMMED,
    SECRET_REFS,
    Condition,
    Refusal,
    either,
    is_true,
    programmed,
    valid,
)
from kongadmin.dialects.kubernetes.mapping import (
    CONSUMERS,
    CREDENTIAL_FIELDS,
    GROUPS,
    PLANES,
)
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.reconcile_entities import Made, drop, put, put_plane
from kongadmin.dialects.kubernetes.reconcile_secrets import (
    clear_managed,
    read_secrets,
    sync_managed,
    sync_others,
)
from kongadmin.dialects.kubernetes.store import Change
from realms.models import DEFAULT, ControlPlane

PLANE_GROUP = "CLUSTER_TYPE_CONTROL_PLANE_GROUP"
MODELS = {
    PLANES: ControlPlane,
    GROUPS: ConsumerGroup,
    CONSUMERS: Consumer,
    **{
        plural: CREDENTIALS[kind].model
        for plural, (kind, _) in CREDENTIAL_FIELDS.items()
    },
}


@dataclass(slots=True)
class Outcome:
    """What became of one object; `changes` are those of objects that it manages."""

    conditions: list[Condition]
    made: Made = field(default_factory=Made)
    status: dict[str, Any] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    is_unmanaged: bool = False


class Place(NamedTuple):
    """Where an object's entity belongs; without `plane` nowhere yet."""

    plane: ControlPlane | None
    conditions: list[Condition]
    message: str = ""


def instance() -> dict[str, str]:
    """Return who we are: to Kubernetes a Konnect with one organization."""
    organization = uuid5(ControlPlane.called(DEFAULT).pk, "organization")
    return {
        "serverURL": settings.ADMIN_LISTEN.url,
        "organizationID": str(organization),
    }


def ids(made: Made, plane: ControlPlane | None = None, **more: UUID) -> dict[str, Any]:
    """Return the part of a status that names our entities; nothing if refused."""
    if made.entity is None or made.refusal:
        return {}
    return {
        "konnect": {
            "id": str(made.entity.pk),
            **instance(),
            "controlPlaneID": str(plane.pk if plane else made.entity.scope_id),
            **{name: str(value) for name, value in more.items()},
        }
    }


def place_of(object: Object) -> Place | None:
    """Return where a consumer or group belongs; None if that is not our business."""
    name = mapping.plane_named(object)
    if name is None:
        return None
    if not name:
        return Place(ControlPlane.called(DEFAULT), [], CONFIGURED)
    found = store.find(PLANES, object.namespace, name)
    wrong, plane = judge_plane(name, found)
    return Place(plane, [either(PLANE_REF, wrong)])


def judge_plane(name: str, found: Object | None) -> tuple[str, ControlPlane | None]:
    """Return what is wrong with a reference to a control plane, and whose it is."""
    ref = f"<konnectNamespacedRef:{name}>"
    if found is None:
        return f'referenced Control Plane "{ref}" does not exist', None
    plane = ControlPlane.objects.filter(pk=found.entity_id).first()
    if plane is not None and plane.cluster_type == PLANE_GROUP:
        text = f"Attaching to ControlPlane {ref} with cluster type {PLANE_GROUP}"
        return f"{text} is not supported", None
    if plane is None or not is_true(found.status, PROGRAMMED):
        return f"Referenced ControlPlane {ref} is not programmed yet", plane
    return "", plane


def unmanaged(object: Object) -> Outcome:
    """Leave alone what is nobody's business, or is not any more."""
    made = drop(object, MODELS[object.plural])
    return Outcome([PENDING], made, is_unmanaged=True)


def settle_authority(object: Object) -> Outcome:
    """Nothing here talks to Konnect, so every token is as good as it has to be."""
    return Outcome([valid(AUTH_VALID)], status=instance())


def settle_plane(object: Object) -> Outcome:
    id_ = mapping.mirrored(object)
    made = mirror(id_) if id_ else put_plane(object, mapping.plane_values(object))
    status = {}
    if made.entity is not None and not made.refusal:
        status = {"id": str(made.entity.pk), **instance()}
    return Outcome([programmed([], made.refusal)], made, status)


def mirror(id_: str) -> Made:
    """Find the control plane that is only mirrored: not made, and never deleted."""
    plane = ControlPlane.objects.ours().filter(pk=id_).first()
    if plane is None:
        return Made(refusal=Refusal("FailedToCreate", f"no control plane has id {id_}"))
    return Made(plane)


def settle_group(object: Object) -> Outcome:
    place = place_of(object)
    if place is None:
        return unmanaged(object)
    made = put_in(place, object, mapping.group_values(object))
    told = programmed(place.conditions, made.refusal, place.message)
    return Outcome([told, *place.conditions], made, ids(made))


def put_in(place: Place, object: Object, values: dict[str, Any]) -> Made:
    model = MODELS[object.plural]
    if place.plane is None:
        return drop(object, model)
    return put(object, model, place.plane.pk, values)


def settle_consumer(object: Object) -> Outcome:
    """Put the consumer, then what it holds: its groups and what its Secrets hold."""
    place = place_of(object)
    if place is None:
        outcome = unmanaged(object)
        outcome.changes = clear_managed(object)
        return outcome
    made = put_in(place, object, mapping.consumer_values(object))
    secrets, wrong_secrets = read_secrets(object)
    if made.entity is not None:
        wrong_secrets += sync_others(made.entity, secrets, made.is_new)
    others = [
        *place.conditions,
        either(SECRET_REFS, "\n".join(wrong_secrets)),
        either(GROUP_REFS, join_groups(object, made)),
    ]
    told = programmed(others, made.refusal, place.message)
    changes = sync_managed(object, secrets)
    return Outcome([told, *others], made, ids(made), changes)


def join_groups(object: Object, made: Made) -> str:
    """Let a consumer be in the groups it lists and no other; say which cannot be."""
    consumer: Consumer | None = made.entity
    names = object.body.get("consumerGroups") or []
    groups = store.named(GROUPS, object.namespace, names)
    ids = [group.entity_id for group in groups.values() if group.entity_id]
    found = ConsumerGroup.objects.in_bulk(ids) if ids else {}
    if consumer is not None:
        found = {pk: g for pk, g in found.items() if g.scope_id == consumer.scope_id}
        stored = () if made.is_new else consumer.memberships.all()
        sync_memberships(consumer, stored, found)
    wrong = [
        f"{name}: {'NotCreatedInKonnect' if name in groups else 'NotFound'}"
        for name in names
        if name not in groups or groups[name].entity_id not in found
    ]
    return f"Invalid ConsumerGroup references: {', '.join(wrong)}" if wrong else ""


def sync_memberships(
    consumer: Consumer,
    memberships: Iterable[Membership],
    groups: dict[UUID, ConsumerGroup],
) -> None:
    stored = {one.consumer_group_id: one for one in memberships}
    for group_id in stored.keys() - groups.keys():
        stored[group_id].delete()
    for group_id in groups.keys() - stored.keys():
        fields = {"consumer": consumer, "consumer_group": groups[group_id]}
        Membership(scope_id=consumer.scope_id, **fields).save()


def settle_credential(object: Object) -> Outcome:
    """Put the credential where its consumer is; without one it has no place."""
    name = object.body["spec"]["consumerRef"].get("name", "")
    found = store.find(CONSUMERS, object.namespace, name)
    consumer = found and Consumer.objects.filter(pk=found.entity_id).first()
    others = [either(CONSUMER_REF, wrong_consumer(object, name, found, consumer))]
    model = MODELS[object.plural]
    if consumer is None:
        made = drop(object, model)
        return Outcome([programmed(others), *others], made)
    values = mapping.credential_values(object) | {"consumer": {"id": str(consumer.pk)}}
    ttl = mapping.ttl_of(object)
    made = put(object, model, consumer.scope_id, values, ttl)
    told = programmed(others, made.refusal)
    return Outcome([told, *others], made, ids(made, consumerID=consumer.pk))


def wrong_consumer(object: Object, name: str, found, consumer) -> str:
    """Return what is wrong with a credential's reference to its consumer."""
    if found is None:
        return f'kongconsumers.configuration.konghq.com "{name}" not found'
    if consumer is None or not is_true(found.status, PROGRAMMED):
        return (
            f"Referenced KongConsumer {object.namespace}/{name} is not programmed yet"
        )
    return ""
