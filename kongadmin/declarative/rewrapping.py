"""Imports under a new secret key: documents and plans, and the rows within plans."""

from collections.abc import Iterator
from typing import Any

import orjson
from django.db import transaction
from django.db.models import BinaryField, QuerySet
from django.db.models.functions import Substr

from kongadmin import fields
from kongadmin.crypto import ID_BYTES, UnknownSecretKey
from kongadmin.declarative.belongings import undeclared
from kongadmin.declarative.columns import Columns, columns_of, dump
from kongadmin.declarative.kinds import KINDS
from kongadmin.declarative.models import Import, Part
from kongadmin.declarative.pieces import opened, sealed
from kongadmin.declarative.staging import BATCH, Staging
from kongadmin.entities import Entity
from kongadmin.sealing import KEY_DIGITS, SEALED


def rewrap() -> tuple[int, int]:
    """Encrypt what belongs to imports with the newest secret key.

    Returns of how many that was done, and how many no key can read any more.
    """
    done = lost = 0
    for pk in Part.objects.order_by().values_list("whole", flat=True).distinct():
        try:
            with transaction.atomic():
                done += rewrap_one(Import.objects.select_for_update().get(pk=pk))
        except UnknownSecretKey:
            lost += 1
    return done, lost


def rewrap_one(record: Import) -> bool:
    """Rewrite the parts of one import, if any key but the newest wrote in them."""
    plan = record.plan
    if has_changed := plan is not None and freshen(plan.staging):
        record.keep_plan(plan)
    for part in stale_parts(record).iterator(1):
        part.data = sealed(opened(bytes(part.data)))
        part.save(update_fields=["data"])
        has_changed = True
    return has_changed


def stale_parts(record: Import) -> QuerySet[Part]:
    """Return the parts that another key than the newest wrote."""
    written_by = Substr("data", 1, ID_BYTES, output_field=BinaryField())
    return record.parts.alias(key=written_by).exclude(key=fields.keyring.newest.id)


def freshen(staging: Staging) -> bool:
    """Write the old secrets in a plan's rows anew; say whether there were any."""
    count = 0
    for model, table, names, where, value in sources():
        columns, last = columns_of(model), -1
        sql = f"SELECT rowid, {', '.join(names)} FROM {table} "  # noqa: S608
        sql += f"WHERE {where} = ? AND rowid > ? ORDER BY rowid LIMIT {BATCH}"
        while rows := staging.execute(sql, (value, last)).fetchall():
            last = rows[-1][0]
            old = [row for row in rows if any(is_old(columns, s) for s in row[1:])]
            fresh = [(*(freshened(columns, s) for s in said), n) for n, *said in old]
            changes = ", ".join(f"{name} = ?" for name in names)
            update = f"UPDATE {table} SET {changes} WHERE rowid = ?"  # noqa: S608
            staging.database.executemany(update, fresh)
            count += len(fresh)
    return count > 0


def sources() -> Iterator[tuple[type[Entity], str, tuple[str, ...], str, Any]]:
    """Yield where a plan has rows with secrets: model, table, columns, which of it."""
    for number, kind in enumerate(KINDS.values()):
        if columns_of(kind.model).secret:
            yield kind.model, "step", ("before", "after"), "kind", number
        for model, _ in undeclared(kind.model):
            if columns_of(model).secret:
                yield model, "lost", ("row",), "model", model._meta.label


def is_old(columns: Columns, staged: bytes | None) -> bool:
    """Say whether another key than the newest wrote a secret of a row."""
    if staged is None:
        return False
    values = orjson.loads(staged)
    said = (values[place] for place in columns.secret)
    texts = (each.get(SEALED) if isinstance(each, dict) else each for each in said)
    newest = fields.keyring.newest.id.hex()
    return any(text is not None and text[:KEY_DIGITS] != newest for text in texts)


def freshened(columns: Columns, staged: bytes | None) -> bytes | None:
    if staged is None:
        return None
    return dump(columns.stored(columns.entity(columns.load(staged))))
