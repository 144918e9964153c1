"""A request as the authorizer sees it, and the values that it carries by name."""

import json
from collections.abc import Callable, Mapping
from email import message_from_bytes
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote_plus

from kongadmin.peers import client_address

# Text that a name had; every text, when it occurred more than once; True without "=".
Value = str | list | bool
# A body with a key in it is never longer than this.
LARGEST_BODY = 1_048_576
# What stands in a path as it is (RFC 3986 §3.3).
ENCODED_SAFE = "/!$&'()*+,;=:@~-._"


def nothing(headers: Mapping[str, Any]) -> bytes:
    return b""


class Request:
    """What a decision may depend on.

    `headers` maps header names in CGI's spelling to text; a WSGI environ is one.
    `read` takes them and yields the body; it is asked only if a plugin looks for
    something there. Also given may be `target`, the path with the query as they were
    sent, percent-encoded; `host`, whom they were sent to; `client_ip`; `protocol`; and
    `service` and `route`, what the proxy in front says that the request is for.
    """

    service: str | None = None
    route: str | None = None
    protocol = "HTTP/1.1"

    def __init__(
        self,
        method: str,
        headers: Mapping[str, Any],
        query: str,
        read: Callable[[Mapping], bytes] = nothing,
        **given: str | None,
    ) -> None:
        self.method = method
        self.headers = headers
        self.query = query
        self.read = read
        for name, value in given.items():
            if value is not None:
                setattr(self, name, value)

    @cached_property
    def target(self) -> str:
        """The path and query; where a server has decoded the path, encoded anew."""
        path = quote(self.headers.get("PATH_INFO", "/"), ENCODED_SAFE, "latin-1")
        return f"{path}?{self.query}" if self.query else path

    @cached_property
    def host(self) -> str | None:
        """The header Host; a proxy that asks sends its own, and this one elsewhere."""
        return self.headers.get("HTTP_HOST")

    @property
    def path(self) -> str:
        """The path as it was sent, without the query."""
        return self.target.partition("?")[0]

    @cached_property
    def client_ip(self) -> str:
        """The address of the client: of the peer, or as trusted proxies say."""
        return client_address(self.headers)

    @cached_property
    def body(self) -> bytes:
        """The body, cut off after LARGEST_BODY and one byte more.

        There is none where the proxy in front kept it.
        """
        return self.read(self.headers)

    @cached_property
    def arguments(self) -> dict[str, Value]:
        """The values of the query, percent-decoded."""
        return parse_form(self.query)

    @cached_property
    def members(self) -> dict[str, Any]:
        """The top-level values of the body; none if it cannot be understood."""
        kind = self.headers.get("CONTENT_TYPE", "")
        parse = PARSERS.get(kind.partition(";")[0].strip().lower())
        if parse is None or len(self.body) > LARGEST_BODY:
            return {}
        return parse(self.body, kind)


def header_variable(name: str) -> str:
    """Return CGI's spelling of a header name (RFC 3875 §4.1.18)."""
    variable = name.upper().replace("-", "_")
    if variable in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        return variable
    return f"HTTP_{variable}"


def underscored_variable(name: str) -> str:
    """Return what the value of a header with `_` in its name is found by.

    Servers drop such headers or take them for those with `-`. Whoever can tell them
    apart hands them over under this name, which is no server's.
    """
    return f"http_{name.lower()}"


def as_sent(name: str) -> str:
    """Return the header that a configured name matches: `_` stands for `-` too."""
    return name.replace("_", "-")


def header_text(value: str) -> str:
    """Return the UTF-8 text of a header that WSGI hands over as Latin-1."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def parse_form(text: str) -> dict[str, Value]:
    """Return the values of a query or an urlencoded body by name."""
    values: dict[str, Value] = {}
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        if name:
            add(values, unquote(name), unquote(value) if equals else True)
    return values


def unquote(text: str) -> str:
    return unquote_plus(text, errors="surrogateescape")


def add(values: dict[str, Value], name: str, value: str | bool) -> None:
    """Note `value` under `name`; a second one makes a list."""
    if name not in values:
        values[name] = value
    elif isinstance(known := values[name], list):
        known.append(value)
    else:
        values[name] = [known, value]


def parse_urlencoded(body: bytes, kind: str) -> dict[str, Value]:
    return parse_form(body.decode(errors="surrogateescape"))


def parse_json(body: bytes, kind: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def parse_multipart(body: bytes, kind: str) -> dict[str, Value]:
    """Return the values of a multipart form (RFC 7578), files included, by name."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = message_from_bytes(head + body)
    values: dict[str, Value] = {}
    for part in message.get_payload() if message.is_multipart() else ():
        name = part.get_param("name", header="Content-Disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and content is not None:
            add(values, name, content.decode(errors="surrogateescape"))
    return values


PARSERS: dict[str, Callable[[bytes, str], dict[str, Any]]] = {
    "application/x-www-form-urlencoded": parse_urlencoded,
    "application/json": parse_json,
    "multipart/form-data": parse_multipart,
}
