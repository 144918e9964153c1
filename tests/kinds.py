"""How a test makes one entity of each kind that the Admin API serves, and where."""

import pytest

from consumers.credentials import CREDENTIALS
from factories import (
    NEEDED,
    make_consumer,
    make_credential,
    make_group,
    make_oauth2_token,
    make_plugin,
)
from kongadmin.dialects.admin_api.references import ENTITIES
from kongadmin.dialects.admin_api.registry import ROUTES

NAMES = {kind: declared.model.schema.name for kind, declared in CREDENTIALS.items()}


def owned() -> dict:
    return {"consumer": {"id": str(make_consumer().pk)}}


def token_body(name: str) -> dict:
    client = make_credential("oauth2", make_consumer())
    credential = {"id": str(client.pk)}
    return {"access_token": name, "expires_in": 60, "credential": credential}


# How a body makes one, with a name given by the test.
BODIES = {
    "consumers": lambda name: {"username": name},
    "consumer_groups": lambda name: {"name": name},
    "oauth2_tokens": token_body,
    "plugins": lambda name: {"name": "key-auth", "instance_name": name},
    **{
        NAMES[kind]: lambda name, needed=needed: needed(name) | owned()
        for kind, needed in NEEDED.items()
    },
}
FACTORIES = {
    "consumers": lambda number: make_consumer(),
    "consumer_groups": lambda number: make_group(),
    "oauth2_tokens": lambda n: make_oauth2_token(
        make_credential("oauth2", make_consumer())
    ),
    "plugins": lambda number: make_plugin(consumer=make_consumer()),
    **{
        name: lambda number, kind=kind: make_credential(kind, make_consumer())
        for kind, name in NAMES.items()
    },
}
PATHS = {
    route.options["model"].schema.name: "/" + route.template
    for route in ROUTES
    if "model" in route.options
    and route.template.count("/") == 0
    and route.template != "keyauth_credentials"
}
every_entity = pytest.mark.parametrize("entity", sorted(ENTITIES))
named_entity = pytest.mark.parametrize(
    "entity", sorted(n for n, model in ENTITIES.items() if model.endpoint_key)
)
tagged_entity = pytest.mark.parametrize(
    "entity", sorted(n for n, m in ENTITIES.items() if "tags" in m.schema.fields)
)
