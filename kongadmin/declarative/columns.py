"""Rows as the database holds them: secrets encrypted, ready to be written in bulk.

A plan keeps rows in this form only, so that it holds nothing in clear that the
database would not.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from django.db import DEFAULT_DB_ALIAS, models
from uuid_utils.compat import uuid7

from kongadmin.entities import Entity
from kongadmin.fields import DigestField, SealedJSONField, SecretField, keyring
from kongadmin.sealing import unseal

# What a comparison leaves out: who the row is, and what the rest is made from.
APART = ("id", "scope_id", "created_at", "updated_at", "tags")


class Columns:
    """The columns of a model: values by attribute, in the order of `names`."""

    def __init__(self, model: type[Entity]) -> None:
        self.model = model
        self.fields = model._meta.concrete_fields
        self.names = tuple(field.attname for field in self.fields)
        self.place = {name: place for place, name in enumerate(self.names)}
        self.loaders = [loader(field) for field in self.fields]
        self.makers = [
            (place, hexadecimal if make is as_uuid else make)
            for place, make in enumerate(self.loaders)
            if make
        ]
        self.values = itemgetter(*self.names)
        self.writers = [
            (place, write)
            for place, field in enumerate(self.fields)
            if (write := writer(field))
        ]
        self.compared = [
            (name, self.place[name], clearer(field))
            for name, field in zip(self.names, self.fields, strict=True)
            if name in compared_names(model)
        ]
        self.defaults = dict(model().__dict__)
        self.has_tags = "tags" in self.place
        self.encrypted = [
            field.attname for field in self.fields if isinstance(field, SecretField)
        ]
        self.secret = [
            place
            for place, field in enumerate(self.fields)
            if isinstance(field, SecretField | SealedJSONField)
        ]

    def blank(self) -> Entity:
        """Return a new entity with its defaults; quicker than the model itself."""
        entity = self.model.__new__(self.model)
        entity.__dict__.update(self.defaults)
        entity.id = uuid7()
        return entity

    def stored(self, entity: Entity) -> list:
        """Return what the database would hold of an entity."""
        values = list(self.values(entity.__dict__))
        for place, write in self.writers:
            values[place] = write(entity)
        return values

    def entity(self, values: list) -> Entity:
        """Return stored values as the entity they are, its secrets in clear."""
        clear = [
            field.from_db_value(value, None, None)
            if isinstance(field, SecretField) and value is not None
            else value
            for field, value in zip(self.fields, values, strict=True)
        ]
        for field in self.fields:
            if isinstance(field, SealedJSONField):
                place = self.place[field.attname]
                clear[place] = unseal(dict(clear[place]), keyring)
        return self.model.from_db(DEFAULT_DB_ALIAS, list(self.names), clear)

    def load(self, staged: bytes) -> list:
        """Return stored values that `dump` was given, or as they were read in bulk."""
        pairs = zip(self.loaders, orjson.loads(staged), strict=True)
        return [v if v is None or load is None else load(v) for load, v in pairs]

    def ready(self, staged: bytes) -> list:
        """Return the same as bulk writing takes it, without objects for ids."""
        values = orjson.loads(staged)
        for place, make in self.makers:
            if values[place] is not None:
                values[place] = make(values[place])
        return values

    def in_clear(self, staged: bytes) -> dict[str, Any]:
        """Return the same by column, secrets in clear and ids in hexadecimal."""
        values = dict(zip(self.names, orjson.loads(staged), strict=True))
        for name in self.encrypted:
            if values[name] is not None:
                values[name] = keyring.decrypt(bytes.fromhex(values[name]))
        return values

    def told(self, entity: Entity) -> list:
        """Return what of an entity counts in a comparison."""
        values = entity.__dict__
        told = [plain(values[name]) for name, _, _ in self.compared]
        if self.has_tags and values["tags"]:
            told.append(sorted(values["tags"]))
        return told

    def told_raw(self, row: tuple) -> list:
        """Return the same of a row that was read in bulk."""
        told = []
        for _, place, clear in self.compared:
            value = row[place]
            told.append(clear(value) if clear and value is not None else value)
        if self.has_tags and (tags := row[self.place["tags"]]) and tags != "[]":
            told.append(sorted(as_json(tags)))
        return told


def dump(values: list | tuple) -> bytes:
    """Return stored values as bytes; TypeError for what no database takes."""
    return orjson.dumps(values, default=in_hexadecimal)


def in_hexadecimal(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return value.hex()
    raise TypeError(f"a {type(value).__name__} cannot be stored")


def compared_names(model: type[Entity]) -> set[str]:
    """Return the columns that hold what a client may say."""
    attributes = {field.name: field.attname for field in model._meta.concrete_fields}
    said = (model.columns.get(name, name) for name in model.schema.fields)
    names = {attributes[name] for name in said if name in attributes}
    if model.schema.ttl:
        names.add("expires_at")
    return names - set(APART)


def plain(value: Any) -> Any:
    """Return a value as two equal ones are told the same."""
    return value.hex if isinstance(value, UUID) else value


def as_uuid(text: str) -> UUID:
    return UUID(text)


def hexadecimal(uuid: str) -> str:
    return uuid.replace("-", "")


@lru_cache(256)
def as_time(text: str) -> datetime:
    """Return the time that a text is; many rows have the same one."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def as_json(value: Any) -> Any:
    """Return what a JSON column holds; no such column holds a text by itself."""
    return orjson.loads(value) if isinstance(value, str) else value


def loader(field: models.Field) -> Callable[[Any], Any] | None:
    """Return how a staged value becomes what bulk writing takes."""
    if isinstance(field, models.UUIDField | models.ForeignKey | models.OneToOneField):
        return as_uuid
    if isinstance(field, models.DateTimeField):
        return as_time
    if isinstance(field, models.JSONField):
        return as_json
    if isinstance(field, models.BinaryField):
        return bytes.fromhex
    return bool if isinstance(field, models.BooleanField) else None


def clearer(field: models.Field) -> Callable[[Any], Any] | None:
    """Return how a value that was read in bulk becomes one to compare."""
    if isinstance(field, models.UUIDField | models.ForeignKey | models.OneToOneField):
        return None  # in hexadecimal already
    if isinstance(field, SecretField):
        return lambda value: keyring.decrypt(bytes(value))
    if isinstance(field, SealedJSONField):
        return lambda value: unseal(as_json(value), keyring)
    made = loader(field)
    return None if isinstance(field, models.BinaryField) else made


def writer(field: models.Field) -> Callable[[Entity], Any] | None:
    """Return how a value becomes what the database holds; None where it is that."""
    if isinstance(field, SecretField):

        def encrypted(entity: Entity) -> bytes | None:
            secret = field.pre_save(entity, True)
            return None if secret is None else keyring.encrypt(secret)

        return encrypted
    if isinstance(field, DigestField | SealedJSONField):
        return lambda entity: field.pre_save(entity, True)
    return None


@cache
def columns_of(model: type[Entity]) -> Columns:
    return Columns(model)
