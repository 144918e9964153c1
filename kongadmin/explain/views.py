"""The page that tries a request: nothing is sent, counted or stored."""

import re
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from consumers.models import Consumer
from kongadmin.access.permissions import READ, needs
from kongadmin.explain import words
from kongadmin.explain.answers import response_headers
from kongadmin.explain.context import Context
from kongadmin.explain.described import request_of
from kongadmin.explain.engine import explain
from kongadmin.explain.forms import RequestForm
from kongadmin.explain.telling import explanation
from kongadmin.manager.code import curl
from kongadmin.manager.render import REFUSED, render_page
from kongadmin.masks import DOTS
from kongadmin.peers import client_address
from kongadmin.plugins.models import Plugin

# Headers whose values are no secret; those of others become variables of the shell.
HARMLESS = {"accept", "content-type", "host", "user-agent"}


@require_http_methods(["GET", "HEAD", "POST"])
@needs(READ, Consumer)
@needs(READ, Plugin)
def try_request(request: HttpRequest) -> HttpResponse:
    """Say what would become of a request; posted, so that no key is in an address."""
    if request.method != "POST":
        return render_page(
            request, "explain/try.html", "result", {"form": RequestForm()}
        )
    form = RequestForm(request.POST)
    context = {"form": form.emptied(), "is_shown_again": True}
    if not form.is_valid():
        context["errors"] = list(problems(form))
        return render_page(request, "explain/try.html", "result", context, REFUSED)
    described = request_of(form.values, client_address(request.META))
    context |= told(Context(request.scope, explain(request.scope, described)))
    context["curl"] = curl(request, "POST", "/explain", *code_pairs(form.values))
    return render_page(request, "explain/try.html", "result", context)


def problems(form: RequestForm) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a form, each with the field's name."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        yield from ((label, error) for error in errors)


def told(context: Context) -> dict:
    """Return a decision as the page shows it."""
    decision = context.decision
    return {
        "decision": decision,
        "summary": words.summary(context),
        "steps": words.steps(context),
        "upstream": [] if decision.refusal else decision.upstream_headers,
        "to_client": response_headers(decision),
        "explanation": explanation(context),
    }


def code_pairs(values: dict) -> Iterator[tuple[str, str | None]]:
    """Yield a description as arguments for the Admin API, without what is secret."""
    yield "method", values["method"]
    yield "uri", re.sub(r"=[^&]*", f"={DOTS}", values["uri"])
    for name, texts in values["headers"].items():
        text = texts[0] if name.lower() in HARMLESS and texts else None
        yield f"headers.{name}", text
    for name in ("client_ip", "service", "route"):
        if values[name]:
            yield name, values[name]
    if values["body"]:
        yield "body", None
