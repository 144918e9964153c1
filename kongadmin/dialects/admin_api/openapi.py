"""The OpenAPI 3.1 document, made of what is registered and of the entities' schemas.

Nothing about a single route stands here: views declare their `operations`, schemas say
what entities are. Source: OpenAPI 3.1.1.
"""

import re
from collections.abc import Iterable

from django.conf import settings

from kongadmin.dialects.admin_api.entities import LONGEST_TTL
from kongadmin.dialects.admin_api.errors import CODES
from kongadmin.dialects.admin_api.operations import (
    INTEGER,
    OBJECT,
    QUERY,
    TEXT,
    Operation,
    Shape,
    component,
    record,
)
from kongadmin.dialects.admin_api.references import ENTITIES
from kongadmin.dialects.admin_api.registry import Route
from kongadmin.dialects.admin_api.views import AdminView
from kongadmin.entities import Entity
from kongadmin.plugins.models import Plugin, plugin_schemas, whole_schema
from kongadmin.schema import Schema, Translation

ABOUT = """\
Kong's Admin API as kongadmin serves it.

Every GET also answers HEAD; OPTIONS answers 204 and names the methods in `Allow`; other
methods are 405. A trailing slash does not matter. Bodies are JSON, taken literally, or
forms, also multipart, whose keys spell structure: `config.minute=5`, `tags[]=a`.
Unknown query arguments are ignored. What is needed may depend on several fields at
once: such rules are in the answer of `/schemas/{name}`, not here.
"""
PARAMETER = re.compile(r"{(\w+)}")
UUID = {"type": "string", "format": "uuid"}
TTL = "Seconds until it expires"
# What can happen to any request, and what only to one with a body.
ALWAYS, WITH_BODY = (400, 401, 403, 404, 429, 503), (413, 415)
ERRORS = {
    400: "The request is wrong; `fields` or `options` say where",
    401: "No valid token, while KONGADMIN_ENFORCE_RBAC is on",
    403: "The caller may not do this",
    404: "Nothing has this address, or what is to be changed is not there",
    405: "The route does not have this method",
    409: "Another entity has a value that must be unique",
    412: "The entity has changed since the client read it",
    413: "The body is larger than KONGADMIN_MAX_BODY_SIZE",
    415: "The body is neither JSON nor a form",
    429: "Too many invalid tokens came from this address",
    503: "The database is away or too busy",
}
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": INTEGER}}
FORM = "application/x-www-form-urlencoded"


def document(routes: Iterable[Route]) -> dict:
    """Return the OpenAPI document of the routes."""
    views = {route.shown: route.view(**route.options) for route in routes}
    paths = {shown: describe_path(shown, view) for shown, view in views.items()}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "kongadmin Admin API",
            "version": settings.COMPAT_VERSION,
            "description": ABOUT,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": servers(),
        "security": [{}, {"token": []}, {"bearer": []}],
        "tags": [{"name": name} for name in tags_of(paths)],
        "paths": paths,
        "components": {
            "schemas": schemas(views.values()),
            "responses": {str(status): describe_error(status) for status in ERRORS},
            "parameters": {name: query_parameter(name) for name in QUERY} | IF_MATCH,
            "headers": {"ETag": {"schema": TEXT}},
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Kong-Admin-Token"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def servers() -> list[dict]:
    """Return the bases of all paths: with or without a control plane before them."""
    name = {"default": "default", "description": "A control plane"}
    return [{"url": "/"}, {"url": "/{workspace}", "variables": {"workspace": name}}]


def tags_of(paths: dict) -> list[str]:
    found = [
        operation["tags"][0]
        for path in paths.values()
        for name, operation in path.items()
        if name != "parameters"
    ]
    return sorted(set(found))


# Routes


def describe_path(shown: str, view: AdminView) -> dict:
    methods = {
        method: describe_operation(shown, view, method, operation)
        for method, operation in view.operations.items()
    }
    names = PARAMETER.findall(shown)
    if names:
        methods["parameters"] = [path_parameter(name) for name in names]
    return methods


def path_parameter(name: str) -> dict:
    """Return what may stand in a path for an entity of that type, or another name."""
    model = ENTITIES.get(name)
    key = model and model.endpoint_key
    text = f"Its id, or its {key}" if key else "Its id" if model else "Its name"
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": text,
        "schema": {**TEXT, "minLength": 1},
    }


def query_parameter(name: str) -> dict:
    schema, text = QUERY[name]
    return {"name": name, "in": "query", "description": text, "schema": schema}


IF_MATCH = {
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": "The ETag of what the client has seen; else 412",
        "schema": TEXT,
    }
}


def describe_operation(
    shown: str, view: AdminView, method: str, operation: Operation
) -> dict:
    words = re.findall(r"[\w.-]+", shown)
    found = {
        "operationId": "-".join([method, *words]),
        "summary": in_words(operation.summary, view),
        "tags": [view.documented_under],
        "responses": describe_answers(view, operation),
    }
    names = [*operation.query]
    if operation.is_versioned and method in ("put", "patch", "delete"):
        names.append("If-Match")
    if names:
        found["parameters"] = [
            {"$ref": f"#/components/parameters/{name}"} for name in names
        ]
    if operation.body is not None:
        schema = drawn(operation.body, view)
        content = {"schema": schema}
        texts = {name: {"schema": TEXT} for name in operation.text_types}
        found["requestBody"] = {
            "content": {"application/json": content, FORM: content} | texts,
            "required": bool(schema.get("required")),
        }
    return found


def in_words(summary: str, view: AdminView) -> str:
    """Return a summary with the names of the entities that the view is about."""
    model, parent = getattr(view, "model", None), getattr(view, "parent_model", None)
    many = model.schema.name.replace("_", " ") if model else ""
    text = summary.format(one=many.removesuffix("s"), many=many)
    if not parent:
        return text
    above = parent.schema.name.replace("_", " ").removesuffix("s")
    return f"{text} of a{'n' * (above[0] in 'aeiou')} {above}"


def describe_answers(view, operation: Operation) -> dict:
    answers = {}
    for status, shape in operation.answers.items():
        answer = answers[str(status)] = {"description": DONE[status]}
        if shape is not None:
            schema = drawn(shape, view)
            answer["content"] = {operation.media_type: {"schema": schema}}
            if operation.is_versioned:
                answer["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
    has_body = operation.body is not None
    refused = [*ALWAYS, *(WITH_BODY if has_body else ()), *operation.errors]
    for status in sorted(refused):
        answers[str(status)] = {"$ref": f"#/components/responses/{status}"}
    return answers


DONE = {200: "Done", 201: "Created", 204: "Done; there is no body"}


def drawn(shape: Shape, view: AdminView) -> dict:
    return shape(view) if callable(shape) else shape


def describe_error(status: int) -> dict:
    """Return one kind of refusal; Kong's 415 has no body."""
    answer: dict = {"description": ERRORS[status]}
    coded = any(known == status for _, known in CODES.values())
    schemas = [component("message"), *([component("error")] if coded else [])]
    if status != 415:
        schema = {"anyOf": schemas} if coded else schemas[0]
        answer["content"] = {"application/json": {"schema": schema}}
    if status == 503:
        answer["headers"] = RETRY_AFTER
    return answer


# Entities


def schemas(views: Iterable[AdminView]) -> dict:
    """Return what the document has once: every entity, each in three ways."""
    found = {"message": record(message=TEXT), "error": describe_envelope()}
    for name, schema in entity_schemas(views).items():
        found |= in_three_ways(name, schema)
    names = [f"plugins.{name}" for name in plugin_schemas()]
    key = Plugin.schema.name
    mapping = {name: component(f"plugins.{name}")["$ref"] for name in plugin_schemas()}
    found[key] = {
        "oneOf": [component(name) for name in names],
        "discriminator": {"propertyName": "name", "mapping": mapping},
    }
    for way in ("new", "changes"):
        found[f"{key}.{way}"] = {"anyOf": [component(f"{n}.{way}") for n in names]}
    return found


def entity_schemas(views: Iterable[AdminView]) -> dict[str, Schema]:
    """Return the schema of every entity by its name, plugins one by one."""
    models = [view.model for view in views if hasattr(view, "model")]
    found = {model.schema.name: model.schema for model in models}
    found.pop(Plugin.schema.name)
    return found | {f"plugins.{name}": whole_schema(name) for name in plugin_schemas()}


def in_three_ways(name: str, schema: Schema) -> dict:
    """Return an entity as answered, as created or replaced, and as changed."""
    answered = schema.in_json_schema(Translation(by_id))
    answered["required"] = [*answered["properties"]]
    whole = schema.in_json_schema(Translation(by_key, is_sent=True, is_whole=True))
    changed = schema.in_json_schema(Translation(by_key, is_sent=True))
    seconds = {**INTEGER, "minimum": 0, "maximum": LONGEST_TTL}
    for sent in (whole, changed):
        sent["properties"]["updated_at"] = {"description": "Ignored"}
        if schema.ttl:
            sent["properties"]["ttl"] = seconds | {"description": f"{TTL}; 0: never"}
    if schema.ttl:
        left = {"type": ["integer", "null"], "description": f"{TTL}; null: never"}
        answered["properties"]["ttl"] = left
    if name.startswith("plugins."):
        for said in (answered, whole, changed):
            said["properties"]["name"] = {"const": name.removeprefix("plugins.")}
    return {name: answered, f"{name}.new": whole, f"{name}.changes": changed}


def by_id(entity_type: str) -> dict:
    return record(id=UUID)


def by_key(entity_type: str) -> dict:
    """Return how a body may name an entity: by id, or by anything unique."""
    model: type[Entity] | None = ENTITIES.get(entity_type)
    keys = dict.fromkeys(model.unique_keys, TEXT) if model else {}
    return OBJECT | {"properties": {"id": UUID, **keys}, "minProperties": 1}


def describe_envelope() -> dict:
    """Return Kong's error object. Contract §2.1."""
    details = {"description": "What is wrong, shaped like what was sent", **OBJECT}
    envelope = record(code={"enum": [*CODES]}, name=TEXT, message=TEXT)
    envelope["properties"] |= {"fields": details, "options": details}
    return envelope
