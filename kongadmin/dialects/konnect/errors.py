"""From any exception to the problem that is answered."""

import logging

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, UnreadablePostError
from rest_framework.exceptions import APIException, MethodNotAllowed

from kongadmin import outages
from kongadmin.conflicts import Conflict
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.konnect.bodies import wrong_in
from kongadmin.dialects.konnect.problems import Problem, answer, parameter
from kongadmin.entities import Violation

logger = logging.getLogger(__name__)


def from_conflict(conflict: Conflict) -> Problem:
    """Say which values another row has; a secret among them is not repeated."""
    entity = conflict.entity
    if conflict.kind == "foreign":
        return Problem.invalid(
            parameter(name, "missing_reference", "does not exist")
            for name in conflict.values
        )
    said = [
        f"this {name}" if name in entity.secret_fields else f"{name} [{value}]"
        for name, value in conflict.values.items()
        if not isinstance(value, dict)  # the path says which consumer's
    ]
    noun = str(entity._meta.verbose_name).capitalize()
    return Problem(409, f"{noun} with {' and '.join(said)} already exists")


def from_framework(error: Exception) -> Problem | None:
    """Return the problem that an exception of Django's or DRF's means."""
    if isinstance(error, Http404):
        return Problem(404)
    if isinstance(error, PermissionDenied):
        return Problem(403)
    if isinstance(error, RequestDataTooBig):
        return Problem(413, "The body is too large")
    if isinstance(error, UnreadablePostError):
        return Problem(400, "The body ended too early")
    if isinstance(error, APIException):
        return Problem(error.status_code, str(error.detail))
    return None


def problem_of(error: Exception) -> Problem | None:
    """Return what to answer to an exception, None for one that nobody foresaw."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Conflict):
        return from_conflict(error)
    if isinstance(error, Violation):
        return Problem.invalid(list(wrong_in(error.fields, {})))
    if isinstance(error, Refusal):  # of what all dialects share
        return Problem(error.status, (error.body or {}).get("message", ""))
    if text := outages.in_words(error):
        return Problem(503, text, headers={"Retry-After": str(outages.RETRY_SECONDS)})
    return from_framework(error)


def handle(error: Exception, context: dict) -> Answer:
    """Return the answer to any exception; a surprise is logged, never described."""
    request, view = context["request"], context["view"]
    if isinstance(error, MethodNotAllowed):
        allowed = {"Allow": ", ".join(view.allowed_methods)}
        return answer(Problem(405, headers=allowed), request)
    problem = problem_of(error)
    if problem is None:
        logger.error("unexpected error in %s", type(view).__name__, exc_info=error)
        problem = Problem(500, "An unexpected error occurred")
    return answer(problem, request)
