"""Which object an entity was made from, for the Manager's pages."""

from collections.abc import Collection
from uuid import UUID

from kongadmin import managed
from kongadmin.dialects.kubernetes.mapping import mirrored
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.reconcile_secrets import secret_of
from kongadmin.dialects.kubernetes.reconcile_triggers import has_objects
from kongadmin.managed import Managed


def find(ids: Collection[UUID]) -> dict[UUID, Managed]:
    """Return by id what manages those entities that were made from objects.

    What is only mirrored is managed by nobody.
    """
    if not has_objects():
        return {}
    rows = Object.objects.filter(entity_id__in=ids).defer("annotations")
    return {row.entity_id: described(row) for row in rows if not mirrored(row)}


def described(object: Object) -> Managed:
    """Return how to get at an object; what was made for a Secret, by the Secret."""
    kind, name = object.kind.singular, object.name
    if secret := secret_of(object):
        kind, name = "secret", secret
    where = f"{kind} {name} -n {object.namespace}"
    return Managed(
        label=f"kubectl: {object.namespace}/{name}",
        edit=f"kubectl edit {where}",
        delete=f"kubectl delete {where}",
        tags=managed.ORIGIN,
    )


def connect() -> None:
    managed.finders.append(find)
