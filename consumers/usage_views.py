"""The page about a consumer's requests, and the same as CSV and JSON."""

import csv

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from consumers.holdings import with_ids
from consumers.models import Consumer
from consumers.usage import OUTCOMES, SPANS, Point, by_credential, series, total
from consumers.views import consumer_context, find_consumer
from kongadmin.access.permissions import READ, needs
from kongadmin.manager.render import render_page


@require_safe
@needs(READ, Consumer)
def show_usage(request: HttpRequest, ref: str) -> HttpResponse:
    """Tab Usage: what became of the requests of `?span=`; `?format=` csv or json."""
    consumer = find_consumer(request, ref)
    span = SPANS.get(request.GET.get("span"), SPANS["day"])
    points = series([consumer.pk], span)[consumer.pk]
    if export := EXPORTS.get(request.GET.get("format")):
        return export(f"{consumer.ref}-{span.name}", points)
    sums = by_credential(consumer, span)
    known = with_ids(list(sums)) if sums else {}
    busiest = sorted(sums.items(), key=lambda pair: -pair[1].total)
    context = consumer_context(request, consumer, "usage") | {
        "spans": SPANS.values(),
        "span": span,
        "points": points,
        "total": total(points),
        "credentials": [(known.get(id_), point) for id_, point in busiest],
    }
    return render_page(request, "consumers/usage.html", "tab", context)


def as_csv(name: str, points: list[Point]) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="usage-{name}.csv"'}
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers=headers)
    rows = csv.writer(response)
    rows.writerow(["start", *OUTCOMES])
    for point in points:
        rows.writerow([point.time.isoformat(), *(getattr(point, n) for n in OUTCOMES)])
    return response


def as_json(name: str, points: list[Point]) -> HttpResponse:
    return JsonResponse({"data": [point.to_dict() for point in points]})


EXPORTS = {"csv": as_csv, "json": as_json}
