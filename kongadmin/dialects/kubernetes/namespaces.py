"""Namespaces: what may be made in them, and what goes with them."""

from kongadmin.dialects.kubernetes import store
from kongadmin.dialects.kubernetes.calls import Call
from kongadmin.dialects.kubernetes.errors import Failure, details_of, not_found
from kongadmin.dialects.kubernetes.kinds import BY_STORAGE, Kind
from kongadmin.dialects.kubernetes.kinds import find as find_kind
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.store import DEFAULT_NAMESPACE, NAMESPACES, Change

NAMESPACE = find_kind("v1", "Namespace")
TERMINATING = {"phase": "Terminating"}


def check(call: Call) -> None:
    """Refuse to make anything in a namespace that is not there, or about to go."""
    if not call.kind.is_namespaced:
        return
    found = store.find(NAMESPACES, "", call.namespace)
    if found is None:
        raise not_found(NAMESPACE, call.namespace)
    if found.deletion_timestamp:
        message = (
            f'{call.kind.qualified} "{call.name}" is forbidden: unable to create new '
            f"content in namespace {call.namespace} because it is being terminated"
        )
        details = details_of(call.kind, call.name)
        raise Failure(403, "Forbidden", message, details)


def kinds_in(name: str) -> list[Kind]:
    """Return the kinds of what is in a namespace: who deletes it deletes those."""
    inside = Object.objects.filter(namespace=name)
    stored = inside.values_list("group", "plural").distinct()
    return [BY_STORAGE[key] for key in stored]


def delete(namespace: Object) -> list[Change]:
    """Delete a namespace with all in it; it stays while something in it has to."""
    if namespace.name == DEFAULT_NAMESPACE:
        message = 'namespaces "default" is forbidden: this namespace may not be deleted'
        details = details_of(NAMESPACE, namespace.name)
        raise Failure(403, "Forbidden", message, details)
    changes: list[Change] = []
    inside = Object.objects.filter(namespace=namespace.name).order_by("pk")
    while (one := inside.filter(deletion_timestamp=None).first()) is not None:
        changes += store.delete(one)
    if inside.exists():
        marked = {"deletion_timestamp": store.now(), "status": TERMINATING}
        store.update(namespace, **marked)
        return [*changes, Change("update", namespace)]
    return changes + store.delete(namespace)


def after_leaving(object: Object) -> list[Change]:
    """Delete the namespace that an object was the last of, if that was waited for."""
    if not object.namespace:
        return []
    namespace = store.find(NAMESPACES, "", object.namespace)
    is_waited_for = namespace is not None and namespace.deletion_timestamp
    if not is_waited_for or Object.objects.filter(namespace=object.namespace).exists():
        return []
    return store.delete(namespace)
