"""`deck dump`: what is stored, as a file in any format."""

import json
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from kongadmin.declarative import state
from kongadmin.declarative.document import Document, Head, Row
from kongadmin.declarative.formats import FORMATS, Format, Options
from kongadmin.dialects.deck.cli_files import Wrong
from kongadmin.dialects.deck.cli_rows import chosen, without_defaults
from kongadmin.dialects.deck.terms import NEWEST
from realms.models import ControlPlane

NAMES = {"": "deck", "yaml": "deck", "json": "deck"}


def dump(command, planes: list[ControlPlane]) -> None:
    """Write the state of control planes: one to a file or out, several to files."""
    options = command.options
    format = format_called(options.format)
    for plane in planes:
        path = options.output_file or "-"
        if options.all_workspaces:
            path = f"{plane.name}.{format.extension}"
        if path != "-" and Path(path).exists() and not options.yes:
            question = f"File '{path}' already exists. Do you want to overwrite it? "
            if not command.ask(question):
                return
        write(command, plane, format, path)


def format_called(name: str) -> Format:
    found = FORMATS.get(NAMES.get(name.lower(), name.lower()))
    if found is None or found.write is None:
        raise Wrong(f"unknown file format: {name.upper()}")
    return found


def write(command, plane: ControlPlane, format: Format, path: str) -> None:
    options = Options(
        secrets=how_secrets(command.options), with_id=command.options.with_id
    )
    head = head_of(command, plane)
    pieces = format.write(rows_of(command, plane, head), head, options)
    if command.options.format.lower() == "json":
        pieces = as_json(pieces)
    try:
        if path == "-":
            for piece in pieces:
                command.out.write(piece)
        else:
            with Path(path).open("w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)
    except OSError as error:
        raise Wrong(f"{path}: {(error.strerror or '').lower()}") from None
    for note in head.notes:
        command.warn(note)
    tell_environment(command, options.environment, path)


def as_json(pieces: Iterable[str]) -> Iterator[str]:
    """Yield a decK file as JSON; it is whole in memory meanwhile."""
    content = yaml.load("".join(pieces), yaml.CSafeLoader)
    yield json.dumps(content, indent=2, ensure_ascii=False)
    yield "\n"


def head_of(command, plane: ControlPlane) -> Head:
    everything = Document("deck", Head(version=NEWEST, is_hashed=True), iter(()))
    head = command.narrowed(everything).head
    if not plane.is_default or command.options.workspace:
        head.workspace = plane.name
    return head


def rows_of(command, plane: ControlPlane, head: Head) -> Iterator[Row]:
    rows = state.rows(plane, head.kinds, head.select_tags)
    rows = chosen(rows, head.kinds)
    return without_defaults(rows) if command.options.skip_defaults else rows


def how_secrets(options) -> str:
    if options.sanitize:
        return "masked"
    return "environment" if options.placeholders else "clear"


def tell_environment(command, environment: dict[str, str], path: str) -> None:
    """Print the variables that a file's placeholders stand for, as a .env file."""
    stream = command.err if path == "-" else command.out
    for name, value in environment.items():
        stream.write(f"{name}={shlex.quote(value)}\n")
