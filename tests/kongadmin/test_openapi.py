"""What /openapi.json says: all of it is true, and all that is served is in it."""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy, one_of
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from clients import Client
from kongadmin.dialects.admin_api.node import ROUTES as NODE_ROUTES
from kongadmin.dialects.admin_api.node import openapi_document
from kongadmin.dialects.admin_api.registry import ROUTES
from kongadmin.plugins.models import plugin_schemas
from servers import Server, ask

METHODS = {"get", "post", "put", "patch", "delete"}
every_route = pytest.mark.parametrize(
    "route", [*ROUTES, *NODE_ROUTES], ids=lambda route: route.shown
)


def test_the_document_is_openapi(api: Client) -> None:
    answer = api.get("/openapi.json")

    document = answer.json()
    errors = OpenAPIV31SpecValidator(document).iter_errors()
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert document["openapi"] == "3.1.1"
    assert [error.message for error in errors] == []


@every_route
def test_every_method_of_every_route_is_in_it(route) -> None:
    path = openapi_document()["paths"][route.shown]

    served = {name.lower() for name in route.view(**route.options).allowed_methods}
    assert {*path} & METHODS == served & METHODS


def operations() -> list[dict]:
    paths = openapi_document()["paths"].values()
    return [path[method] for path in paths for method in METHODS & {*path}]


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag() -> None:
    names = [operation["operationId"] for operation in operations()]
    tags = {tag["name"] for tag in openapi_document()["tags"]}

    assert len(names) == len({*names})
    assert all(operation["summary"] for operation in operations())
    assert {tag for operation in operations() for tag in operation["tags"]} == tags


def test_what_is_written_has_a_body_and_its_refusals() -> None:
    for operation in operations():
        if "requestBody" in operation:
            assert {"400", "404", "413", "415", "503"} <= {*operation["responses"]}


def test_every_plugin_has_a_config_of_its_own() -> None:
    schemas = openapi_document()["components"]["schemas"]

    config = schemas["plugins.key-auth.new"]["properties"]["config"]
    assert {*schemas["plugins"]["discriminator"]["mapping"]} == {*plugin_schemas()}
    assert config["properties"]["key_names"]["default"] == ["apikey"]


def test_the_document_is_for_those_who_may_read(client_of, api: Client) -> None:
    client = client_of("somebody", role="")

    assert client.get("/openapi.json").status == 403
    assert client.get("/openapi.json", headers={"Kong-Admin-Token": "x"}).status == 401


# The real server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
BOUNDED = settings(
    max_examples=3,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)
PLACES = {
    "consumers": "documented",
    "consumer_groups": "documented",
    "plugins": "documented",
    "name": "key-auth",
    "workspaces": "default",
}


def test_the_server_does_what_the_document_says(server: Server) -> None:
    """A few requests to every operation, as documented and not as documented."""
    ask(f"{server.admin}/consumers/documented", "PUT", json={})
    ask(f"{server.admin}/consumer_groups/documented", "PUT", json={})
    plugin = {"name": "request-termination"}
    ask(f"{server.admin}/plugins/documented", "PUT", json=plugin)
    schema = schemathesis.openapi.from_dict(openapi_document())
    failures = []

    with requests.Session() as session:
        for found in schema.get_all_operations():
            operation = found.ok()

            @BOUNDED
            @given(cases_of(operation))
            def probe(case) -> None:
                case.call_and_validate(server.admin, session, checks=CHECKS)

            try:
                probe()
            except (AssertionError, FailureGroup) as failure:
                failures.append(f"{operation.label}: {failure}")

    assert not failures, "\n".join(failures)


def cases_of(operation) -> SearchStrategy:
    """Return requests as documented and otherwise, where possible to what is there."""
    names = {parameter.name for parameter in operation.path_parameters}
    place = {"path_parameters": PLACES} if names <= {*PLACES} else {}
    return one_of(operation.as_strategy(mode, **place) for mode in GenerationMode)
