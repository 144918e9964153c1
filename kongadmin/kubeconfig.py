"""The file that points kubectl at this installation.

kubectl sends a token of its own accord over https only; over plain http it travels in
the address of the server, as the password of a user.
"""

from urllib.parse import urlsplit, urlunsplit

import yaml
from django.conf import settings

NAME, USER = "kongadmin", "kubectl"


def server() -> str:
    """Return the address for kubectl: the Manager's if that is the one behind TLS."""
    if settings.IS_HTTPS:
        return f"{settings.ADMIN_GUI_URL}/admin-api"
    return settings.ADMIN_LISTEN.url


def kubeconfig(token: str | None = None) -> str:
    """Return the file, with a token in it where one is needed."""
    address, user = server(), {}
    if token and settings.IS_HTTPS:
        user = {"token": token}
    elif token:
        parts = urlsplit(address)
        address = urlunsplit(parts._replace(netloc=f"{USER}:{token}@{parts.netloc}"))
    context = {"cluster": NAME, "user": USER, "namespace": "default"}
    said = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": {"server": address}}],
        "users": [{"name": USER, "user": user}],
        "contexts": [{"name": NAME, "context": context}],
        "current-context": NAME,
    }
    return yaml.safe_dump(said, sort_keys=False)
