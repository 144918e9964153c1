"""The columns of a table: what each says of a consumer, and what else it is called.

A column is called consumer.custom_id, key-auth.key or acl.tags: an owner, which is the
consumer or a type of credential, and a field. A number after it tells several of one
type apart: `key-auth.key 2`.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer
from kongadmin.schema import Schema

CONSUMER, ACL, BASIC_AUTH = "consumer", "acl", "basic-auth"
GROUPS = "groups"  # names of consumer groups, one cell for all
PLAIN_ACLS = "acls"  # groups of ACL credentials that have nothing else to them
DIGEST = "password_digest"  # of basic-auth: as stored, not to be hashed again
SERVED_ONLY = {"created_at", "updated_at", "consumer", "ca_certificate"}
NUMBERED = re.compile(r"(.+?)_?([1-9][0-9]{0,2})")

# What people and other programs call columns, in the form of `plain`.
ALIASES = {
    "username": "user user_name name consumer consumer_username consumer_name login",
    "custom_id": "customid external_id consumer_custom_id",
    "tags": "tag labels label consumer_tags",
    "id": "uuid consumer_id",
    "groups": "group consumer_groups consumer_group tier plan",
    "acls": "acl_groups",
    "acl.group": "acl acl_group",
    "key-auth.key": "key apikey api_key keyauth key_auth keyauth_key keys",
    "key-auth.ttl": "ttl key_ttl",
    "basic-auth.username": "basic_username basic_user basicauth_username",
    "basic-auth.password": "password basic_password basicauth_password",
    "basic-auth.password_digest": "password_digest password_hash basic_password_digest",
    "hmac-auth.username": "hmac_username",
    "hmac-auth.secret": "hmac_secret",
    "jwt.key": "issuer iss jwt_issuer",
    "oauth2.name": "application app",
    "oauth2.client_id": "client_id",
    "oauth2.client_secret": "client_secret",
    "oauth2.redirect_uris": "redirect_uris redirect_uri",
    "mtls-auth.subject_name": "subject_name subject mtls",
}


class Column(NamedTuple):
    """What a column says: a field of the consumer or of its `number`th credential."""

    owner: str
    field: str
    number: int = 1

    def __str__(self) -> str:
        name = self.field if self.owner == CONSUMER else f"{self.owner}.{self.field}"
        return name if self.number == 1 else f"{name} {self.number}"


def schema_of(owner: str) -> Schema:
    return Consumer.schema if owner == CONSUMER else CREDENTIALS[owner].model.schema


def fields_of(owner: str) -> Iterator[str]:
    """Return the fields that a table may have of an owner, in their order."""
    schema = schema_of(owner)
    own = [name for name in schema.fields if name not in SERVED_ONLY]
    if owner == CONSUMER:
        own += [GROUPS, PLAIN_ACLS]
    if owner == BASIC_AUTH:
        own.insert(own.index("password") + 1, DIGEST)
    yield from own
    if schema.ttl:
        yield "ttl"


@cache
def columns() -> dict[str, Column]:
    """Return every column by its name, in the order in which they are written."""
    found = [
        Column(owner, field)
        for owner in (CONSUMER, *CREDENTIALS)
        for field in fields_of(owner)
    ]
    return {str(column): column for column in found}


@cache
def known() -> dict[str, Column]:
    """Return every column by all that it may be called."""
    named = {plain(name): column for name, column in columns().items()}
    for name, others in ALIASES.items():
        if name in columns():
            named |= dict.fromkeys(others.split(), columns()[name])
    return named


def plain(name: str) -> str:
    """Return a heading as it is compared: "Custom ID" is custom_id."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def column_called(name: str) -> Column | None:
    """Return the column that a heading means, None if it means none."""
    text = plain(name)
    if text in known():
        return known()[text]
    numbered = NUMBERED.fullmatch(text)
    column = known().get(numbered[1]) if numbered else None
    # A consumer has one of everything.
    if column is None or column.owner == CONSUMER:
        return None
    return column._replace(number=int(numbered[2]))


def likely(name: str) -> str:
    """Return the name that a heading comes near to, "" if none."""
    found = get_close_matches(plain(name), known(), n=1, cutoff=0.75)
    return str(known()[found[0]]) if found else ""


def kind_of(owner: str) -> str:
    return schema_of(owner).name
