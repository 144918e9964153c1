"""What a method of a view takes and answers, as views declare it for /openapi.json.

Shapes are JSON Schema, or functions from the view to it where they depend on what the
view is about. Names in braces stand for the view's entities: {one}, {many}, {parent}.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

type Shape = dict | Callable[[Any], dict]

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
OBJECT = {"type": "object"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method: `answers` holds the body of each status that is no error.

    `errors` are the statuses beside those that any operation may answer; `query` names
    parameters (QUERY); with `is_versioned` answers carry an ETag that If-Match takes.
    Beside JSON and forms a body may be a text of one of the `text_types`.
    """

    summary: str
    answers: dict[int, Shape | None]
    body: Shape | None = None
    query: tuple[str, ...] = ()
    errors: tuple[int, ...] = ()
    is_versioned: bool = False
    media_type: str = "application/json"
    text_types: tuple[str, ...] = ()


QUERY = {
    "size": ({**INTEGER, "minimum": 1, "maximum": 1000, "default": 100}, "Rows a page"),
    "offset": (TEXT, "Where the page begins: `offset` of the page before"),
    "tags": (TEXT, "Only what has these tags: `a,b` all of them, `a/b` any; at most 5"),
    "custom_id": (
        {**TEXT, "minLength": 1},
        "Only the consumer with this custom_id; nothing else counts then",
    ),
    "counter": ({"type": "boolean"}, "`true` adds `consumers_count` to every group"),
    "username": ({"type": "string"}, "Only consumers whose username contains this"),
    "sort_by": (
        {"type": "string"},
        "`username`, `custom_id` or `created_at`; beside it `custom_id` is a part",
    ),
    "sort_desc": ({"type": "string"}, "`1` sorts the other way round"),
    "list_consumers": ({"type": "boolean"}, "`false` leaves out `consumers`"),
    "cascade": ({"type": "boolean"}, "`true` deletes all that is in it as well"),
    "span": (
        {"enum": ["hour", "day", "month"], "default": "day", **TEXT},
        "How far back: 60 minutes, 24 hours or 30 days",
    ),
    "unit": ({"enum": [*"bkmgBKMG"], **TEXT}, "The unit that memory is told in"),
    "mode": (
        {"enum": ["sync", "apply"], "default": "sync", **TEXT},
        "`sync` also deletes what the document lacks, `apply` deletes nothing",
    ),
    "select_tag": (TEXT, "Only what has these tags, which all in the document gets"),
    "format": (TEXT, "`deck`, `csv`, `kubernetes` …; without, as it looks"),
    "column": (TEXT, "Of a table: `HEADING=FIELD`, or `HEADING=` to leave it out"),
    "after": (INTEGER, "The step behind which the page begins: `next` of the last"),
    "kind": (TEXT, "Only steps about these entities"),
    "verb": (
        {"enum": ["create", "update", "delete", "unchanged", "conflict"], **TEXT},
        "Only these steps; without, all but `unchanged`",
    ),
    "scale": ({**INTEGER, "minimum": 0, "maximum": 99}, "Digits behind the point"),
}


def component(name: str) -> dict:
    """Return the reference to a schema that the document has once."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(**properties: Any) -> dict:
    """Return the schema of an object that has all of these properties."""
    return OBJECT | {"properties": properties, "required": [*properties]}


def array(items: dict) -> dict:
    return {"type": "array", "items": items}


def page(items: dict) -> dict:
    """Return the schema of one page of a list; the last one has no offset."""
    envelope = record(data=array(items), next={"type": ["string", "null"]})
    envelope["properties"]["offset"] = TEXT
    return envelope


def entity(view) -> dict:
    """The entity that the view is about, as answered."""
    return component(view.model.schema.name)


def entities(view) -> dict:
    return page(entity(view))


def new(view) -> dict:
    """A whole entity, as sent: all that neither the path nor a default gives."""
    schema = view.model.schema
    needed = [name for name in schema.needed if name not in view.given_by_path]
    return component(f"{schema.name}.new") | ({"required": needed} if needed else {})


def changes(view) -> dict:
    """The fields of an entity to change; those left out stay."""
    return component(f"{view.model.schema.name}.changes")
