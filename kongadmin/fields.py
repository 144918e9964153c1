"""Model fields for names and secrets, the same on SQLite and PostgreSQL."""

import re

from django import forms
from django.conf import settings
from django.db import models

from kongadmin.crypto import Keyring
from kongadmin.sealing import Secret, seal, unseal

keyring = Keyring(settings.SECRET_KEYS)
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def can_store(text: str) -> bool:
    """Say whether every database takes `text`; if not, nothing can be called that."""
    return not UNSTORABLE.search(text)


class TextKey(models.TextField):
    """Text that is looked up and sorted by code point, whatever the database's locale.

    Without text it is NULL, never "": several rows may then lack it in spite of a
    unique constraint.
    """

    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def db_parameters(self, connection) -> dict:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters

    def formfield(self, **kwargs):
        """One line of text, of which an empty one is None."""
        single_line = {"form_class": forms.CharField, "empty_value": None}
        return models.Field.formfield(self, **{**single_line, **kwargs})


def digest_only(instance) -> bool:
    """Say whether of a row's secrets the digest is all that is kept."""
    return getattr(instance, "is_digest_only", False)


class SecretField(models.BinaryField):
    """Text that is encrypted in the database and clear in Python."""

    def pre_save(self, instance, add):
        """Return what is stored: nothing where only the digest is kept."""
        return None if digest_only(instance) else super().pre_save(instance, add)

    def get_db_prep_value(self, value, connection, prepared=False):
        if isinstance(value, str):
            value = keyring.encrypt(value)
        return super().get_db_prep_value(value, connection, prepared)

    def to_python(self, value):
        return value  # bytes in base64 are what Django would read text as

    def from_db_value(self, value, expression, connection) -> str | None:
        return None if value is None else keyring.decrypt(bytes(value))


class SealedJSONField(models.JSONField):
    """A JSON object whose secrets are encrypted in the database and clear in Python.

    Which of its texts are secrets, `mark_secrets(mark)` of the model says: it returns a
    copy of the object in which each of them went through `mark`. What is written
    without an instance (`update()`) is not sealed.
    """

    def pre_save(self, instance, add):
        return seal(instance.mark_secrets(Secret), keyring)

    def from_db_value(self, value, expression, connection):
        value = super().from_db_value(value, expression, connection)
        return unseal(value, keyring) if isinstance(value, dict) else value


class DigestField(models.BinaryField):
    """The keyed digest of another field: finds a secret without reading it."""

    def __init__(self, of: str, **kwargs) -> None:
        self.of = of
        super().__init__(null=True, editable=False, max_length=32, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        for implied in ("null", "editable", "max_length"):
            kwargs.pop(implied, None)
        return name, path, args, {**kwargs, "of": self.of}

    def pre_save(self, instance, add):
        secret = getattr(instance, self.of)
        if secret is None and digest_only(instance):
            return getattr(instance, self.attname)
        digest = None if secret is None else keyring.digest(secret)
        setattr(instance, self.attname, digest)
        return digest


def digest_lookup(field: str, secret: str) -> dict:
    """Return the filter that finds the row whose digest `field` is of `secret`."""
    digests = keyring.digests(secret)
    if len(digests) == 1:
        return {field: digests[0]}
    return {f"{field}__in": digests}
