"""Kong's generic error page: one message in the type that the client prefers.

Source: kong/tools/http.lua ("E1" in the data-plane contract).
"""

import html
from collections.abc import Callable
from functools import lru_cache
from json import JSONEncoder

# json.dumps would make one for every message.
in_json = JSONEncoder(ensure_ascii=False).encode


def word(message: str, request_id: str, accept: str) -> tuple[str, bytes]:
    """Return the content type and the body of an error, as `accept` prefers it."""
    kind = preferred_type(accept)
    return f"{kind}; charset=utf-8", BODIES[kind](message, request_id).encode()


@lru_cache(512)
def preferred_type(accept: str) -> str:
    """Return the type to answer in: that of the highest q, the first of equals.

    Types that are unknown here are answered in JSON.
    """
    best, kind = 0.0, "application/json"
    for choice in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in choice.split(";"))
        quality = quality_of(parameters)
        if media_type and quality > best:
            best, kind = quality, TYPES.get(media_type, "application/json")
    return kind


def quality_of(parameters: list[str]) -> float:
    """Return the q among the parameters of a media range; 1 if absent or no number."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0


def json_body(message: str, request_id: str) -> str:
    return f'{{\n  "message":{in_json(message)},\n  "request_id":"{request_id}"\n}}'


def html_body(message: str, request_id: str) -> str:
    return (
        '<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n'
        "    <title>Error</title>\n  </head>\n  <body>\n    <h1>Error</h1>\n"
        f"    <p>{html.escape(message)}.</p>\n"
        f"    <p>request_id: {request_id}</p>\n  </body>\n</html>\n"
    )


def plain_body(message: str, request_id: str) -> str:
    return f"{message}\nrequest_id: {request_id}\n"


def xml_body(message: str, request_id: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n'
        f"  <message>{html.escape(message)}</message>\n"
        f"  <requestid>{request_id}</requestid>\n</error>\n"
    )


TYPES = {
    "text/html": "text/html",
    "text/plain": "text/plain",
    "text/*": "text/plain",
    "application/xml": "application/xml",
}
BODIES: dict[str, Callable[[str, str], str]] = {
    "application/json": json_body,
    "text/html": html_body,
    "text/plain": plain_body,
    "application/xml": xml_body,
}
