"""Secrets between the request that made them and the page that shows them once.

They wait in the session, encrypted; taking them removes them.
"""

import json
import time
from uuid import UUID

from django.http import HttpRequest

from kongadmin.fields import keyring

NAME = "born_secrets"
SECONDS = 300


def keep(
    request: HttpRequest, owner: UUID | str, title: str, values: dict[str, str]
) -> None:
    """Let the next page about `owner` show `values`, what each is called → its text."""
    stored = keyring.encrypt(json.dumps(values)).hex()
    request.session[NAME] = {
        "owner": str(owner),
        "at": time.time(),
        "title": title,
        "secrets": stored,
    }


def take(request: HttpRequest, owner: UUID | str) -> dict | None:
    """Return `title` and `values` as kept for `owner`, the first time only."""
    kept = request.session.get(NAME)
    if kept is None or kept["owner"] != str(owner):
        return None
    del request.session[NAME]
    if time.time() - kept["at"] > SECONDS:
        return None
    values = json.loads(keyring.decrypt(bytes.fromhex(kept["secrets"])))
    return {"title": kept["title"], "values": values}
