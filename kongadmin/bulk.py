"""Many rows at once, past the ORM: COPY on PostgreSQL, executemany on SQLite.

No signal fires here. Who writes in bulk also writes the tag index and one entry of the
change log, in the same transaction.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model


def insert_rows(
    model: type[Model], names: tuple[str, ...], rows: Iterable[tuple]
) -> None:
    """Insert rows of values in the order of `names`, column attributes.

    Values are UUID, str, bytes, aware datetime, or what a JSON column holds.
    """
    quote = connection.ops.quote_name
    fields = {field.attname: field for field in model._meta.concrete_fields}
    table = quote(model._meta.db_table)
    columns = ", ".join(quote(fields[name].column) for name in names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            copying = f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)"
            with cursor.copy(copying) as copy:
                copy.set_types([fields[name].db_type(connection) for name in names])
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join("%s" for _ in names)
            cursor.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({places})",  # noqa: S608
                [tuple(map(for_sqlite, row)) for row in rows],
            )


def for_sqlite(value: Any) -> Any:
    """Return `value` as Django stores it in SQLite."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return str(value.replace(tzinfo=None))
    if isinstance(value, list | dict):
        return json.dumps(value)
    return value
