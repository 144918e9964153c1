"""Which plugins there are: those of the advertised Kong, and the operator's own."""

from functools import cache
from pathlib import Path

from django.conf import settings

from kongadmin.compat import EDITION
from kongadmin.schema import Edition, Schema, read_file

SCHEMAS = Path(__file__).parent / "schemas"
# What an operator's file need not say; its own word takes precedence.
COMMON = {"protocols": {"typedef": "protocols"}}


@cache
def plugin_schemas() -> dict[str, Schema]:
    """Return the schema of every plugin that can be configured, by name.

    Raises ValueError, naming the file and the fault, where one cannot be read.
    """
    return read_plugins(EDITION, settings.PLUGIN_SCHEMAS)


def read_plugins(edition: Edition, folder: Path | None = None) -> dict[str, Schema]:
    """Return the plugins that an edition of Kong has, and those that a folder adds."""
    known: dict[str, Schema | None] = {}
    for path in [*_files(SCHEMAS), *(_files(folder) if folder else ())]:
        try:
            definition = _read_definition(path)
            schema = _read_schema(definition, edition)
            if schema.name in known:
                raise ValueError(f"there is a plugin {schema.name} already")
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        known[schema.name] = schema if edition.has(definition) else None
    return {name: schema for name, schema in known.items() if schema}


def is_bundled(name: str) -> bool:
    """Say whether a plugin is one of Kong's, not one that a folder adds."""
    return (SCHEMAS / f"{name}.yaml").is_file()


def _read_schema(definition: dict, edition: Edition) -> Schema:
    schema = Schema.of(definition, edition)
    if "fields" not in schema.fields.get("config", {}):
        raise ValueError("config must be a record with fields")
    return schema


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))


def _read_definition(path: Path) -> dict:
    """Return what a file says, and what an operator's file need not repeat."""
    definition = read_file(path)
    fields = definition.get("fields")
    if path.parent != SCHEMAS and isinstance(fields, list):
        fields = [COMMON, *fields]
    elif path.parent != SCHEMAS and isinstance(fields, dict):
        fields = COMMON | fields
    return definition | {"fields": fields} if fields else definition
