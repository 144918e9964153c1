"""A request that is only described: read from JSON, a form or a curl command."""

import re
from pathlib import Path
from urllib.parse import quote, urlsplit

from kongadmin.entities import Violation
from kongadmin.explain import curl
from kongadmin.gateway.request import Request, header_variable, underscored_variable
from kongadmin.schema import Schema

SCHEMA = Schema.load(Path(__file__).parent / "requests.yaml")
IS_URL = re.compile("https?://", re.IGNORECASE)
# Everything that can be sent in a request line; the rest is percent-encoded.
SENDABLE = "".join(map(chr, range(0x21, 0x7F)))


def even(sent: dict) -> dict:
    """Return a description with its headers as lists and its uri as a path.

    What does not fit is passed on; SCHEMA.errors names it.
    """
    headers, uri = sent.get("headers", {}), sent.get("uri")
    if not isinstance(headers, dict):
        return sent
    headers = {
        name: [value] if isinstance(value, str) else value
        for name, value in headers.items()
    }
    if not isinstance(uri, str) or not IS_URL.match(uri):
        return {**sent, "headers": headers}
    uri, host = path_and_host(uri)
    if not any(name.lower() == "host" for name in headers):
        headers["Host"] = [host]
    return {**sent, "headers": headers, "uri": uri}


def read(sent: dict) -> dict:
    """Return a description complete, with defaults; Violation if it is wrong."""
    if "curl" in sent:
        command = sent["curl"]
        if not isinstance(command, str):
            raise Violation({"curl": "expected a string"})
        try:
            sent = {**curl.read(command), **sent}
        except ValueError as error:
            raise Violation({"curl": str(error)}) from error
        del sent["curl"]
    values = SCHEMA.fill(even(sent))
    if errors := SCHEMA.errors(values):
        raise Violation(errors)
    return values


def path_and_host(url: str) -> tuple[str, str]:
    """Return what a URL asks for, and of whom."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ""
    path = parts.path or "/"
    return (f"{path}?{parts.query}" if parts.query else path), parts.netloc


def request_of(values: dict, peer: str) -> Request:
    """Return the request that valid values describe, as if sent from `peer`."""
    uri = quote(values["uri"], SENDABLE, errors="surrogatepass")
    body = as_bytes(values["body"] or "")
    headers = {"REMOTE_ADDR": peer}
    if body:
        headers["CONTENT_LENGTH"] = str(len(body))
    for name, texts in values["headers"].items():
        # As servers hand over: repeated headers joined, bytes as Latin-1.
        joined = ",".join(texts)
        variable = underscored_variable if "_" in name else header_variable
        headers[variable(name)] = as_bytes(joined).decode("latin-1")
    return Request(
        values["method"],
        headers,
        uri.partition("?")[2],
        lambda _: body,
        target=uri,
        client_ip=values["client_ip"],
        service=values["service"],
        route=values["route"],
    )


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
