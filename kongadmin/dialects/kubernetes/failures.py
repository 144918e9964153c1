"""Any exception as the Status that tells of it."""

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, UnreadablePostError

from kongadmin import outages
from kongadmin.dialects.admin_api.errors import Refusal
from kongadmin.dialects.kubernetes.errors import Failure, no_such_path

logger = logging.getLogger(__name__)

REASONS = {400: "BadRequest", 403: "Forbidden", 429: "TooManyRequests"}


def told(error: Exception) -> tuple[dict[str, Any], int]:
    """Return the Status and its code; a surprise is logged, never described."""
    failure = failure_of(error)
    return failure.status, failure.code


def failure_of(error: Exception) -> Failure:
    if isinstance(error, Failure):
        return error
    if isinstance(error, Http404):
        return no_such_path()
    if isinstance(error, Refusal):
        reason = REASONS.get(error.status, "BadRequest")
        return Failure(error.status, reason, (error.body or {}).get("message", reason))
    if isinstance(error, RequestDataTooBig):
        message = "the request body is too large"
        return Failure(413, "RequestEntityTooLarge", message)
    if isinstance(error, UnreadablePostError):
        return Failure(400, "BadRequest", "the request body ended too early")
    if text := outages.in_words(error):
        logger.warning("%s (%s)", text, type(error.__cause__).__name__)
        details = {"retryAfterSeconds": outages.RETRY_SECONDS}
        return Failure(503, "ServiceUnavailable", text, details)
    logger.error("unexpected error", exc_info=error)
    return Failure(500, "InternalError", "An unexpected error occurred")
