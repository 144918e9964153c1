"""Create, change and delete: what a request does to objects, in one transaction.

Each of these returns the object as it is afterwards, as the request's version says it.
A dry run is the same, but for the end: what it did is rolled back.
"""

import copy
from collections.abc import Callable
from typing import Any

from django.db import transaction

from kongadmin.dialects.kubernetes import (
    incoming,
    managed_fields,
    namespaces,
    reads,
    reconcile,
    schemas,
    store,
)
from kongadmin.dialects.kubernetes.calls import Call
from kongadmin.dialects.kubernetes.deletions import Deletion
from kongadmin.dialects.kubernetes.errors import (
    Cause,
    Failure,
    already_exists,
    apply_conflict,
    bad_request,
    conflict,
    invalid,
    not_found,
    success,
)
from kongadmin.dialects.kubernetes.managed_fields import APPLY, UPDATE, Manager
from kongadmin.dialects.kubernetes.models import Object
from kongadmin.dialects.kubernetes.store import Change
from kongadmin.dialects.kubernetes.wire import body_of, recast, say, say_time

STATUS = "status"


def create(call: Call, given: dict) -> dict:
    """Make the object that a manifest describes."""
    incoming.check_type(given, call.kind)
    incoming.place(given, call)
    incoming.prune(given, call)
    given.pop(STATUS, None)
    incoming.complete(given, call.kind)
    incoming.judge(given, None, call.kind)
    call.name = given["metadata"]["name"]
    with store.writing():
        if find(call) is not None:
            raise already_exists(call.kind, call.name)
        made = make(call, given, entries_after(call, {}, given, []))
        return finish(call, made, [Change("create", made)])


def make(call: Call, given: dict, entries: list[dict]) -> Object:
    """Store a new object, whose manifest is judged."""
    namespaces.check(call)
    fields = fields_of(given, call) | {
        "generate_name": given["metadata"].get("generateName", ""),
        "managed_fields": entries,
    }
    if call.kind.plural == store.NAMESPACES:
        fields[STATUS] = store.ACTIVE
    return store.make(call.kind.plural, call.namespace, call.name, **fields)


def replace(call: Call, given: dict) -> dict:
    """Make an object what a manifest says, all of it."""
    incoming.check_type(given, call.kind)
    incoming.place(given, call)
    incoming.prune(given, call)
    with store.writing():
        old = find_or_fail(call)
        version = given["metadata"].get("resourceVersion")
        if not version and call.kind.is_custom:
            raise no_version(call)
        return finish(call, old, change(call, old, given))


def no_version(call: Call) -> Failure:
    why = "Invalid value: 0: must be specified for an update"
    causes = [Cause("FieldValueInvalid", "metadata.resourceVersion", why)]
    return invalid(call.kind, call.name, causes)


def patch(call: Call, make_of: Callable[[dict], Any]) -> dict:
    """Make an object what `make_of` makes of it, its argument staying as it is."""
    with store.writing():
        old = find_or_fail(call)
        given = copy.deepcopy(make_of(say(old, call.kind)))
        if not isinstance(given, dict):
            raise bad_request("the patch leaves no object")
        incoming.check_type(given, call.kind)
        incoming.place(given, call)
        incoming.prune(given, call)
        return finish(call, old, change(call, old, given))


def apply(call: Call, config: dict) -> tuple[dict, bool]:
    """Apply a configuration on the server's side; say whether that made the object."""
    if not call.given("fieldManager"):
        raise no_manager()
    incoming.check_type(config, call.kind)
    incoming.place(config, call)
    if config["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    incoming.prune_applied(config, call)
    incoming.judge_types(config, call.kind)
    if call.subresource != STATUS:
        config.pop(STATUS, None)
    if call.kind.plural == "secrets":
        incoming.fold(config)
    with store.writing():
        old = find(call)
        if old is not None:
            changes = change(call, old, *merged(call, old, config))
            return finish(call, old, changes), False
        if call.subresource:
            raise not_found(call.kind, call.name)
        if config["metadata"].get("resourceVersion"):
            raise conflict(call.kind, call.name)
        given, entries = merged(call, None, config)
        incoming.complete(given, call.kind)
        incoming.judge(given, None, call.kind)
        made = make(call, given, entries)
        return finish(call, made, [Change("create", made)]), True


def no_manager() -> Failure:
    message = (
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is '
        "required for apply patch"
    )
    return Failure(422, "Invalid", message)


def merged(call: Call, old: Object | None, config: dict) -> tuple[dict, list[dict]]:
    """Return what an applied configuration makes of an object, and who manages that."""
    kind, stored = call.kind, store.stored_as(call.kind.plural)
    live = None if old is None else say(old)
    force = call.is_set("force")
    schema = schemas.schema_of(stored)
    try:
        made, entries = managed_fields.apply(
            live,
            [] if old is None else old.managed_fields,
            recast(config, kind, stored),
            schema,
            author(call, APPLY),
            force,
        )
    except managed_fields.Conflicts as found:
        raise apply_conflict(found.causes) from None
    # The schema judges what it gets, and what it gets is not the stored object itself.
    return copy.deepcopy(recast(made, stored, kind)), entries


def change(
    call: Call, old: Object, given: dict, entries: list[dict] | None = None
) -> list[Change]:
    """Store what shall become of an object; `entries` say who manages what then."""
    before = say(old, call.kind)
    check_preconditions(call, old, given["metadata"])
    given = only_of(call.subresource, before, given)
    incoming.complete(given, call.kind)
    incoming.judge(given, before, call.kind)
    if entries is None:
        told = given["metadata"].get("managedFields")
        base = old.managed_fields if told is None else told
        entries = entries_after(call, before, given, base)
    fields = fields_of(given, call) | {"managed_fields": entries}
    if not store.update(old, **fields):
        return []
    if old.deletion_timestamp and not old.finalizers:
        return store.delete(old) + namespaces.after_leaving(old)
    return [] if call.subresource else [Change("update", old)]


def only_of(subresource: str, before: dict, given: dict) -> dict:
    """Return what may be changed through a subresource, or but through it: status."""
    base, other = (before, given) if subresource else (given, before)
    kept = {name: value for name, value in base.items() if name != STATUS}
    kept = copy.deepcopy(kept)
    if STATUS in other:
        kept[STATUS] = copy.deepcopy(other[STATUS])
    if subresource and "managedFields" in given["metadata"]:
        kept["metadata"]["managedFields"] = given["metadata"]["managedFields"]
    return kept


def check_preconditions(call: Call, old: Object, wanted: dict) -> None:
    """Refuse what was meant for an object, or a state of it, that is no more."""
    uid, version = wanted.get("uid"), wanted.get("resourceVersion")
    if uid and uid != str(old.uid):
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: "
        raise conflict(call.kind, call.name, why + str(old.uid))
    if version and version != str(old.resource_version):
        raise conflict(call.kind, call.name)


def fields_of(given: dict, call: Call) -> dict[str, Any]:
    """Return the fields of the stored object that a whole manifest is about."""
    meta = given["metadata"]
    stored = store.stored_as(call.kind.plural)
    fields = {
        "labels": meta.get("labels", {}),
        "annotations": meta.get("annotations", {}),
        "finalizers": meta.get("finalizers", []),
        "owner_references": meta.get("ownerReferences", []),
        "body": body_of(recast(given, call.kind, stored)),
    }
    return fields | ({STATUS: given[STATUS]} if STATUS in given else {})


def entries_after(call: Call, old: dict, new: dict, base: list[dict]) -> list[dict]:
    """Return managedFields after an update; both objects are in the call's version."""
    kind, stored = call.kind, store.stored_as(call.kind.plural)
    return managed_fields.after_update(
        base,
        recast(old, kind, stored) if old else {},
        recast(new, kind, stored),
        schemas.schema_of(stored),
        author(call, UPDATE),
    )


def author(call: Call, operation: str) -> Manager:
    return Manager(
        call.manager,
        operation,
        store.stored_as(call.kind.plural).api_version,
        say_time(store.now()),
        frozenset(),
        call.subresource,
    )


def find(call: Call) -> Object | None:
    object = store.find(call.kind.plural, call.namespace, call.name)
    call.seen = str(object.resource_version) if object else ""
    return object


def find_or_fail(call: Call) -> Object:
    object = find(call)
    if object is None:
        raise not_found(call.kind, call.name)
    return object


def finish(call: Call, object: Object, changes: list[Change]) -> dict:
    """Let what follows from the changes follow; return the object as it is then.

    One that is gone by now is as it was last.
    """
    if call.is_dry_run:
        return unsaid(say(object, call.kind), call.seen)
    if changes:
        object = reconcile.reconcile(changes).get(object.pk, object)
    return say(object, call.kind)


def unsaid(said: dict, seen: str) -> dict:
    """Take back all that a dry run did, which ends with this; the version as it was."""
    transaction.set_rollback(True)
    said["metadata"]["resourceVersion"] = seen
    return said


def delete(call: Call, deletion: Deletion) -> dict:
    """Delete an object, and what it owns; return a Status, or what awaits its end."""
    with store.writing():
        object = find_or_fail(call)
        check_preconditions(call, object, deletion.preconditions)
        changes = delete_object(call, object, deletion)
        said = finish(call, object, changes)
        is_gone = any(one.verb == "delete" and one.object == object for one in changes)
    if not is_gone:
        return said
    group = {"group": call.kind.group} if call.kind.group else {}
    details = {"name": call.name, **group, "kind": call.kind.plural}
    return success({**details, "uid": str(object.uid)})


def delete_all(call: Call, deletion: Deletion) -> list[dict]:
    """Delete every object that a call selects; return them as they were."""
    with store.writing():
        said, _ = reads.list_of(call)
        changes: list[Change] = []
        for one in said:
            meta = one["metadata"]
            object = store.find(
                call.kind.plural, meta.get("namespace", ""), meta["name"]
            )
            if object is not None:  # it did not go with another
                changes += delete_object(call, object, deletion)
        if call.is_dry_run:
            transaction.set_rollback(True)
        elif changes:
            reconcile.reconcile(changes)
    return said


def delete_object(call: Call, object: Object, deletion: Deletion) -> list[Change]:
    if call.kind.plural == store.NAMESPACES:
        return namespaces.delete(object)
    changes = store.delete(object, deletion.is_orphaning)
    gone = [one.object for one in changes if one.verb == "delete"]
    return [*changes, *(c for one in gone for c in namespaces.after_leaving(one))]
