"""Charts, drawn as SVG by the server. What they show also stands there as text."""

from collections.abc import Sequence

from django import template
from django.utils.safestring import SafeString

register = template.Library()

STEP, SPARK_HEIGHT = 4, 16
WIDTH, HEIGHT, GAP = 720, 140, 0.25


@register.simple_tag
def spark(points: Sequence) -> str:
    """Draw the totals of points as small bars, as high as their share of the highest.

    Nothing is drawn of nothing. One path has all of them, each bar from the foot of the
    one before it: a page may have a hundred.
    """
    totals = [point.total for point in points]
    highest = max(totals)
    if not highest:
        return ""
    heights = (-(-total * SPARK_HEIGHT // highest) for total in totals)
    bars = "".join([f"v-{height}m{STEP} {height}" for height in heights])
    return SafeString(
        f'<svg class="spark" viewBox="0 0 {len(points) * STEP} {SPARK_HEIGHT}" '
        f'role="img" aria-label="{sum(totals):,} requests">'
        f'<path d="M1.5 {SPARK_HEIGHT}{bars}"/></svg>'
    )


@register.filter
def bars(points: Sequence) -> list[dict]:
    """Return for each point where its three stacked bars begin and how high they are.

    In units of a drawing WIDTH wide and HEIGHT high.
    """
    highest = max(point.total for point in points) or 1
    step = WIDTH / len(points)
    return [
        bar(point, place * step, step, highest) for place, point in enumerate(points)
    ]


def bar(point, x: float, step: float, highest: int) -> dict:
    parts, y = [], float(HEIGHT)
    for outcome in ("allowed", "denied", "limited"):
        if height := scaled(getattr(point, outcome), highest, HEIGHT):
            y -= height
            parts.append((outcome, round(y, 1), round(height, 1)))
    return {
        "point": point,
        "parts": parts,
        "x": round(x, 1),
        "inner": round(x + step * GAP / 2, 1),
        "step": round(step, 1),
        "width": round(step * (1 - GAP), 1),
    }


def scaled(count: int, highest: int, height: int) -> float:
    """Return how high a bar is; what there is can be seen, however little it is."""
    return max(count / highest * height, 1.5) if count else 0


@register.filter
def highest(points: Sequence) -> int:
    return max(point.total for point in points)


@register.filter
def thousands(count: int) -> str:
    return f"{count:,}"
