"""request-size-limiting, as Kong decides it.

A body that does not say how long it is gets measured up to a megabyte only: beyond
that it would have to be taken in whole. Source of the rules:
kong/plugins/request-size-limiting/handler.lua.
"""

import re

from kongadmin.gateway.decision import Decision, Refusal
from kongadmin.gateway.plugins.base import Handler, Instance

NUMBER = re.compile(r"[0-9]{1,18}")
UNITS = {"megabytes": 2**20, "kilobytes": 2**10, "bytes": 1}
NO_LENGTH = Refusal(411, "A valid Content-Length header is required")
TOO_LARGE = Refusal(413, "Request size limit exceeded")
# What a client is told that has not sent its body yet, and asks if it should.
NOT_EXPECTED = Refusal(417, "Request size limit exceeded")


class RequestSizeLimiting(Handler):
    """Refuses requests with a body that is too long."""

    is_repeatable = False

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        config = instance.config
        unit = UNITS[config.get("size_unit") or "megabytes"]
        self.most = config.get("allowed_payload_size", 128) * unit
        self.needs_length = config.get("require_content_length", False)

    def access(self, decision: Decision) -> Refusal | None:
        request = decision.request
        length = request.headers.get("CONTENT_LENGTH") or ""
        if NUMBER.fullmatch(length):
            size = int(length)
        elif self.needs_length:
            return NO_LENGTH
        else:
            size = len(request.body)
        if size <= self.most:
            return None
        expects = request.headers.get("HTTP_EXPECT", "").strip().lower()
        return NOT_EXPECTED if expects == "100-continue" else TOO_LARGE
