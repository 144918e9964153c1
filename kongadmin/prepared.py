"""Querysets that are compiled once and run often.

Building and compiling a query costs Django several times what the database needs to
answer it. Where the same few shapes are asked thousands of times a second, the SQL is
kept and only its values change.
"""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from functools import cache, lru_cache
from itertools import batched, groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import (
    DateTimeField,
    Expression,
    Field,
    Model,
    QuerySet,
    TextField,
    UUIDField,
)
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.string import TextLoader

type Row = dict[str, Any]

# How values of these types are written; others go as they are.
FIELDS = {UUID: UUIDField(), datetime: DateTimeField()}
# How many rows one statement inserts.
MOST_AT_ONCE = 20


def kept_cursor(
    database: BaseDatabaseWrapper, ids_as_text: bool = False
) -> CursorWrapper:
    """Return the cursor for statements that are read or written whole, one after other.

    Opening one for each costs half of what sending the statement does.
    """
    if database.queries_logged:
        return opened_cursor(database, ids_as_text)
    kept = database.__dict__.setdefault("kept_cursors", {})
    cursor = kept.get(ids_as_text)
    if cursor is None or cursor.connection is not database.connection:
        cursor = kept[ids_as_text] = opened_cursor(database, ids_as_text)
    return cursor


def opened_cursor(database: BaseDatabaseWrapper, ids_as_text: bool) -> CursorWrapper:
    cursor = database.cursor()
    if database.vendor == "postgresql":
        # Django's own takes thrice as long, to say UTC where it is said already.
        cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        if ids_as_text:
            cursor.adapters.register_loader("uuid", TextLoader)
    return cursor


def with_dashes(id_: str, *rest: Any) -> str:
    """Return an id as text, of which SQLite holds the hexadecimal digits."""
    return f"{id_[:8]}-{id_[8:12]}-{id_[12:16]}-{id_[16:20]}-{id_[20:]}"


class Prepared:
    """The rows of a queryset, as dicts, for other values: by column attribute or, of
    values(), by what those are called.

    `build` gets sample values, one for each of `samples`, and returns the queryset; the
    samples must differ from each other and from every constant in it. With
    `ids_as_text` ids are text, which takes a third of the time off a long list.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet],
        ids_as_text: bool = False,
        **samples: Any,
    ) -> None:
        self.ids_as_text = ids_as_text
        rows = build(**samples)
        if not rows.query.selected:
            rows = rows.values(*(f.attname for f in rows.model._meta.concrete_fields))
        self.names = list(rows.query.selected)
        compiler = rows.query.get_compiler(rows.db)
        self.sql, parameters = compiler.as_sql()
        expressions = [expression for expression, _, _ in compiler.select]
        self.converters = [
            (
                self.names[place],
                with_dashes if ids_as_text and is_id(expression) else function,
                expression,
            )
            for place, (functions, expression) in compiler.get_converters(
                expressions
            ).items()
            for function in functions
        ]
        self.parameters = list(parameters)
        self.places = {
            name: [i for i, given in enumerate(parameters) if given == written]
            for name, sample in samples.items()
            for written in [adapted(sample, connection)]
        }

    def rows(self, **values: Any) -> list[Row]:
        """Run the query; one value for each sample it was built with."""
        database = connections[DEFAULT_DB_ALIAS]
        parameters = self.parameters.copy()
        for name, value in values.items():
            written = adapted(value, database)
            for place in self.places[name]:
                parameters[place] = written
        cursor = kept_cursor(database, self.ids_as_text)
        cursor.execute(self.sql, parameters)
        rows = cursor.fetchall()
        found = [dict(zip(self.names, row, strict=True)) for row in rows]
        for name, convert, expression in self.converters:
            for row in found:
                if row[name] is not None:  # which every field leaves as it is
                    row[name] = convert(row[name], expression, database)
        return found


class Insert:
    """The statement that inserts a row of each of some models, for any values.

    Of different models only PostgreSQL makes one statement.
    """

    def __init__(self, *models: type[Model]) -> None:
        self.columns, statements = [], []
        for model, same in groupby(models):
            count = len(list(same))
            fields = [f for f in model._meta.concrete_fields if not f.db_returning]
            self.columns += [Columns(fields)] * count
            statements.append(insertion(model, fields, count))
        *beside, last = statements
        named = ", ".join(f"part{n} AS ({sql})" for n, sql in enumerate(beside))
        self.sql = f"WITH {named} {last}" if beside else last

    def run(self, *rows: Model) -> None:
        values = []
        for row, columns in zip(rows, self.columns, strict=True):
            values += columns.values(row, adding=True)
        run(self.sql, values)


def insertion(model: type[Model], fields: list[Field], count: int) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    places = ", ".join("%s" for _ in fields)
    table = quote(model._meta.db_table)
    rows = ", ".join([f"({places})"] * count)
    return f"INSERT INTO {table} ({columns}) VALUES {rows}"  # noqa: S608


def insert(*rows: Model, savepoint: bool = False) -> None:
    """Insert rows of any models: all of them, or none.

    As one statement, if it can be, they need no transaction, which costs as much again.
    """
    database = connections[DEFAULT_DB_ALIAS]
    takes_all = database.vendor == "postgresql"
    runs = [rows] if takes_all else [tuple(same) for _, same in groupby(rows, type)]
    steps = [some for same in runs for some in batched(same, MOST_AT_ONCE)]
    is_one = len(steps) == 1 and not database.in_atomic_block
    with nullcontext() if is_one else transaction.atomic(savepoint=savepoint):
        for some in steps:
            insert_of(*map(type, some)).run(*some)


class Update:
    """The statement that writes one row of a model anew, for any values."""

    def __init__(self, model: type[Model]) -> None:
        quote = connection.ops.quote_name
        key = model._meta.pk
        fields = [f for f in model._meta.concrete_fields if f is not key]
        self.columns = Columns([*fields, key])
        columns = ", ".join(f"{quote(field.column)} = %s" for field in fields)
        table = quote(model._meta.db_table)
        self.sql = f"UPDATE {table} SET {columns} WHERE {quote(key.column)} = %s"  # noqa: S608

    def run(self, row: Model) -> bool:
        """Write the row; say whether it was there."""
        return run(self.sql, self.columns.values(row, adding=False)) == 1


def run(sql: str, values: list) -> int:
    """Run a statement; return how many rows it wrote."""
    cursor = kept_cursor(connections[DEFAULT_DB_ALIAS])
    cursor.execute(sql, values)
    return cursor.rowcount


class Columns:
    """What the database gets for some fields of a model's rows.

    Most are text, ids and times, which Django converts in vain and at length.
    """

    def __init__(self, fields: list[Field]) -> None:
        self.read = attrgetter(*(field.attname for field in fields))
        self.fields = [(field, taken_as_it_is(field)) for field in fields]
        # Those that store something else than what the row holds.
        self.made = [
            (place, field)
            for place, field in enumerate(fields)
            if type(field).pre_save not in (Field.pre_save, DateTimeField.pre_save)
        ]

    def values(self, row: Model, adding: bool) -> list:
        database = connections[DEFAULT_DB_ALIAS]
        values = list(self.read(row))
        for place, field in self.made:
            values[place] = field.pre_save(row, adding)
        return [
            value
            if value is None or type(value) is plain_type
            else field.get_db_prep_save(value, database)
            for value, (field, plain_type) in zip(values, self.fields, strict=True)
        ]


def taken_as_it_is(field: Field) -> type | None:
    """Return the type of values that the driver takes as Django would give them."""
    plain: dict[type[Field], type] = {TextField: str}
    if connection.vendor == "postgresql":
        plain |= {UUIDField: UUID, DateTimeField: datetime}
    types = (plain[cls] for cls in plain if isinstance(kind_of(field), cls))
    return next(types, None)


def kind_of(field: Field) -> Field:
    """Return the field that a foreign key repeats, or the field itself."""
    return getattr(field, "target_field", field)


def is_id(expression: Expression) -> bool:
    return isinstance(kind_of(expression.output_field), UUIDField)


@lru_cache(256)
def insert_of(*models: type[Model]) -> Insert:
    return Insert(*models)


@cache
def update_of(model: type[Model]) -> Update:
    return Update(model)


def adapted(value: Any, database: BaseDatabaseWrapper) -> Any:
    """Return a value as the database takes it."""
    field = FIELDS.get(type(value))
    return field.get_db_prep_value(value, database) if field else value
