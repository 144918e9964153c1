"""A decision told in full: in words, and as data."""

from dataclasses import asdict

from kongadmin.explain import answers, words
from kongadmin.explain.context import Context


def explanation(context: Context) -> dict:
    """Return everything that is known about a decision."""
    return {
        "summary": words.summary(context),
        "steps": [asdict(step) for step in words.steps(context)],
        "control_plane": {"id": str(context.plane.pk), "name": context.plane.name},
        **answers.outcome(context.decision),
        "groups": context.groups,
        "passed_over": context.passed_over,
        "story": answers.story(context.decision),
    }
