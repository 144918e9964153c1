"""How a test makes one entity of each kind that the Admin API serves, and where."""

import pytest

from factories import make_consumer, make_key, make_plugin
from kongadmin.dialects.admin_api.references import ENTITIES
from kongadmin.dialects.admin_api.registry import ROUTES

# How a body makes one, with a name given by the test.
BODIES = {
    "consumers": lambda name: {"username": name},
    "keyauth_credentials": lambda name: {
        "key": name,
        "consumer": {"id": str(make_consumer().pk)},
    },
    "plugins": lambda name: {"name": "key-auth", "instance_name": name},
}
FACTORIES = {
    "consumers": lambda number: make_consumer(),
    "keyauth_credentials": lambda number: make_key(make_consumer()),
    "plugins": lambda number: make_plugin(consumer=make_consumer()),
}
PATHS = {
    route.options["model"].schema.name: "/" + route.template
    for route in ROUTES
    if route.template.count("/") == 0 and route.template != "keyauth_credentials"
}
every_entity = pytest.mark.parametrize("entity", sorted(ENTITIES))
