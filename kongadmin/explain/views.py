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
from kongadmin.manager.code import Act, Secret, Verb, as_code
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
    act = Act(
        Verb.ASK, "explain", "/explain", request.scope, described_openly(form.values)
    )
    context["code"] = as_code(request, act)
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


def described_openly(values: dict) -> dict:
    """Return a description as the Admin API takes it, without what is secret."""
    headers = {
        name: texts[0] if name.lower() in HARMLESS and texts else Secret(name)
        for name, texts in values["headers"].items()
    }
    named = ("client_ip", "service", "route")
    return {
        "method": values["method"],
        "uri": re.sub(r"=[^&]*", f"={DOTS}", values["uri"]),
        **({"headers": headers} if headers else {}),
        **{name: values[name] for name in named if values[name]},
        **({"body": Secret("body")} if values["body"] else {}),
    }
