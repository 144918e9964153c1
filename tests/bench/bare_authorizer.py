"""The least that an authorizer can be: what the real one is measured against.

A WSGI callable that finds one of the keys in the file named by BARE_KEYS by its
HMAC-SHA-256 in a dictionary, and answers with the identity headers.
"""

import hmac
import json
import os
from pathlib import Path

SECRET = b"0123456789abcdef0123456789abcdef"


def digest(key: str) -> bytes:
    return hmac.digest(SECRET, key.encode(), "sha256")


KNOWN = {
    digest(key): [
        ("Content-Type", "application/json"),
        ("X-Consumer-ID", consumer_id),
        ("X-Consumer-Username", username),
        ("X-Credential-Identifier", credential_id),
    ]
    for key, consumer_id, username, credential_id in json.loads(
        Path(os.environ["BARE_KEYS"]).read_text()
    )
}
REFUSED = [("Content-Type", "application/json"), ("WWW-Authenticate", "Key")]


def application(environ, start_response):
    headers = KNOWN.get(digest(environ.get("HTTP_APIKEY", "")))
    if headers is None:
        start_response("401 Unauthorized", REFUSED)
        return [b'{"message":"Unauthorized"}']
    start_response("200 OK", headers)
    return [b"{}"]
