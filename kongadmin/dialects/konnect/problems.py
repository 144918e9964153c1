"""Konnect's error answers: application/problem+json (RFC 9457). Contract konnect §1.8.

A refused body or query lists everything that is wrong with it, ordered by field.
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest

from kongadmin.dialects.admin_api.answers import Answer

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
DETAILS = {
    401: "A valid token is required",
    403: "You do not have permission to perform this action",
    404: "Not found",
    415: "UnsupportedMediaType",
}


@dataclass(frozen=True, slots=True)
class Flavour:
    """How an API of Konnect's words what all of them say.

    `prefix` begins `instance`; `details` replaces the detail of a refusal where one
    of its parameters has such a rule.
    """

    prefix: str = "kong:trace:"
    titles: Mapping[int, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)

    def title_of(self, status: int) -> str:
        titles = {415: "UnsupportedMediaType", **self.titles}
        return titles.get(status) or HTTPStatus(status).phrase


CONSUMERS = Flavour()
CONTROL_PLANES = Flavour(
    "konnect:trace:",
    {401: "Unauthenticated", 403: "Permission denied"},
    {"unknown_property": "Request contains unknown property"},
)
# By the first segment of the path.
FLAVOURS = {"v2": CONTROL_PLANES}


def flavour_of(request: HttpRequest) -> Flavour:
    return FLAVOURS.get(request.path_info.split("/")[1], CONSUMERS)


class Problem(Exception):
    """An answer that ends the request."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        parameters: Sequence[dict] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.detail = status, detail or DETAILS.get(status, "")
        self.parameters, self.headers = parameters, headers or {}

    @classmethod
    def invalid(
        cls, parameters: Sequence[dict], detail: str = "Invalid Parameters"
    ) -> "Problem":
        """Refuse a request for what is wrong with it; see `parameter`."""
        return cls(400, detail, sorted(parameters, key=lambda each: each["field"]))


def parameter(
    field: str, rule: str, reason: str, source: str = "body", **limit: Any
) -> dict:
    """Return one entry of `invalid_parameters`.

    `limit` is minimum, maximum, choices or dependents, as the rule has it.
    """
    return {"field": field, "rule": rule, "reason": reason, "source": source, **limit}


def answer(problem: Problem, request: HttpRequest) -> Answer:
    """Return the answer; its `instance` is also in the log, to be found there."""
    flavour, status = flavour_of(request), problem.status
    instance = f"{flavour.prefix}{secrets.randbits(64)}"
    body = {
        "status": status,
        "title": flavour.title_of(status),
        "type": f"https://httpstatuses.com/{status}",
        "instance": instance,
        "detail": problem.detail or flavour.title_of(status),
    }
    if problem.parameters:
        body["invalid_parameters"] = problem.parameters
        rules = {each["rule"] for each in problem.parameters}
        details = [text for rule, text in flavour.details.items() if rule in rules]
        body["detail"] = next(iter(details), body["detail"])
    logger.info("%s: %s to %s", instance, status, request.method)
    response = Answer(body, status, problem.headers)
    response["Content-Type"] = PROBLEM_TYPE
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response
