"""What hangs on a row: asked in one query before the row is deleted.

Django asks each related table by itself, a dozen for a consumer, and compiles each
question anew. Most rows have nothing hanging on them.
"""

from functools import cache

from django.db import connection
from django.db.models import Model

from kongadmin.prepared import adapter


def exist(row: Model) -> bool:
    """Say whether any row of any table refers to this one."""
    sql, count = question(type(row))
    if not count:
        return False
    with connection.cursor() as cursor:
        cursor.execute(sql, [key_of(row)] * count)
        return bool(cursor.fetchone()[0])


def delete_row(row: Model) -> None:
    """Delete the row and nothing else."""
    quote, options = connection.ops.quote_name, row._meta
    table, key = quote(options.db_table), quote(options.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {key} = %s", [key_of(row)])  # noqa: S608


def key_of(row: Model):
    return adapter(type(row), row._meta.pk.name)(row.pk, connection)


@cache
def question(model: type[Model]) -> tuple[str, int]:
    """Return the SQL that asks for rows referring to one, and how often it names it."""
    quote = connection.ops.quote_name
    relations = [
        relation.field
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created and (relation.one_to_many or relation.one_to_one)
    ]
    parts = [
        f"EXISTS (SELECT 1 FROM {quote(field.model._meta.db_table)} "  # noqa: S608
        f"WHERE {quote(field.column)} = %s)"
        for field in relations
    ]
    return f"SELECT {' OR '.join(parts)}", len(parts)
