"""request-termination, as Kong decides it.

Source of the rules: kong/plugins/request-termination/handler.lua.
"""

import os
import platform
import re
from typing import Any

from kongadmin.gateway.decision import Decision, Refusal
from kongadmin.gateway.plugins.base import Handler, Instance
from kongadmin.gateway.request import Request, header_variable

MESSAGES = {
    401: "Unauthorized",
    404: "Not found",
    405: "Method not allowed",
    500: "An unexpected error occurred",
    502: "Bad Gateway",
    503: "Service unavailable",
}
PORT = re.compile(r"[0-9]{1,5}")
JSON = "application/json; charset=utf-8"
CONTENT = ("CONTENT_TYPE", "CONTENT_LENGTH")


class RequestTermination(Handler):
    """Answers in place of the service; with a trigger only where that is sent."""

    is_repeatable = False

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        config = instance.config
        self.status = int(config.get("status_code") or 503)
        self.message = config.get("message") or MESSAGES.get(self.status)
        self.echoes = config.get("echo", False)
        self.trigger = config.get("trigger")
        self.refusal = self.fixed(config.get("body"), config.get("content_type"))

    def fixed(self, body: str | None, content_type: str | None) -> Refusal:
        """Return what every client is told where the request is not sent back."""
        if body is not None:
            content = body.encode(errors="replace")
            return Refusal(self.status, "", (), content, content_type or JSON)
        if self.message:
            return Refusal.plain(self.status, {"message": self.message})
        return Refusal(self.status, body=b"", content_type="")

    def access(self, decision: Decision) -> Refusal | None:
        request = decision.request
        if self.trigger and not is_sent(request, self.trigger):
            return None
        if not self.echoes:
            return self.refusal
        return Refusal.plain(
            self.status,
            {
                "message": self.message,
                "kong": {"worker_pid": os.getpid(), "hostname": platform.node()},
                "request": described(request),
                "matched_route": request.route,
                "matched_service": request.service,
            },
        )


def is_sent(request: Request, name: str) -> bool:
    """Say whether a request has a header or an argument of that name."""
    return header_variable(name) in request.headers or name in request.arguments


def described(request: Request) -> dict[str, Any]:
    """Return what a request looked like when it came."""
    sent = request.headers
    host, _, port = (request.host or "").partition(":")
    return {
        "scheme": sent.get("wsgi.url_scheme", "http"),
        "host": host,
        "port": int(port) if PORT.fullmatch(port) else None,
        "headers": {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in sent.items()
            if name.startswith("HTTP_") or (name in CONTENT and value)
        },
        "query": request.arguments,
        "body": request.members or None,
        "raw_body": request.body.decode(errors="replace"),
        "method": request.method,
        "path": request.path,
    }
