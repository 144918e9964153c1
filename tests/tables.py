"""What a table really holds, whatever the models make of it."""

from django.db import connection


def everything_in(table: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        values = [value for row in cursor.fetchall() for value in row]
    binary = bytes | memoryview
    texts = (bytes(v) if isinstance(v, binary) else str(v).encode() for v in values)
    return b"\n".join(texts)
