"""What hangs on rows and cannot be declared: it goes with them, and comes back.

A plan that is carried out keeps it as the database held it, for the one that undoes it.
"""

from collections.abc import Iterator
from uuid import UUID

from django.apps import apps
from django.utils import timezone

from kongadmin.bulk import delete_rows, insert_rows, rows_of
from kongadmin.declarative.columns import columns_of, dump
from kongadmin.declarative.kinds import KINDS
from kongadmin.declarative.staging import Staging
from kongadmin.entities import Entity


def undeclared(model: type[Entity]) -> list[tuple[type[Entity], str]]:
    """Return what else hangs on a model, by which column; not what is declared."""
    declared = {kind.model for kind in KINDS.values()}
    return [
        (other, relation.attname)
        for other in apps.get_models()
        if other not in declared
        for relation in other._meta.concrete_fields
        if relation.related_model is model
    ]


def take(staging: Staging, model: type[Entity], ids: list[UUID]) -> None:
    """Delete what hangs on rows that are about to go, and keep it in the plan."""
    for other, name in undeclared(model):
        columns = columns_of(other)
        for row in rows_of(other, columns.names, ids, name):
            values = columns.load(dump(row))
            id_, owner = values[0].bytes, values[columns.place[name]].bytes
            staging.put("lost", (id_, owner, other._meta.label, dump(values)))
        delete_rows(other, ids, name)


def give_back(staging: Staging, model: type[Entity], ids: list[bytes]) -> None:
    """Write again what went with rows that are back, unless it has expired since."""
    staging.flush()
    if not staging.execute("SELECT 1 FROM lost LIMIT 1").fetchone():
        return  # as nearly always, and then none of very many rows need be asked for
    for other, _ in undeclared(model):
        columns = columns_of(other)
        rows = [row for id_ in ids for row in kept(staging, other, id_)]
        if rows:
            insert_rows(other, columns.names, rows)


def kept(staging: Staging, model: type[Entity], owner: bytes) -> Iterator[list]:
    columns = columns_of(model)
    sql = "SELECT row FROM lost WHERE owner = ? AND model = ?"
    for (row,) in staging.execute(sql, (owner, model._meta.label)).fetchall():
        values = columns.load(row)
        end = values[columns.place["expires_at"]]
        if end is None or end > timezone.now():
            yield values


def pass_on(done: Staging, undoing: Staging) -> None:
    """Hand what a plan kept to the one that undoes it."""
    for row in done.execute("SELECT * FROM lost"):
        undoing.put("lost", row)
