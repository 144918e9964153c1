"""How a view answers: a page, or the named part of it that HTMX asked for."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from kongadmin.manager.code import Act, as_code

REFUSED = 422
CONFLICT = 409


def render_page(
    request: HttpRequest, template: str, part: str, context: dict, status: int = 200
) -> HttpResponse:
    """Render a template, or only its partial `part` for HTMX.

    A page that the browser restores from history is always whole.
    """
    if request.htmx and not request.htmx.history_restore_request:
        template = f"{template}#{part}"
    return render(request, template, context, status=status)


def render_code(request: HttpRequest, act: Act) -> HttpResponse:
    """Render what a list is as code: a page, or a dialog over the list."""
    context = {"code": as_code(request, act, "listing"), "title": "This list as code"}
    return render_page(request, "code.html", "dialog", context)


def ask_for_name(request: HttpRequest, template: str, context: dict) -> HttpResponse:
    """Ask for the name of what is to be deleted, again if another one was given."""
    is_wrong = request.method == "POST"
    status = REFUSED if is_wrong else 200
    context = {**context, "is_wrong": is_wrong}
    return render_page(request, template, "dialog", context, status)


def see_other(
    request: HttpRequest, to, message: str = "", undo: str = ""
) -> HttpResponse:
    """Send the browser on after a success (303), with a message to read there.

    `undo` is an address; the message has a button that posts to it.
    """
    if message:
        messages.success(request, message, extra_tags=undo)
    url = to if isinstance(to, str) else to.get_absolute_url()
    return HttpResponseRedirect(url, status=303)
