"""What the change log says of users, what they were given, and their tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from kongadmin import changes
from kongadmin.access.models import APIToken


def id_of(pk: int) -> UUID:
    """Return Django's number of a user or token as the log keeps ids.

    No entity has such an id: theirs name their version.
    """
    return UUID(int=pk)


def snapshot(subject) -> dict:
    """Return what the log keeps of a user or a token: no password, no digest."""
    is_token = isinstance(subject, APIToken)
    return token_snapshot(subject) if is_token else user_snapshot(subject)


def user_snapshot(user) -> dict:
    grants = user.grants.select_related("control_plane").order_by("pk")
    return {
        "username": user.get_username(),
        "active": user.is_active,
        "super_admin": user.is_superuser,
        "roles": [f"{grant.role} in {grant.place}" for grant in grants],
    }


def token_snapshot(token: APIToken) -> dict:
    planes = token.control_planes.order_by("name").values_list("name", flat=True)
    return {
        "name": token.name,
        "owner": token.user.get_username(),
        "role": token.role,
        "control_planes": list(planes) if token.is_bound else ["all of the owner's"],
        "allowed_addresses": token.allowed_addresses,
        "enabled": token.enabled,
        "revoked_at": token.revoked_at and token.revoked_at.isoformat(),
        "expires_at": token.expires_at and token.expires_at.isoformat(),
    }


def record(verb: str, subject, before: dict | None, after: dict | None) -> None:
    is_token = isinstance(subject, APIToken)
    changes.write(
        verb,
        None,
        "tokens" if is_token else "users",
        entity_id=id_of(subject.pk),
        entity_name=subject.name if is_token else subject.get_username(),
        subject_id=id_of(subject.user_id if is_token else subject.pk),
        before=before,
        after=after,
    )


def record_creation(subject) -> None:
    record("create", subject, None, snapshot(subject))


def record_difference(subject, before: dict, *secrets: str) -> None:
    """Write down what is new since the snapshot `before`, if anything is.

    `secrets` name what changed and is not shown.
    """
    after = snapshot(subject)
    changed = [name for name in after if before[name] != after[name]]
    old = {name: before[name] for name in changed}
    new = {name: after[name] for name in changed}
    for name in secrets:
        old[name], new[name] = "the old one", "a new one"
    if new:
        record("update", subject, old, new)


@contextmanager
def recorded(subject, *secrets: str) -> Iterator[None]:
    """Write down what changes inside, in the same transaction."""
    with transaction.atomic():
        before = stored_snapshot(subject)
        yield
        record_difference(subject, before, *secrets)


def stored_snapshot(subject) -> dict:
    """Return the snapshot of what the database holds."""
    return snapshot(subject._meta.model.objects.get(pk=subject.pk))


def delete(subject) -> None:
    """Delete a user or a token, and write it down."""
    with transaction.atomic():
        record("delete", subject, snapshot(subject), None)
        subject.delete()
