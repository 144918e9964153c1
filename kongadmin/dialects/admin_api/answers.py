"""An answer of the Admin API: JSON, rendered at once."""

import json
from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse

JSON_TYPE = "application/json; charset=utf-8"


class Answer(HttpResponse):
    """A status and, unless `data` is None, a body.

    DRF's own response chooses a renderer and renders later; here there is one, and a
    list is rendered ten times as fast.
    """

    def __init__(
        self, data: Any = None, status: int = 200, headers: Mapping | None = None
    ) -> None:
        content = b"" if data is None else dump(data)
        super().__init__(content, JSON_TYPE, status, headers=headers)
        self.data = data


def dump(data: Any) -> bytes:
    """Return compact JSON; a request's bad UTF-8 is told in escapes."""
    try:
        return orjson.dumps(data)
    except orjson.JSONEncodeError:
        return json.dumps(data, separators=(",", ":")).encode()
