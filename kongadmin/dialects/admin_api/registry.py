"""What the Admin API serves: apps register their entities here, routes.py reads it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpResponse
from django.urls import path, register_converter
from django.urls.resolvers import URLPattern

from kongadmin.dialects.admin_api.entities import Collection, Item, Owner
from kongadmin.dialects.admin_api.parsers import unescape
from kongadmin.dialects.admin_api.references import ENTITIES
from kongadmin.entities import Entity

PARAMETER = re.compile(r"{(\w+):(\w+)}")


class Segment:
    """A path segment: anything but a slash, percent-encoded once, a plus is a space."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return unescape(value)


register_converter(Segment, "segment")


@dataclass(frozen=True)
class Route:
    """A path such as consumers/{parent:consumers}/key-auth, and its view.

    A parameter is written {argument:entity}: the view gets the argument, /endpoints
    shows the entity.
    """

    template: str
    view: type
    options: dict

    @cached_property
    def pattern(self) -> URLPattern:
        route = PARAMETER.sub(r"<segment:\1>", self.template)
        return path(route, self.serve)

    @cached_property
    def serve(self) -> Callable[..., HttpResponse]:
        return self.view.as_view(**self.options)

    @cached_property
    def segments(self) -> list[tuple[str, str]]:
        """What each segment has to be, or else the argument that it gives."""
        parts = self.template.split("/")
        return [
            ("", found[1]) if (found := PARAMETER.fullmatch(part)) else (part, "")
            for part in parts
        ]

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Return the arguments in a path of as many segments, None of another path."""
        given = {}
        for segment, (literal, name) in zip(segments, self.segments, strict=True):
            if not (segment if name else segment == literal):
                return None
            if name:
                given[name] = unescape(segment)
        return given

    @property
    def shown(self) -> str:
        return "/" + PARAMETER.sub(r"{\2}", self.template)


ROUTES: list[Route] = []


def register(template: str, view: type, **options) -> None:
    ROUTES.append(Route(template, view, options))


def register_entity(
    model: type[Entity],
    route: str,
    collection: type[Collection] = Collection,
    item: type[Item] = Item,
) -> None:
    """Serve `model` at /<route> and /<route>/{id or key}."""
    name = model.schema.name
    ENTITIES[name] = model
    register(route, collection, model=model)
    register(f"{route}/{{ref:{name}}}", item, model=model)


def register_nested(
    model: type[Entity],
    route: str,
    parent: type[Entity],
    under: str,
    nested: str,
    field: str = "consumer",
    collection: type[Collection] = Collection,
    item: type[Item] = Item,
) -> None:
    """Serve `model` at /<under>/{parent}/<nested>, and its parent at /<route>/{x}/…"""
    name, above = model.schema.name, parent.schema.name
    options = {"model": model, "parent_model": parent, "parent_field": field}
    base = f"{under}/{{parent:{above}}}/{nested}"
    register(base, collection, **options)
    register(f"{base}/{{ref:{name}}}", item, **options)
    owner = f"{route}/{{ref:{name}}}/{field}"
    register(owner, Owner, model=parent, child=model, parent_field=field)
