"""What hangs on a row: asked by the statement that deletes the row.

Django asks each related table by itself, a dozen for a consumer, and compiles each
question anew. Most rows have nothing hanging on them.
"""

from functools import cache

from django.db import connection
from django.db.models import Model

from kongadmin.prepared import adapted, run


def delete_alone(row: Model) -> bool:
    """Delete the row unless a row of any table refers to it; say whether it is gone.

    A row that comes to refer to it in the meantime makes the transaction fail.
    """
    sql, count = statement(type(row))
    key = adapted(row.pk, connection)
    return run(sql, [key] * count) == 1


@cache
def statement(model: type[Model]) -> tuple[str, int]:
    """Return the SQL that deletes a row if it is alone, and how often it names it."""
    quote, key = connection.ops.quote_name, model._meta.pk
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
    alone = f" AND NOT ({' OR '.join(parts)})" if parts else ""
    table = quote(model._meta.db_table)
    sql = f"DELETE FROM {table} WHERE {quote(key.column)} = %s{alone}"  # noqa: S608
    return sql, 1 + len(parts)
