"""Slows down who guesses passwords or tokens: few failures per name, more per address.

Counted in the database, so that all workers and machines count together.
"""

from datetime import timedelta

from django.utils import timezone

from kongadmin.access.models import SignInFailure

WINDOW = timedelta(minutes=15)
FAILURES_PER_NAME = 5
FAILURES_PER_ADDRESS = 50
LONGEST_NAME, LONGEST_ADDRESS = 150, 45


def wait_for(username: str, address: str) -> timedelta | None:
    """Return how long this name from this address must wait, None if it need not."""
    username, address = username[:LONGEST_NAME], address[:LONGEST_ADDRESS]
    recent = SignInFailure.objects.filter(
        address=address, at__gt=timezone.now() - WINDOW
    )
    named = recent.filter(username=username)
    for failures, limit in ((named, FAILURES_PER_NAME), (recent, FAILURES_PER_ADDRESS)):
        times = failures.order_by("-at").values_list("at", flat=True)[:limit]
        if len(times) == limit:
            return times[limit - 1] + WINDOW - timezone.now()
    return None


def note_failure(username: str, address: str) -> None:
    """Count one refused sign-in, and forget those that no longer count."""
    SignInFailure.objects.filter(at__lt=timezone.now() - WINDOW).delete()
    SignInFailure.objects.create(
        username=username[:LONGEST_NAME], address=address[:LONGEST_ADDRESS]
    )


def forget_failures(username: str, address: str) -> None:
    """Start afresh after a successful sign-in."""
    username, address = username[:LONGEST_NAME], address[:LONGEST_ADDRESS]
    SignInFailure.objects.filter(username=username, address=address).delete()
