"""The region a request is about: by the host it names, or a header. Contract §4."""

from django.conf import settings
from django.http import HttpRequest

from kongadmin.dialects.konnect.problems import Problem

GLOBAL = "global"
EVERYWHERE = "v3"  # identities are the same in every region


def region_of(request: HttpRequest) -> str:
    """Return the region whose objects a request sees; a 404 if there is none such.

    With one region there is nothing to choose. With several `<region>.api.<domain>`
    says which, then the header X-Region, then the installation's own is meant.
    """
    if len(settings.REGIONS) == 1:
        return settings.REGION
    label, _, rest = request.get_host().partition(".")
    if not rest.startswith("api."):
        label = request.META.get("HTTP_X_REGION") or settings.REGION
    elif label == GLOBAL and request.path_info.startswith(f"/{EVERYWHERE}/"):
        label = settings.REGION
    if label not in settings.REGIONS:
        raise Problem(404)
    return label
