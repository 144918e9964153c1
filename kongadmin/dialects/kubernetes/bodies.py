"""Bodies as they arrive: JSON, a patch, YAML, protobuf."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml
from django.http import HttpRequest

from kongadmin.dialects.kubernetes import protobuf
from kongadmin.dialects.kubernetes.errors import bad_request, unsupported_media_type
from kongadmin.dialects.kubernetes.paths import join
from kongadmin.fields import can_store

JSON, YAML = "application/json", "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
OBJECTS = (JSON, YAML, PROTOBUF)
DEEPEST = 100


class Loader(yaml.SafeLoader):
    """YAML as far as it is JSON: no anchors, no tags, no dates, no yes and no."""

    yaml_implicit_resolvers: dict = {}

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("anchors and aliases are not taken")
        return super().compose_node(parent, index)


for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", [*"~nN", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+0123456789."),
):
    Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", yaml.resolver.re.compile(f"(?:{pattern})\\Z"), first
    )


def read_mapping(loader: Loader, node: yaml.MappingNode) -> dict:
    """Return an object as JSON has it: its keys are texts."""
    pairs = loader.construct_pairs(node, deep=True)
    return read_pairs(
        [(k if isinstance(k, str) else json.dumps(k), value) for k, value in pairs]
    )


Loader.add_constructor("tag:yaml.org,2002:map", read_mapping)


def media_type(request: HttpRequest) -> str:
    """Return what a body is said to be; JSON where nothing is said."""
    given = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    return given or JSON


def read_object(request: HttpRequest) -> dict:
    """Return the object in a body; 400 where there is none."""
    body = read(request, OBJECTS)
    if not isinstance(body, dict):
        raise bad_request("the body of the request is no object")
    return body


def read_options(request: HttpRequest) -> dict:
    """Return the options that come with a deletion; none where there is no body."""
    return read_object(request) if request.body else {}


def read(request: HttpRequest, accepted: tuple[str, ...]) -> Any:
    """Return what a body of one of the `accepted` types says."""
    given = media_type(request)
    if given not in accepted:
        raise unsupported_media_type(accepted)
    if given == PROTOBUF:
        body = protobuf.decode(request.body)
    elif given in (YAML, APPLY_PATCH):
        body = read_yaml(request.body)
    else:
        body = read_json(request.body)
    refuse_unstorable(body)
    return body


class Repeating(dict):
    """An object of JSON that says something twice; the last word counts."""

    repeated: list[str]


def read_pairs(pairs: list[tuple[str, Any]]) -> dict:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = Repeating(found)
    counted = Counter(name for name, _ in pairs)
    found.repeated = [name for name, count in counted.items() if count > 1]
    return found


def repeated(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every field that a body says twice."""
    if isinstance(value, dict):
        for name in getattr(value, "repeated", ()):
            yield join(path, name)
        for name, inner in value.items():
            yield from repeated(inner, join(path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from repeated(inner, f"{path}[{place}]")


def read_json(raw: bytes) -> Any:
    try:
        return json.loads(
            raw, object_pairs_hook=read_pairs, parse_constant=refuse_constant
        )
    except (ValueError, RecursionError) as error:
        message = "the object provided is unrecognized: the body is no JSON"
        raise bad_request(message) from error


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def read_yaml(raw: bytes) -> Any:
    """Return what YAML says; JSON, which is what kubectl sends, is read as such."""
    if raw.lstrip()[:1] in (b"{", b"["):
        return read_json(raw)
    try:
        return yaml.load(raw, Loader)  # noqa: S506 - it is a SafeLoader, with less
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise bad_request("error decoding YAML: the body cannot be read") from error


def refuse_unstorable(value: Any, depth: int = 0) -> None:
    """Refuse texts that no database takes, and what nests deeper than anything does."""
    if depth > DEEPEST:
        raise bad_request("the object is nested too deeply")
    if isinstance(value, str):
        if not can_store(value):
            raise bad_request("the object holds a character that no text may have")
    elif isinstance(value, dict):
        for key, inner in value.items():
            refuse_unstorable(key, depth + 1)
            refuse_unstorable(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            refuse_unstorable(inner, depth + 1)
