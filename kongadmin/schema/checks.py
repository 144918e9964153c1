"""Rules across fields: at least one of these, all or none, if this then that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .named import ENTITY_CHECKS
from .paths import ABSENT, look_up, put_error


@dataclass(frozen=True, slots=True)
class Change:
    """How the values came about: by an update or not, from what was sent, over what."""

    updating: bool
    sent: dict
    stored: dict | None


# Called with the values and the errors found so far, to which it adds its own.
type EntityCheck = Callable[[dict, dict, Change], None]


type Judges = Callable[[dict], Callable[[Any], Any]]


def entity_check(definition: dict, fields: dict, judges: Judges) -> EntityCheck:
    """Return the function that applies one item of a schema's `entity_checks`.

    `fields` are the definitions it speaks of; `judges` makes the judge of one field.
    """
    [(kind, argument)] = definition.items()
    if kind == "custom_entity_check":
        return _custom(argument)
    if kind == "conditional":
        return _conditional(argument, fields, judges)
    for name in argument:
        _definition(fields, name.split("."))
    return _group(kind, argument)


def _add(errors: dict, text: str) -> None:
    errors.setdefault("@entity", []).append(text)


def _is_empty(value: Any) -> bool:
    return value is ABSENT or value is None or value in ("", [], {})


# Groups of fields


def _group(kind: str, names: list[str]) -> EntityCheck:
    holds, text = _GROUPS[kind]
    text += ", ".join(f"'{name}'" for name in names)
    paths = [name.split(".") for name in names]
    needs_all = kind in ("only_one_of", "distinct")

    def check(values: dict, errors: dict, change: Change) -> None:
        source = change.sent if kind == "mutually_required" else values
        found = [look_up(source, path) for path in paths]
        if needs_all and ABSENT in found:
            _report_missing(paths, found, errors, change.updating)
        elif not holds([value for value in found if not _is_empty(value)], len(found)):
            is_late = change.updating and kind == "at_least_one_of"
            _add(errors, "when updating, " * is_late + text)

    return check


def transformation_check(definition: dict) -> EntityCheck:
    """Return the check that what a stored value is made of is sent together.

    A hash of `input` with `needs` can be made only from both, so an update that has one
    of them must have the other. Source: kong/db/schema/init.lua.
    """
    inputs = [name.split(".") for name in definition["input"]]
    needs = [name.split(".") for name in definition["needs"]]
    names = ", ".join(f"'{n}'" for n in (*definition["input"], *definition["needs"]))

    def check(values: dict, errors: dict, change: Change) -> None:
        stored = change.stored
        if stored is None:
            return
        differs = any(look_up(change.sent, p) != look_up(stored, p) for p in needs)
        given = [look_up(change.sent, path) for path in inputs]
        if not differs and all(map(_is_empty, given)):
            return
        source = change.sent if differs else values
        found = [look_up(source, path) for path in (*inputs, *needs)]
        if len({_is_empty(value) for value in found}) > 1:
            _add(errors, "all or none of these fields must be set: " + names)

    return check


def _report_missing(paths: list, found: list, errors: dict, updating: bool) -> None:
    """Name the inputs a check lacks, unless it lacks all: then it has no subject."""
    text = "field required for entity check" + (" when updating" if updating else "")
    missing = [p for p, value in zip(paths, found, strict=True) if value is ABSENT]
    if len(missing) < len(paths):
        for path in missing:
            put_error(errors, path, text)


def _are_distinct(filled: list, count: int) -> bool:
    return all(value not in filled[:place] for place, value in enumerate(filled))


_GROUPS: dict[str, tuple[Callable[[list, int], bool], str]] = {
    "at_least_one_of": (
        lambda filled, count: len(filled) > 0,
        "at least one of these fields must be non-empty: ",
    ),
    "only_one_of": (
        lambda filled, count: len(filled) == 1,
        "exactly one of these fields must be non-empty: ",
    ),
    "mutually_required": (
        lambda filled, count: len(filled) in (0, count),
        "all or none of these fields must be set: ",
    ),
    "mutually_exclusive": (
        lambda filled, count: len(filled) <= 1,
        "only one or none of these fields must be set: ",
    ),
    "distinct": (_are_distinct, "values of these fields must be distinct: "),
}


# One field depending on another


def _conditional(argument: dict, fields: dict, judges: Judges) -> EntityCheck:
    if_path = argument["if_field"].split(".")
    then_path = argument["then_field"].split(".")
    meets = judges(_definition(fields, if_path) | argument["if_match"])
    judge = judges(_definition(fields, then_path) | argument["then_match"])
    null_meets = argument["if_match"].get("eq", ABSENT) is None
    text = (
        f"failed conditional validation given value of field '{argument['if_field']}'"
    )

    def check(values: dict, errors: dict, change: Change) -> None:
        condition = look_up(values, if_path)
        if condition is None or condition is ABSENT:
            if not null_meets:
                return
        elif meets(condition) is not None:
            return
        dependent = look_up(values, then_path)
        error = judge(None if dependent is ABSENT else dependent)
        if error is not None:
            put_error(errors, then_path, error)
            _add(errors, text)

    return check


def _definition(fields: dict, path: list[str]) -> dict:
    """Return the definition of the field at the path."""
    for place, name in enumerate(path, 1):
        if name not in fields:
            raise ValueError(f"there is no field {'.'.join(path[:place])}")
        field = fields[name]
        fields = field.get("fields", {})
    return field


# Named functions


def _custom(name: str) -> EntityCheck:
    judge = ENTITY_CHECKS[name]

    def check(values: dict, errors: dict, change: Change) -> None:
        if not errors.keys() - {"@entity"}:
            text = judge(values)
            if text is not None:
                _add(errors, text)

    return check
