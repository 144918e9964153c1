"""Routes about the node rather than about an entity. Contract §6.5, §7."""

import os
import platform
import re
import resource
import socket
import threading
from functools import cache
from typing import ClassVar
from uuid import NAMESPACE_DNS, UUID, uuid5

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpResponse

from kongadmin import metrics, outages
from kongadmin.dialects.admin_api import errors, openapi, paging
from kongadmin.dialects.admin_api.answers import Answer
from kongadmin.dialects.admin_api.middleware import traffic
from kongadmin.dialects.admin_api.operations import (
    INTEGER,
    OBJECT,
    TEXT,
    Operation,
    array,
    page,
    record,
)
from kongadmin.dialects.admin_api.parsers import read_body
from kongadmin.dialects.admin_api.references import ENTITIES
from kongadmin.dialects.admin_api.registry import ROUTES as ENTITY_ROUTES
from kongadmin.dialects.admin_api.registry import Route
from kongadmin.dialects.admin_api.tags import check_tag
from kongadmin.dialects.admin_api.views import AdminView
from kongadmin.entities import Violation
from kongadmin.fields import can_store
from kongadmin.plugins.models import Plugin, plugin_schemas
from kongadmin.schema import Schema
from kongadmin.tags import Tag
from realms.models import ControlPlane

SCALE = re.compile("[0-9]{1,2}")
UNITS = {"b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
# What decK and Kong Manager list before anything else; decK gives up on a 404.
GATEWAY_ENTITIES = ("services", "routes", "certificates", "snis", "upstreams")
# What has a schema too, but routes of its own.
OTHERS: dict = {"tags": Tag}
if settings.IS_ENTERPRISE:
    OTHERS["workspaces"] = ControlPlane
VALID = {"message": "schema validation successful"}
MESSAGE = record(message=TEXT)
NODE = record(
    version=TEXT,
    edition={"enum": ["enterprise", "community"]},
    tagline=TEXT,
    hostname=TEXT,
    node_id=TEXT,
    lua_version=TEXT,
    timers=record(running=INTEGER, pending=INTEGER),
    pids=record(master=INTEGER, workers=array(INTEGER)),
    plugins=record(
        available_on_server=OBJECT,
        enabled_in_cluster=array(TEXT),
        disabled_on_server=OBJECT,
    ),
    configuration=OBJECT,
)
SIZE = {"type": ["string", "integer"]}
HEALTH = record(
    database=record(reachable={"type": "boolean"}),
    server=OBJECT | {"additionalProperties": INTEGER},
    memory=record(
        lua_shared_dicts=OBJECT,
        workers_lua_vms=array(record(pid=INTEGER, http_allocated_gc=SIZE)),
    ),
)
TAGGED = page(record(entity_name=TEXT, entity_id=TEXT, tag=TEXT))
DEFINITION = record(fields=array(OBJECT), entity_checks=array(OBJECT))


class Root(AdminView):
    """What this node is; the first thing every client asks."""

    operations: ClassVar = {
        "get": Operation("Say what this node is", {200: NODE}),
    }

    def get(self, request) -> Answer:
        available = {
            name: {"version": settings.COMPAT_VERSION, "priority": schema.priority}
            for name, schema in plugin_schemas().items()
        }
        names = Plugin.objects.order_by("name").values_list("name", flat=True)
        host = socket.gethostname()
        return Answer(
            {
                "version": settings.COMPAT_VERSION,
                "edition": "enterprise" if settings.IS_ENTERPRISE else "community",
                "tagline": "Welcome to kong",
                "hostname": host,
                "node_id": str(uuid5(NAMESPACE_DNS, f"{host}{settings.HOME}")),
                "lua_version": f"Python {platform.python_version()}",
                "timers": {"running": threading.active_count(), "pending": 0},
                "pids": {"master": os.getppid(), "workers": [os.getpid()]},
                "plugins": {
                    "available_on_server": available,
                    "enabled_in_cluster": list(names.distinct()),
                    "disabled_on_server": {},
                },
                "configuration": configuration(),
            }
        )


def configuration() -> dict:
    """Return the settings that clients read, and no secret."""
    database = settings.DATABASES["default"]
    kind = {"postgresql": "postgres", "sqlite": "sqlite"}[connection.vendor]
    return {
        "database": kind,
        "role": "traditional",
        "rbac": "on" if settings.ENFORCE_RBAC else "off",
        "proxy_listen": [str(settings.PROXY_LISTEN)],
        "admin_listen": [str(settings.ADMIN_LISTEN)],
        "admin_gui_listen": [str(settings.ADMIN_GUI_LISTEN)],
        "admin_gui_url": settings.ADMIN_GUI_URL or None,
        "proxy_listeners": [listener(settings.PROXY_LISTEN)],
        "admin_listeners": [listener(settings.ADMIN_LISTEN)],
        "admin_gui_listeners": [listener(settings.ADMIN_GUI_LISTEN)],
        "pg_host": database.get("HOST") or None,
        "pg_port": database.get("PORT") or None,
        "pg_user": database.get("USER") or None,
        "pg_database": database["NAME"] if kind == "postgres" else None,
    }


def listener(address) -> dict:
    return {"ip": address.host, "port": address.port, "ssl": False}


class Status(AdminView):
    """Whether the database answers, and what this worker has done so far."""

    operations: ClassVar = {
        "get": Operation(
            "Say how this node is", {200: HEALTH}, query=("unit", "scale")
        ),
    }

    def find_scope(self, name: str) -> ControlPlane | None:
        """Ask for the control plane, but answer also while the database is away."""
        try:
            return super().find_scope(name)
        except DatabaseError as error:
            if outages.is_away(error):
                return ControlPlane(name=name)
            raise

    def get(self, request) -> Answer:
        unit = request.arguments.get("unit", "m")
        factor = UNITS.get(str(unit).lower())
        if factor is None:
            text = f"invalid unit '{unit}' (expected 'k/K', 'm/M', or 'g/G')"
            raise errors.Refusal.plain(400, text)
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        scale = request.arguments.get("scale", "2")
        digits = int(scale) if SCALE.fullmatch(str(scale)) else 2
        name = {"b": "", "k": " KiB", "m": " MiB", "g": " GiB"}[str(unit).lower()]
        size = used if not name else f"{used / factor:.{digits}f}{name}"
        vm = {"pid": os.getpid(), "http_allocated_gc": size}
        return Answer(
            {
                "database": {"reachable": is_reachable()},
                "server": traffic.describe(),
                "memory": {"lua_shared_dicts": {}, "workers_lua_vms": [vm]},
            }
        )


def is_reachable() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


class Metrics(Status):
    """What Prometheus collects."""

    operations: ClassVar = {
        "get": Operation(
            "Tell the metrics of all processes in Prometheus' text format",
            {200: TEXT},
            media_type="text/plain",
        ),
    }

    def get(self, request) -> HttpResponse:
        return HttpResponse(
            metrics.exposition(is_reachable()), content_type=metrics.CONTENT_TYPE
        )


class Endpoints(AdminView):
    """Every route, parameters named after their entities, sorted by segment."""

    operations: ClassVar = {
        "get": Operation("List all routes", {200: record(data=array(TEXT))}),
    }

    def get(self, request) -> Answer:
        shown = {route.shown for route in [*ROOT, *ENTITY_ROUTES, *ROUTES]}
        return Answer({"data": sorted(shown, key=lambda text: text.split("/"))})


class Tags(AdminView):
    """Which tags there are on what, or what has one tag."""

    operations: ClassVar = {
        "get": Operation(
            "List what is tagged", {200: TAGGED}, query=("size", "offset")
        ),
    }

    def get(self, request, tag: str | None = None) -> Answer:
        rows = Tag.objects.filter(scope=self.scope)
        path, arguments = "/tags", request.arguments
        if tag is not None:
            check_tag(tag)
            rows = rows.filter(tag=tag) if can_store(tag) else rows.none()
            path = request.path_info.removeprefix(request.workspace_prefix)
        size = paging.read_size(arguments.get("size"))
        token = arguments.get("offset")
        if isinstance(token, str):
            rows = after(rows, paging.decode_offset(token), token)
        found = list(rows.order_by("entity_id", "pk")[: size + 1])
        offset = None
        if len(found) > size:
            last = found[size - 1]
            offset = paging.encode_offset(last.entity_id, last.pk)
        data = [
            {
                "entity_name": row.entity_type,
                "entity_id": str(row.entity_id),
                "tag": row.tag,
            }
            for row in found[:size]
        ]
        more = {} if tag is not None else {"size": arguments.get("size")}
        return Answer(paging.answer(data, path, offset, **more))


def after(rows, key: list, token: str):
    """Keep the rows behind an offset of ours."""
    if len(key) != 2 or not isinstance(key[1], int):
        raise paging.bad_offset(token, "json")
    entity, row = UUID(key[0]), key[1]
    return rows.filter(entity_id__gte=entity).exclude(entity_id=entity, pk__lte=row)


class AllTags(Tags):
    operations: ClassVar = {
        **Tags.operations,
        "post": Operation("Refused: tags are set on entities", {}),
    }

    def post(self, request) -> Answer:
        text = "does not support insert/upsert/update/delete operations"
        raise Violation({"tags": text})


class Nothing(AdminView):
    """A list that clients ask for, of entities that only a gateway needs: empty."""

    operations: ClassVar = {
        "get": Operation("List nothing: only a gateway has these", {200: page(OBJECT)}),
    }

    def get(self, request) -> Answer:
        return Answer({"data": [], "next": None})


class Config(AdminView):
    """/config is for gateways without a database."""

    operations: ClassVar = {
        "get": Operation("Refused: there is a database", {}),
        "post": Operation("Refused: there is a database", {}),
    }

    def get(self, request) -> Answer:
        text = "configured to not use a database"
        raise errors.Refusal.plain(
            400, f"this endpoint is only available when Kong is {text}"
        )

    post = get


class OpenAPI(AdminView):
    """This document about every route, for people and for programs."""

    operations: ClassVar = {
        "get": Operation("Describe the Admin API", {200: OBJECT}),
    }

    def get(self, request) -> Answer:
        return Answer(openapi_document())


@cache
def openapi_document() -> dict:
    """Return the OpenAPI 3.1 document of all routes; it depends on settings only."""
    return openapi.document([*ROOT, *ENTITY_ROUTES, *ROUTES])


class EntitySchema(AdminView):
    operations: ClassVar = {
        "get": Operation("Read the schema of an entity", {200: DEFINITION}),
    }

    def get(self, request, name: str) -> Answer:
        return Answer(find_schema(name).describe())


class PluginSchema(AdminView):
    operations: ClassVar = {
        "get": Operation("Read the schema of a plugin", {200: DEFINITION}),
    }

    def get(self, request, name: str) -> Answer:
        return Answer(plugin_schemas()[find_plugin(name)].describe())


class OldPluginSchema(AdminView):
    """The config record alone, as before Kong 2."""

    operations: ClassVar = {
        "get": Operation("Read the config schema of a plugin", {200: DEFINITION}),
    }

    def get(self, request, name: str) -> Answer:
        config = plugin_schemas()[find_plugin(name)].fields["config"]
        return Answer({"entity_checks": [], "fields": config["fields"]})


class Validate(AdminView):
    """Judge an entity without storing it: shape only, no look at the database."""

    reading_methods = ("GET", "HEAD", "POST")
    operations: ClassVar = {
        "post": Operation("Judge an entity without storing it", {200: MESSAGE}, OBJECT),
    }

    def post(self, request, name: str) -> Answer:
        find_schema(name)
        values, is_form = read_body(request)
        schema = find_schema(name, values)
        values = schema.fill(schema.infer(values) if is_form else values)
        problems = schema.errors(values)
        if problems:
            raise Violation(problems)
        return Answer(VALID)


class EnabledPlugins(AdminView):
    operations: ClassVar = {
        "get": Operation(
            "List the plugins there are", {200: record(enabled_plugins=array(TEXT))}
        ),
    }

    def get(self, request) -> Answer:
        return Answer({"enabled_plugins": sorted(plugin_schemas())})


def find_schema(name: str, values: dict | None = None) -> Schema:
    """Return the schema of an entity, or else the one that judges `values`."""
    if name in OTHERS:
        return OTHERS[name].schema
    if name not in ENTITIES:
        raise errors.Refusal.plain(404, f"No entity named '{name}'")
    model = ENTITIES[name]
    return model.schema if values is None else model.schema_for(values)


def find_plugin(name: str) -> str:
    if name not in plugin_schemas():
        raise errors.Refusal.plain(404, f"No plugin named '{name}'")
    return name


ROOT = [Route("", Root, {})]
if settings.IS_ENTERPRISE:
    ROOT.append(Route("{workspace:workspaces}/kong", Root, {}))
ROUTES = [
    *(Route(name, Nothing, {}) for name in GATEWAY_ENTITIES),
    Route("config", Config, {}),
    Route("status", Status, {}),
    Route("endpoints", Endpoints, {}),
    Route("metrics", Metrics, {}),
    Route("openapi.json", OpenAPI, {}),
    Route("tags", AllTags, {}),
    Route("tags/{tag:tags}", Tags, {}),
    Route("schemas/{name:name}/validate", Validate, {}),
    Route("schemas/plugins/{name:name}", PluginSchema, {}),
    Route("schemas/{name:name}", EntitySchema, {}),
    Route("plugins/schema/{name:name}", OldPluginSchema, {}),
]
