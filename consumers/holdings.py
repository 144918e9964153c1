"""What consumers hold: questions about the credentials of all types, a query each."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from uuid import UUID, uuid4

from django.db.models import (
    Count,
    Exists,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.utils import timezone

from consumers.credentials import CREDENTIALS, CredentialType
from consumers.models import Consumer, Credential, LastUsed
from kongadmin.entities import UUID_TEXT
from kongadmin.fields import can_store
from kongadmin.prepared import Prepared, Row
from kongadmin.reads import SAMPLE_TIME

STRIDE = 30


def types_held(consumer: Consumer) -> list[CredentialType]:
    """Return the types that the consumer has any of, expired ones included."""
    [row] = holding().rows(id=consumer.pk, scope_id=consumer.scope_id)
    types = CREDENTIALS.values()
    return [declared for declared in types if row[declared.model.__name__]]


@cache
def holding() -> Prepared:
    """Return the query that asks of each type whether a consumer has any."""

    def build(**of: UUID) -> QuerySet:
        consumer = Consumer(**of)
        held = {
            declared.model.__name__: Exists(declared.model.objects.of(consumer))
            for declared in CREDENTIALS.values()
        }
        return Consumer.objects.filter(pk=consumer.pk).values(**held)

    return Prepared(build, id=uuid4(), scope_id=uuid4())


def with_usage(credentials: list[Credential]) -> list[Credential]:
    """Give each credential `used_at`, when it was last accepted."""
    used = LastUsed.objects.in_bulk([credential.pk for credential in credentials])
    for credential in credentials:
        row = used.get(credential.pk)
        credential.used_at = row and row.used_at
    return credentials


def with_credentials(consumers: list[Consumer]) -> list[Consumer]:
    """Give each consumer `held`, a list of type and number, and `used_at`."""
    for consumer in consumers:
        consumer.held, consumer.used_at = [], None
    by_id = {consumer.pk: consumer for consumer in consumers}
    if not by_id:
        return consumers
    for row in counts(list(by_id)):
        consumer = by_id[row["consumer_id"]]
        consumer.held.append((CREDENTIALS[row["kind"]], row["count"]))
        times = filter(None, (consumer.used_at, row["last"]))
        consumer.used_at = max(times, default=None)
    for consumer in consumers:
        consumer.held.sort(key=lambda pair: ORDER[pair[0].kind])
    return consumers


ORDER = {kind: place for place, kind in enumerate(CREDENTIALS)}


def counts(ids: list[UUID]) -> list[Row]:
    """Return kind, number and last use of live credentials, by consumer and type."""
    ids += ids[-1:] * (-len(ids) % STRIDE)  # so that few lengths have to be compiled
    query = counting(len(ids))
    return query.rows(now=timezone.now(), **dict(zip(query.places, ids, strict=False)))


@cache
def counting(size: int) -> Prepared:
    """Return the query of what so many consumers hold: of a part for each type.

    Compiling those takes a hundred times as long as running them.
    """

    def build(now: datetime, **ids: UUID) -> QuerySet:
        types = CREDENTIALS.values()
        return union(counted(declared, ids.values(), now) for declared in types)

    ids = {f"id{place}": uuid4() for place in range(size)}
    return Prepared(build, **ids, now=SAMPLE_TIME)


def counted(
    declared: CredentialType, consumers: Iterable[UUID], now: datetime
) -> QuerySet:
    used = LastUsed.objects.filter(pk=OuterRef("pk")).values("used_at")
    rows = declared.model.objects.filter(consumer_id__in=list(consumers)).live(now)
    rows = rows.annotate(kind=kind_of(declared), used=Subquery(used))
    rows = rows.values("consumer_id", "kind")
    return rows.annotate(count=Count("pk"), last=Max("used")).order_by()


def called(scope, text: str, most: int) -> list[tuple[CredentialType, Credential]]:
    """Return up to `most` credentials that `text` names, with their consumers.

    It names them whole: an id, a username, an issuer, a client id or a group. A secret
    is not looked for, because what is asked here may stand in an address. Costs a query
    more for each type with a hit.
    """
    if not can_store(text):
        return []
    is_id = UUID_TEXT.fullmatch(text)
    rows = union(
        declared.model.objects.in_scope(scope)
        .live()
        .filter(**({"pk": UUID(text)} if is_id else {declared.name_field: text}))
        .values("id", kind=kind_of(declared))
        for declared in CREDENTIALS.values()
        if is_id or not declared.is_secret
    )
    return fetched(rows[:most])


def fetched(rows: Iterable[dict]) -> list[tuple[CredentialType, Credential]]:
    """Return the credentials that rows of `id` and `kind` name; a query per kind."""
    found: dict[str, list[UUID]] = {}
    for row in rows:
        found.setdefault(row["kind"], []).append(row["id"])
    return [
        (CREDENTIALS[kind], credential)
        for kind, ids in found.items()
        for credential in with_consumers(CREDENTIALS[kind]).filter(pk__in=ids)
    ]


def with_ids(ids: list[UUID]) -> dict[UUID, tuple[CredentialType, Credential]]:
    """Return the credentials of any type that have these ids, as far as there are."""
    rows = union(
        declared.model.objects.filter(pk__in=ids).values("id", kind=kind_of(declared))
        for declared in CREDENTIALS.values()
    )
    return {credential.pk: (type_, credential) for type_, credential in fetched(rows)}


def holders(scopes: list[UUID], secret: str) -> list[tuple[CredentialType, Credential]]:
    """Return the live keys in `scopes` whose text is `secret`, with their consumers."""
    if not can_store(secret):
        return []
    return [
        (declared, key)
        for declared in CREDENTIALS.values()
        if declared.is_secret
        for key in with_consumers(declared)
        .filter(scope_id__in=scopes)
        .live()
        .filter(**declared.model.named(secret))
    ]


def with_consumers(declared: CredentialType) -> QuerySet:
    return declared.model.objects.select_related("consumer")


def kind_of(declared: CredentialType) -> Value:
    return Value(declared.kind, output_field=TextField())


def union(queries: Iterable[QuerySet]) -> QuerySet:
    first, *others = queries
    return first.union(*others, all=True)
