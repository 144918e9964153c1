"""The API reference: the Admin API's OpenAPI document as data for pages.

A chapter is about one tag, which is an entity; plugins have one more each, for their
config.
"""

import json
import re
from collections.abc import Iterator
from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kongadmin.access.permissions import READ, needs
from kongadmin.manager.api import openapi_document
from kongadmin.manager.render import render_page

METHODS = ("get", "post", "put", "patch", "delete")
PLUGIN = "plugins."
LIMITS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "pattern": "like {}",
}
EXAMPLE_ID = "11111111-2222-4333-8444-555555555555"
UNSAID = {"minLength": 1, "maximum": 253402300799}


@require_safe
@needs(READ, "node")
def show_index(request: HttpRequest) -> HttpResponse:
    """All chapters, or the operations in which every word of `?q=` occurs."""
    text = request.GET.get("q", "").strip()
    words = text.lower().split()
    found = [one for one in operations() if all(w in one["search"] for w in words)]
    context = {
        "text": text,
        "operations": found if words else [],
        "chapters": chapters(),
    }
    return render_page(request, "api_reference/index.html", "results", context)


@require_safe
@needs(READ, "node")
def show_chapter(request: HttpRequest, name: str) -> HttpResponse:
    """What can be done with one kind of entity, and which fields it has."""
    if name not in chapters():
        raise Http404("There is no such chapter.")
    schemas = openapi_document()["components"]["schemas"]
    context = {
        "name": name,
        "operations": [one for one in operations() if one["chapter"] == name],
        "fields": fields_of(schemas, name),
        "plugins": [n for n in chapters() if n.startswith(f"{name}.")],
    }
    return render_page(request, "api_reference/chapter.html", "content", context)


@cache
def chapters() -> dict[str, int]:
    """Return the name of every chapter, and how many operations it has."""
    document = openapi_document()
    counts = {tag["name"]: 0 for tag in document["tags"]}
    for operation in operations():
        counts[operation["chapter"]] += 1
    plugins = document["components"]["schemas"]["plugins"]["discriminator"]["mapping"]
    return counts | {f"{PLUGIN}{name}": 0 for name in plugins}


@cache
def operations() -> list[dict]:
    """Return every operation as the pages show it."""
    document = openapi_document()
    return [
        describe(document, path, method, item[method], item.get("parameters", []))
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def describe(
    document: dict, path: str, method: str, operation: dict, parameters: list
) -> dict:
    parts = document["components"]
    given = [
        resolve(parts["parameters"], parameter)
        for parameter in [*parameters, *operation.get("parameters", [])]
    ]
    body = operation.get("requestBody")
    schema = body and body["content"]["application/json"]["schema"]
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "chapter": operation["tags"][0],
        "search": f"{method} {path} {operation['summary']}".lower(),
        "parameters": [{**one, "type": type_in_words(one["schema"])} for one in given],
        "body": schema and shape_in_words(schema),
        "needed": schema.get("required", []) if schema else [],
        "answers": [
            (status, *answer_in_words(resolve(parts["responses"], answer)))
            for status, answer in operation["responses"].items()
        ],
        "curl": curl(parts["schemas"], path, method, schema),
    }


def resolve(parts: dict, given: dict) -> dict:
    """Return what a reference stands for; other things stand for themselves."""
    reference = given.get("$ref")
    return parts[reference.rpartition("/")[2]] if reference else given


def answer_in_words(answer: dict) -> tuple[str, dict]:
    content = answer.get("content", {}).get("application/json")
    return answer["description"], shape_in_words(content["schema"]) if content else {}


def shape_in_words(schema: dict) -> dict:
    """Return the text of a shape, and the chapter with its fields if there is one."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        base = re.sub(r"\.(new|changes)$", "", name)
        return {"text": base, "chapter": base if base in tags() else ""}
    if "anyOf" in schema or "allOf" in schema:
        parts = [shape_in_words(one) for one in schema.get("anyOf") or schema["allOf"]]
        return {**parts[0], "text": " or ".join(part["text"] for part in parts)}
    properties = schema.get("properties", {})
    if "data" in properties:
        inner = shape_in_words(properties["data"]["items"])
        return {**inner, "text": f"a page of {inner['text']}".removesuffix(" object")}
    text = ", ".join(properties)
    return {"text": f"object with {text}" if text else "object", "chapter": ""}


@cache
def tags() -> set[str]:
    return {tag["name"] for tag in openapi_document()["tags"]}


# Fields


def fields_of(schemas: dict, name: str) -> list[dict]:
    """Return the fields of an entity, those inside records by their dotted names."""
    schema = schemas.get(f"{name}.new")
    if schema is None:
        return []
    if "anyOf" in schema:  # what all plugins have is in each of them
        schema = resolve(schemas, schema["anyOf"][0])
        properties = {**schema["properties"], "config": {"type": "object"}}
        properties["name"] = {"type": "string", "description": "Which plugin this is."}
        schema = {"properties": properties}
    return list(walk(schema))


def walk(schema: dict, place: str = "") -> Iterator[dict]:
    for name, field in schema["properties"].items():
        yield {
            "name": f"{place}{name}",
            "type": type_in_words(field),
            "text": field.get("description", ""),
            "default": field.get("default"),
            "is_needed": name in schema.get("required", []),
            "is_deprecated": field.get("deprecated", False),
        }
        if "properties" in field and not is_reference(field):
            yield from walk(field, f"{place}{name}.")


def is_reference(field: dict) -> bool:
    return "minProperties" in field


def type_in_words(schema: dict) -> str:
    """Return a type and its limits, such as `integer or null, from 0, to 65535`."""
    if "anyOf" in schema:
        return " or ".join(type_in_words(one) for one in schema["anyOf"])
    if "const" in schema:
        return json.dumps(schema["const"])
    kinds = schema.get("type", "any")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    named = {kinds[0]: schema.get("format", kinds[0])}
    text = " or ".join(named.get(kind, kind) for kind in kinds)
    if is_reference(schema):
        text = text.replace("object", f"reference by {', '.join(schema['properties'])}")
    if "items" in schema:
        text += f" of {type_in_words(schema['items'])}"
    limits = [
        words.format(schema[name])
        for name, words in LIMITS.items()
        if name in schema and UNSAID.get(name) != schema[name]
    ]
    choices = [str(value) for value in schema.get("enum", []) if value is not None]
    if choices:
        limits.append(f"one of {', '.join(choices)}")
    return ", ".join([text, *limits])


# Examples


def curl(schemas: dict, path: str, method: str, body: dict | None) -> str:
    """Return the operation as a command for a shell."""
    place = re.sub(r"{(\w+)}", lambda found: found[1].upper(), path)
    lines = [f"curl {settings.ADMIN_LISTEN.url}{place}"]
    if method != "get":
        lines[0] = lines[0].replace("curl", f"curl -X {method.upper()}", 1)
    if body is not None:
        lines.append(
            f"  --json '{json.dumps(sample(schemas, body), ensure_ascii=False)}'"
        )
    return " \\\n".join(lines)


def sample(schemas: dict, schema: dict):
    """Return a value that has what the schema needs, and one field more at least."""
    needed = schema.get("required", [])
    schema = (
        {**resolve(schemas, schema), "required": needed} if "$ref" in schema else schema
    )
    if "anyOf" in schema:
        return sample(schemas, schema["anyOf"][0] | {"required": needed})
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        fields = schema.get("properties", {})
        chosen = [
            name for name in needed or schema.get("required", []) if name in fields
        ]
        return {n: sample(schemas, fields[n]) for n in chosen or [*fields][:1]}
    if kind == "array":
        return [sample(schemas, schema.get("items", {}))]
    if schema.get("format") == "uuid":
        return EXAMPLE_ID
    return {"integer": 1, "number": 1, "boolean": True}.get(kind, "example")
