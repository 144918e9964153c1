"""Made-up consumers with a key each, for trying things out at size."""

import base64
import os
import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from consumers.models import Consumer, KeyAuth, folded
from kongadmin.bulk import insert_rows
from kongadmin.changes import record_bulk
from kongadmin.fields import keyring
from kongadmin.tags import Tag

COMPANIES = """
    acme aperture contoso cyberdyne fabrikam globex hooli initech massive monarch
    northwind oscorp pied-piper soylent stark tyrell umbrella vandelay wayne wonka
""".split()
SYSTEMS = """
    analytics audit billing catalog checkout crm etl fleet gateway ingest inventory
    invoices ledger mobile orders partner payroll portal pricing reports search
    shipping support sync webshop
""".split()
TAGS = "beta batch eu gold internal legacy partner silver trial us".split()
ALPHABET = bytes.maketrans(b"+/", b"Zz")
BATCH = 10_000
WRITERS = 2


@dataclass(slots=True)
class Made:
    """One batch, row by row, in the order of the columns below."""

    consumers: list[tuple]
    keys: list[tuple]
    tags: list[tuple]


CONSUMER = [
    *["id", "scope_id", "created_at", "updated_at", "tags"],
    *["username", "custom_id", "username_lower", "search"],
]
KEY = ["id", "scope_id", "created_at", "updated_at", "consumer_id", "key", "key_digest"]
TAG = ["scope_id", "entity_type", "tag", "entity_id"]


def make_batch(scope, first: int, count: int) -> Made:
    """Return `count` consumers numbered from `first`, whose names sort at random."""
    now, made = timezone.now(), Made([], [], [])
    for number in range(first, first + count):
        consumer, serial = uuid7(), f"{number:06x}"
        company, system = random.choice(COMPANIES), random.choice(SYSTEMS)  # noqa: S311
        username = f"{company}-{system}-{serial}"
        custom_id = f"{system[:4]}-{number:07d}"
        tags = [random.choice(TAGS)] if number % 3 == 0 else None  # noqa: S311
        made.consumers.append(
            (
                *(consumer, scope.pk, now, now, tags),
                *(username, custom_id, username, folded(f"{username}\n{custom_id}")),
            )
        )
        key = base64.b64encode(os.urandom(24)).translate(ALPHABET).decode()
        secret = keyring.encrypt(key), keyring.digest(key)
        made.keys.append((uuid7(), scope.pk, now, now, consumer, *secret))
        made.tags += [(scope.pk, "consumers", tag, consumer) for tag in tags or ()]
    return made


def make_consumers(scope, count: int) -> Iterator[int]:
    """Insert `count` consumers with a key each; yield how many are done, by batches."""
    first = int.from_bytes(os.urandom(5)) if Consumer.objects.exists() else 1
    starts = range(first, first + count, BATCH)
    sizes = [min(BATCH, first + count - start) for start in starts]
    yield from accumulate(side_by_side(partial(make_and_insert, scope), starts, sizes))


def make_and_insert(scope, first: int, count: int) -> int:
    insert(scope, make_batch(scope, first, count))
    return count


def side_by_side(write: Callable[..., int], *arguments: Iterable) -> Iterator[int]:
    """Yield what `write` returns for each of the arguments, as map() does.

    Where a database takes several writers at once, several are at work.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield from map(write, *arguments)
        return
    actor = copy_context()

    def write_in_thread(*given: Any) -> int:
        try:
            return actor.copy().run(write, *given)
        finally:
            connection.close()

    writers = ThreadPoolExecutor(WRITERS)
    try:
        yield from writers.map(write_in_thread, *arguments)
    finally:
        writers.shutdown(cancel_futures=True)


def insert(scope, made: Made) -> None:
    """Store one batch, with one entry in the change log."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SET LOCAL gin_pending_list_limit = '64MB'; "
                    "SET LOCAL synchronous_commit = off"
                )
        insert_rows(Consumer, CONSUMER, made.consumers)
        insert_rows(KeyAuth, KEY, made.keys)
        insert_rows(Tag, TAG, made.tags)
        summary = f"{len(made.consumers)} consumers with a key each"
        record_bulk(scope, "bulk", "consumers", summary)
