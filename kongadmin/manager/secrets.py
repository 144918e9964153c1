"""A secret between the request that made it and the page that shows it once.

It waits in the session, encrypted; taking it removes it.
"""

import time
from uuid import UUID

from django.http import HttpRequest

from kongadmin.fields import keyring

NAME = "born_secret"
SECONDS = 300


def keep(request: HttpRequest, owner: UUID | str, secret: str) -> None:
    """Let the next page about `owner` show `secret`."""
    stored = keyring.encrypt(secret).hex()
    request.session[NAME] = {"owner": str(owner), "at": time.time(), "secret": stored}


def take(request: HttpRequest, owner: UUID | str) -> str | None:
    """Return the secret kept for `owner`, the first time only."""
    kept = request.session.get(NAME)
    if kept is None or kept["owner"] != str(owner):
        return None
    del request.session[NAME]
    if time.time() - kept["at"] > SECONDS:
        return None
    return keyring.decrypt(bytes.fromhex(kept["secret"]))
