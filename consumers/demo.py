"""Made-up consumers with a key each, for trying things out at size."""

import base64
import os
import random
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

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
    """Insert `count` consumers, each with a key; yield how many are done, by batches.

    One thread makes the next batch while the database takes the last.
    """
    first = int.from_bytes(os.urandom(5)) if Consumer.objects.exists() else 1
    sizes = [min(BATCH, count - start) for start in range(0, count, BATCH)]
    starts = [first + BATCH * number for number in range(len(sizes))]
    with ThreadPoolExecutor(max_workers=1) as maker:
        jobs = deque([maker.submit(make_batch, scope, starts[0], sizes[0])])
        done = 0
        for number, size in enumerate(sizes, 1):
            if number < len(sizes):
                jobs.append(
                    maker.submit(make_batch, scope, starts[number], sizes[number])
                )
            insert(scope, jobs.popleft().result())
            done += size
            yield done


def tidy() -> None:
    """Let the database take stock of what came: what searches run against."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("SELECT gin_clean_pending_list('consumer_search')")


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
