"""The page that hands out a kubeconfig, with a token made for it."""

from base64 import b64encode

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from kongadmin.access import log
from kongadmin.access.forms import KubectlForm
from kongadmin.access.models import APIToken
from kongadmin.access.permissions import ACCOUNT, WRITE, needs
from kongadmin.access.roles import ROLES
from kongadmin.kubeconfig import kubeconfig, server
from kongadmin.manager import secrets
from kongadmin.manager.render import REFUSED, render_page, see_other

FILE = "kubeconfig"


@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE, ACCOUNT)
@transaction.atomic
def use_kubectl(request: HttpRequest) -> HttpResponse:
    """Make a token for kubectl and show the file with it, once; none without RBAC."""
    owner = f"kubectl of {request.user.pk}"
    form = KubectlForm(request.POST or None, instance=APIToken(user=request.user))
    if settings.ENFORCE_RBAC and form.is_valid():
        token, text = form.create()
        log.record_creation(token)
        secrets.keep(request, owner, "Token created.", {FILE: kubeconfig(text)})
        return see_other(request, reverse("access:kubectl"))
    born = secrets.take(request, owner)
    file = born["values"][FILE] if born else ""
    if not settings.ENFORCE_RBAC:
        file = kubeconfig()
    context = {
        "form": form,
        "roles": ROLES,
        "server": server(),
        "file": file,
        "download": as_link(file),
        "needs_token": settings.ENFORCE_RBAC,
    }
    status = REFUSED if form.is_bound else 200
    return render_page(request, "access/kubectl.html", "form", context, status)


def as_link(text: str) -> str:
    """Return an address that holds the text itself: a secret is in none of ours."""
    return f"data:application/yaml;base64,{b64encode(text.encode()).decode()}"
