"""Rows of documents, said shortly."""

from kongadmin.declarative.document import Document, Head, Place, Ref, Row
from kongadmin.declarative.plan import Mode, Plan, make


def row(kind: str, line: int | None = None, **values) -> Row:
    """Return a row; consumer="bob" and consumer_group="gold" are references."""
    for field in ("consumer", "consumer_group"):
        if isinstance(values.get(field), str):
            values[field] = Ref(f"{field}s", values[field])
    return Row(kind, values, line and Place(line))


def bob(**values) -> Row:
    return row("consumers", username="bob", **values)


def document(*rows: Row, **head) -> Document:
    return Document("test", Head(**head), iter(rows))


def plan_of(scope, *rows: Row, mode: str = Mode.SYNC, **head) -> Plan:
    return make(scope, document(*rows, **head), mode)


def verbs(plan: Plan) -> list[tuple]:
    """Return verb, kind and name of every step."""
    return [(step.verb, step.kind, step.name) for step in plan.steps()]
