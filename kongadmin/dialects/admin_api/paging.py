"""Kong's lists: keyset pages in the order of the ids.

Source: contract §1.6; kong/db/strategies/postgres/init.lua.
"""

import base64
import binascii
import json
import re
from typing import Any
from urllib.parse import quote
from uuid import UUID

from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.entities import UUID_TEXT, Entity
from kongadmin.keyset import Cursor, Sort
from kongadmin.prepared import Row

DEFAULT_SIZE = 100
LARGEST_SIZE = 1000
NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
)


def read_size(text: str | bool | None) -> int:
    """Return the page size that `?size=` asks for; Lua's spellings of numbers count."""
    if text is None or text is True:
        return DEFAULT_SIZE
    if not NUMBER.fullmatch(text.strip(" \t\n\v\f\r")):
        raise Refusal.coded(9, "size must be a number")
    number = int(text, 16) if "x" in text.lower() else float(text)
    if not 1 <= number <= LARGEST_SIZE or number != int(number):
        raise Refusal.coded(9, f"size must be an integer between 1 and {LARGEST_SIZE}")
    return int(number)


def encode_offset(last: UUID | str, *more: Any) -> str:
    """Return the token that continues a list after the row `last`.

    Base64 of a JSON array, unpadded as Kong's: clients echo it in a query.
    """
    token = json.dumps([str(last), *more], separators=(",", ":"))
    return base64.b64encode(token.encode()).decode().rstrip("=")


def decode_offset(token: str) -> list:
    """Return what an offset holds, the last row's id first; refuse any other text."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise bad_offset(token, "base64") from None
    try:
        key = json.loads(raw)
    except ValueError:
        raise bad_offset(token, "json") from None
    if not isinstance(key, list) or (
        key and not (isinstance(key[0], str) and UUID_TEXT.fullmatch(key[0]))
    ):
        raise bad_offset(token, "json")
    return key


def bad_offset(token: str, layer: str) -> Refusal:
    return Refusal.coded(7, f"'{token}' is not a valid offset: bad {layer} encoding")


def read_offset(arguments: dict) -> tuple[UUID | None, bool]:
    """Return the id to go on behind, and whether anything can follow it."""
    token = arguments.get("offset")
    if not isinstance(token, str):
        return None, True
    key = decode_offset(token)
    return (UUID(key[0]), True) if key else (None, False)


def say_place(last: Entity, sort: Sort) -> str:
    """Return the token that continues a sorted list after the row `last`."""
    value, _ = Cursor.at(last, sort).say()
    return encode_offset(last.pk, value)


def read_place(
    arguments: dict, model: type[Entity], sort: Sort
) -> tuple[Cursor | None, bool]:
    """Return the place in a sorted list to go on from, and whether anything can."""
    token = arguments.get("offset")
    if not isinstance(token, str):
        return None, True
    key = decode_offset(token)
    if not key:
        return None, False
    try:
        id_, value = key
        return Cursor.read(model, sort, value, id_), True
    except (TypeError, ValueError):
        raise bad_offset(token, "json") from None


def cut(rows: list[Row], size: int) -> tuple[list[Row], str | None]:
    """Return the page in `rows`, one more than it holds, and the offset of the next."""
    if len(rows) <= size:
        return rows, None
    return rows[:size], encode_offset(rows[size - 1]["id"])


def answer(data: list, path: str, offset: str | None, **more: str | None) -> dict:
    """Return the body of a list; `more` are query arguments that `next` repeats."""
    if offset is None:
        return {"data": data, "next": None}
    query = "".join(
        f"&{name}={quote(value, safe='')}"
        for name, value in more.items()
        if isinstance(value, str) and value
    )
    return {
        "data": data,
        "next": f"{path}?offset={quote(offset, safe='')}{query}",
        "offset": offset,
    }
