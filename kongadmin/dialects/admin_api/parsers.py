"""Bodies and query arguments, decoded as Kong decodes them.

JSON is taken literally. Form keys spell structure: `a.b`, `tags[]`, `tags[1]`,
`m[foo]`. Source: contract §1.1-1.2; kong/api/arguments_decoder.lua.
"""

import json
import re
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from kongadmin.dialects.admin_api.errors import Refusal

MOST_ARGUMENTS = 1000
MOST_STEPS = 100
SUPPORTED = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
)
BRACKETS = re.compile(r"\[([^\[\]]*)\]")

Pairs = list[tuple[str, str | bool]]


def as_text(raw: bytes) -> str:
    """Decode UTF-8; a bad byte stays as a lone surrogate, for the schema to refuse."""
    return raw.decode("utf-8", "surrogateescape")


def unescape(text: str) -> str:
    """Undo percent-encoding, where a plus is a space."""
    return unquote(text.replace("+", " "), errors="surrogateescape")


def split_arguments(text: str) -> Pairs:
    """Return the pairs of a query or form; an argument without `=` is True.

    Refuses more than 1000 of them, as Kong does.
    """
    items = [item for item in text.split("&") if item]
    if len(items) > MOST_ARGUMENTS:
        raise Refusal.plain(400, "Too many arguments")
    pairs: Pairs = []
    for item in items:
        name, equals, value = item.partition("=")
        pairs.append((unescape(name), unescape(value) if equals else True))
    return pairs


def decode(pairs: Pairs) -> dict:
    """Return the structure that form keys spell; a repeated key makes a list."""
    root: dict = {}
    for name, value in pairs:
        put(root, path_of(name), value)
    return lists_in(root)


def path_of(name: str) -> list[str]:
    """Return the steps of a form key: `config.limit[1]` → config, limit, 1."""
    steps = []
    for part in name.split("."):
        plain = BRACKETS.sub("", part)
        steps += [plain, *BRACKETS.findall(part)]
    if len(steps) > MOST_STEPS:
        raise Refusal.plain(400, "Arguments are nested too deeply")
    return steps


def put(node: dict, path: list[str], value: Any) -> None:
    """Store `value` under `path`; what is there already becomes a list."""
    *parents, last = path
    for step in parents:
        child = node.get(step)
        if not isinstance(child, dict):
            child = node[step] = {}
        node = child
    if last == "":
        last = str(len(node) + 1)
    if last not in node:
        node[last] = value
    elif isinstance(node[last], list):
        node[last].append(value)
    else:
        node[last] = [node[last], value]


def lists_in(node: Any) -> Any:
    """Turn every table whose keys are 1, 2, … into a list."""
    if not isinstance(node, dict):
        return node
    if node and all(key.isdecimal() for key in node):
        items = []
        for key in sorted(node, key=int):
            item = lists_in(node[key])
            items += item if isinstance(item, list) else [item]
        return items
    return {key: lists_in(value) for key, value in node.items()}


def read_json(raw: bytes) -> dict:
    """Return the object in a JSON body, literally; an empty array counts as {}."""
    try:
        body = json.loads(as_text(raw), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        body = None
    if body == []:
        return {}
    if not isinstance(body, dict):
        raise Refusal.plain(400, "Cannot parse JSON body")
    return body


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def read_multipart(raw: bytes, request: HttpRequest) -> Pairs:
    """Return the text fields of a multipart body."""
    if not raw:
        return []
    try:
        parser = MultiPartParser(request.META, BytesIO(raw), request.upload_handlers)
        fields, _ = parser.parse()
    except MultiPartParserError as error:
        raise Refusal.plain(400, "Cannot parse multipart body") from error
    except TooManyFieldsSent as error:
        raise Refusal.plain(400, "Too many arguments") from error
    return [(name, value) for name, values in fields.lists() for value in values]


def read_body(request: HttpRequest) -> tuple[dict, bool]:
    """Return a request's body, and whether it is a form whose texts need types."""
    kind = request.META.get("CONTENT_TYPE", "")
    if kind.startswith("application/json"):
        return read_json(request.body), False
    if kind.startswith("multipart/form-data"):
        return decode(read_multipart(request.body, request)), True
    return decode(split_arguments(as_text(request.body))), True
