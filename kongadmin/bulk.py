"""Many rows at once, past the ORM: COPY on PostgreSQL, executemany on SQLite.

Rows are tuples of values in the order of `names`, column attributes of the model.

No signal fires here. Who writes in bulk also writes the tag index and one entry of the
change log, in the same transaction.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

# Of each index of parts of texts, what waits to be put where it belongs.
CLEAN_UP = """
    SELECT gin_clean_pending_list(pg_class.oid)
    FROM pg_class JOIN pg_am ON pg_am.oid = relam
    WHERE amname = 'gin' AND relkind = 'i'
        AND relnamespace = current_schema::regnamespace
"""
# How a column is read as text where its driver would make an object of it.
AS_TEXT = {
    "uuid": "encode(uuid_send({0}), 'hex')",
    "timestamp with time zone": "{0}::text",
    "datetime": "{0} || ''",
}


def insert_rows(
    model: type[Model], names: tuple[str, ...], rows: Iterable[tuple]
) -> None:
    """Insert rows.

    Values are UUID, str, bytes, aware datetime, or what a JSON column holds; ids may be
    in hexadecimal as well.
    """
    table, columns = table_of(model), columns_of(model, names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            copy_into(cursor, table, model, names, rows)
        else:
            places = ", ".join("%s" for _ in names)
            cursor.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608
                converted(rows, FOR_SQLITE),
            )


def update_rows(
    model: type[Model], names: tuple[str, ...], rows: Iterable[tuple]
) -> None:
    """Write rows anew; the first of `names` is the primary key that finds each."""
    table, (key, *columns) = table_of(model), columns_of(model, names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            listed = ", ".join((key, *columns))
            cursor.execute(
                f"CREATE TEMP TABLE bulk_update ON COMMIT DROP AS "  # noqa: S608
                f"SELECT {listed} FROM {table} WITH NO DATA"
            )
            copy_into(cursor, "bulk_update", model, names, rows)
            taken = ", ".join(f"{column} = bulk_update.{column}" for column in columns)
            cursor.execute(
                f"UPDATE {table} SET {taken} FROM bulk_update "  # noqa: S608
                f"WHERE {table}.{key} = bulk_update.{key}; DROP TABLE bulk_update"
            )
        else:
            taken = ", ".join(f"{column} = %s" for column in columns)
            cursor.executemany(
                f"UPDATE {table} SET {taken} WHERE {key} = %s",  # noqa: S608
                ((*rest, key) for key, *rest in converted(rows, FOR_SQLITE)),
            )


def delete_rows(model: type[Model], ids: list[UUID], name: str = "id") -> None:
    """Delete the rows whose column `name` holds one of the ids; nothing else."""
    table, (column,) = table_of(model), columns_of(model, (name,))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [ids])  # noqa: S608
        else:
            cursor.executemany(
                f"DELETE FROM {table} WHERE {column} = %s",  # noqa: S608
                [(id_.hex,) for id_ in ids],
            )


def rows_of(
    model: type[Model], names: tuple[str, ...], ids: list[UUID], name: str
) -> list[tuple]:
    """Return the rows whose column `name` holds one of the ids, as the driver does."""
    table, columns = table_of(model), columns_of(model, names)
    (column,), select = columns_of(model, (name,)), ", ".join(columns)
    sql = f"SELECT {select} FROM {table} WHERE {column}"  # noqa: S608
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{sql} = ANY(%s)", [ids])
            return cursor.fetchall()
        found = (cursor.execute(f"{sql} = %s", [id_.hex]).fetchall() for id_ in ids)
        return [row for rows in found for row in rows]


def pages(
    model: type[Model], names: tuple[str, ...], scope_id: UUID, size: int = 5000
) -> Iterator[list[tuple]]:
    """Yield all rows of a scope in pieces, as SQLite would give them without Django.

    Ids are in hexadecimal, times and what JSON columns hold are text. The first of
    `names` is the primary key.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    table, columns = table_of(model), columns_of(model, names)
    (scope,), key = columns_of(model, ("scope_id",)), columns[0]
    types = (fields[name].db_type(connection) for name in names)
    pairs = zip(types, columns, strict=True)
    read = ", ".join(AS_TEXT.get(kind, "{0}").format(name) for kind, name in pairs)
    select = f"SELECT {read} FROM {table} WHERE {scope} = %s"  # noqa: S608
    is_postgresql = connection.vendor == "postgresql"
    within = scope_id if is_postgresql else scope_id.hex
    after: list = []
    while True:
        beyond = f" AND {key} > %s" if after else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"{select}{beyond} ORDER BY {key} LIMIT {size}", [within, *after]
            )
            rows = cursor.fetchall()
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = [rows[-1][0]]


def take_stock() -> None:
    """Let the database see what came: till then it takes tables for small.

    PostgreSQL also puts in order what searches would have to read one by one.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute(CLEAN_UP)


def copy_into(cursor, table: str, model: type[Model], names, rows) -> None:
    """Stream rows into a PostgreSQL table that has the model's columns."""
    columns = ", ".join(columns_of(model, names))
    copying = f"COPY {table} ({columns}) FROM STDIN"
    with connection.wrap_database_errors, cursor.copy(copying) as copy:
        for row in converted(rows, FOR_JSON):
            copy.write_row(row)


def table_of(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def columns_of(model: type[Model], names: Iterable[str]) -> list[str]:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return [connection.ops.quote_name(fields[name].column) for name in names]


def converted(
    rows: Iterable[Sequence], converters: dict[type, Callable[[Any], Any]]
) -> Iterator[list]:
    """Yield rows with the values of some types converted."""
    find = converters.get
    for row in rows:
        yield [
            convert(value) if (convert := find(type(value))) else value for value in row
        ]


@lru_cache(256)
def without_zone(time: datetime) -> str:
    """Return a time as Django stores it in SQLite; many rows have the same one."""
    return str(time.replace(tzinfo=None))


FOR_JSON = {list: json.dumps, dict: json.dumps}
FOR_SQLITE = FOR_JSON | {UUID: attrgetter("hex"), datetime: without_zone}
