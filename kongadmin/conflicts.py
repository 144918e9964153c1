"""Which rule of the database a refused write broke, told in an entity's own terms.

The database has the last word on uniqueness. Its refusal is explained by looking for
the row that stands in the way: the same answer on SQLite and PostgreSQL, and the one
who is in the way can be named to the person who wrote.

Inside of a transaction that can only be asked behind a savepoint, which costs as much
as the write. `explained_late` saves it where nearly every write succeeds.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ForeignKey, UniqueConstraint

from kongadmin import fields
from kongadmin.fields import DigestField, digest_lookup

if TYPE_CHECKING:
    from kongadmin.entities import Entity


class Conflict(ValidationError):
    """A write that another row, or the lack of one, forbids.

    `kind` is "id", "unique" or "foreign"; `values` holds the fields at fault in Kong's
    terms; `holder` is the row that is in the way, None for a missing foreign row.
    """

    def __init__(
        self, entity: "Entity", kind: str, values: dict, holder: "Entity | None"
    ) -> None:
        self.entity, self.kind, self.values, self.holder = entity, kind, values, holder
        super().__init__(dict.fromkeys(values, MESSAGES[kind]), code=kind)

    def make_way(self) -> bool:
        """Remove the holder if it no longer counts; say whether it is gone."""
        return self.holder is not None and self.holder.make_way()


MESSAGES = {
    "id": "exists already",
    "unique": "exists already",
    "foreign": "does not exist",
}


# Whether a write that is refused ends the transaction around it, unexplained.
are_unexplained: ContextVar[bool] = ContextVar("are_unexplained", default=False)


@contextmanager
def unexplained() -> Iterator[None]:
    token = are_unexplained.set(True)
    try:
        yield
    finally:
        are_unexplained.reset(token)


def explained_late[**P, R](act: Callable[P, R]) -> Callable[P, R]:
    """Let `act` be one transaction; a refused one is tried again, to explain it."""

    @wraps(act)
    def once_or_twice(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with transaction.atomic(), unexplained():
                return act(*args, **kwargs)
        except IntegrityError:
            with transaction.atomic():
                return act(*args, **kwargs)

    return once_or_twice


def explain(entity: "Entity") -> Conflict | None:
    """Return why the database refused to write `entity`; a query per rule looked at."""
    return next(all_of(entity), None) or missing_foreign(entity)


def all_of(entity: "Entity") -> Iterator[Conflict]:
    """Find the rows that are in the way of `entity`, a query each.

    The id comes first, then unique constraints in the order of the model.
    """
    model = type(entity)
    if entity._state.adding and (holder := model.objects.filter(pk=entity.pk).first()):
        yield Conflict(entity, "id", {"id": str(entity.pk)}, holder)
    values = entity.to_dict()
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            holder = holder_of(entity, constraint)
            if holder:
                names = model.conflict_fields(constraint)
                found = {name: values.get(name) for name in names}
                yield Conflict(entity, "unique", found, holder)


def refuse_older_digests(entity: "Entity") -> None:
    """Raise IntegrityError if a unique secret is stored under an older key's digest.

    The database compares digests, and each secret key makes another. Costs nothing
    while KONGADMIN_SECRET_KEYS is one key.
    """
    if len(fields.keyring.keys) == 1:
        return
    model = type(entity)
    for constraint in model._meta.constraints:
        if not isinstance(constraint, UniqueConstraint):
            continue
        kinds = map(model._meta.get_field, constraint.fields)
        has_digest = any(isinstance(kind, DigestField) for kind in kinds)
        if has_digest and holder_of(entity, constraint):
            raise IntegrityError(f"{constraint.name}, by an older digest")


def holder_of(entity: "Entity", constraint: UniqueConstraint) -> "Entity | None":
    """Return the other row that has the values `entity` wants under a constraint."""
    model, wanted = type(entity), {}
    for name in constraint.fields:
        field = model._meta.get_field(name)
        if isinstance(field, DigestField):
            secret, digest = getattr(entity, field.of), getattr(entity, field.attname)
            if secret is not None:
                wanted |= digest_lookup(field.name, secret)
            elif digest is not None:  # the secret itself is not kept
                wanted[field.attname] = digest
            else:
                return None
        elif (value := getattr(entity, field.attname)) is None:
            return None
        else:
            wanted[field.attname] = value
    return model.objects.filter(**wanted).exclude(pk=entity.pk).first()


def missing_foreign(entity: "Entity") -> Conflict | None:
    """Return the conflict of a reference whose row is gone."""
    for field in entity._meta.concrete_fields:
        target = getattr(entity, field.attname)
        if not isinstance(field, ForeignKey) or field.name == "scope" or not target:
            continue
        if not field.related_model.objects.filter(pk=target).exists():
            values = {field.name: {"id": str(target)}}
            return Conflict(entity, "foreign", values, None)
    return None
