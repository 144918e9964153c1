"""Fields of a form for each type of the schema language.

An input shows a stored value as text and reads it back; what the value may be, the
schema decides later. Whoever changes nothing sends nothing: a value counts as changed
only if reading its own text gives something else than what was sent.
"""

import json
from itertools import zip_longest
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

FEW = 4
LONG = ("body", "message", "description")


class Input(forms.CharField):
    """One line of text: strings and numbers."""

    shape = "line"
    note = ""
    secret = False

    def __init__(self, **kwargs) -> None:
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> str:
        return "" if value is None else str(value)

    def to_python(self, value: Any) -> Any:
        return super().to_python(value).replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(self.prepare_value(initial)) != self.to_python(data)
        except ValidationError:
            return True

    def merged(self, stored: Any, value: Any) -> Any:
        """Return what to store for a changed value; `stored` is what was there."""
        return value


class Secret(Input):
    """A text that is never shown again: empty keeps what is stored."""

    shape = "secret"
    secret = True
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})

    def prepare_value(self, value: Any) -> str:
        return ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class SecretText(Secret):
    """A secret that is no single text: lines, pairs or JSON, by another input."""

    shape = "block"
    widget = forms.Textarea(attrs={"rows": 3})

    def __init__(self, inner: forms.Field, **kwargs) -> None:
        super().__init__(**kwargs)
        self.inner, self.note = inner, inner.note

    def to_python(self, value: Any) -> Any:
        return self.inner.to_python(value)


class Block(Input):
    shape = "block"
    widget = forms.Textarea(attrs={"rows": 3})


class Column(forms.Textarea):
    """Lines of one input; or of several that share a name, in rows with others.

    `beside` are the names of all the columns. A row without any text is left out, a
    gap in another row stays, so that each line remains in its row. A row whose button
    to remove it was pressed is gone as well.
    """

    beside: tuple[str, ...] = ()

    def value_from_datadict(self, data, files, name) -> str | None:
        if not self.beside:
            return super().value_from_datadict(data, files, name)
        columns = ["\n".join(data.getlist(each)).splitlines() for each in self.beside]
        own, first = self.beside.index(name), self.beside[0]
        rows = zip_longest(*columns, fillvalue="")
        typed = [row for row in rows if any(map(str.strip, row))]
        gone = data.get("remove")
        kept = [row for n, row in enumerate(typed, 1) if f"{first}.{n}" != gone]
        return "\n".join(row[own] for row in kept)


class Lines(Block):
    """A list, one element a line; an emptied list is what the schema calls empty."""

    note = "One per line."
    widget = Column(attrs={"rows": 3})

    def __init__(self, empty: list | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.empty = empty

    def prepare_value(self, value: Any) -> str:
        return "\n".join(map(str, value)) if isinstance(value, list) else value or ""

    def to_python(self, value: Any) -> list | None:
        lines = [line.strip() for line in (value or "").split("\n")]
        if self.widget.beside and any(lines):
            return [line or None for line in lines]
        return list(filter(None, lines)) or self.empty


class Pairs(Block):
    """A map of plain values, `key: value` on each line."""

    note = "One per line, as name: value."

    def prepare_value(self, value: Any) -> str:
        if not isinstance(value, dict):
            return value or ""
        return "\n".join(f"{key}: {plain(each)}" for key, each in value.items())

    def to_python(self, value: Any) -> dict | None:
        pairs = [line.partition(":") for line in (value or "").splitlines()]
        found = {key.strip(): text.strip() for key, _, text in pairs if key.strip()}
        return found or None


class JSON(Block):
    """What no other input can show."""

    note = "As JSON."

    def prepare_value(self, value: Any) -> str:
        if value is None or isinstance(value, str):
            return value or ""
        return json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        if not (value or "").strip():
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValidationError(f"This is no JSON: {error}.") from error


class Switch(forms.BooleanField):
    shape = "switch"
    note = ""
    secret = False

    def __init__(self, **kwargs) -> None:
        super().__init__(required=False, **kwargs)

    def merged(self, stored: Any, value: bool) -> bool:
        return value


class Choice(forms.ChoiceField):
    """One of few values as radio buttons, one of many as a menu."""

    note = ""
    secret = False

    def __init__(self, options: list, **kwargs) -> None:
        is_few = len(options) <= FEW
        widget = forms.RadioSelect if is_few else forms.Select
        super().__init__(required=False, choices=options, widget=widget, **kwargs)
        self.shape = "choices" if is_few else "line"

    def prepare_value(self, value: Any) -> str:
        return plain(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return plain(initial) != (data or "")

    def merged(self, stored: Any, value: str) -> str:
        return value


class Choices(forms.MultipleChoiceField):
    """Some of the values that a list may have."""

    shape = "choices"
    note = ""
    secret = False
    widget = forms.CheckboxSelectMultiple

    def __init__(self, options: list, empty: list | None, **kwargs) -> None:
        super().__init__(required=False, choices=options, **kwargs)
        self.empty = empty

    def merged(self, stored: Any, value: list) -> list | None:
        """Keep the order of what was there already."""
        kept = [text for text in map(plain, stored or ()) if text in value]
        return kept + [text for text in value if text not in kept] or self.empty


def plain(value: Any) -> str:
    """Return a plain value as a form writes it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def input_for(name: str, kind: dict, value: Any, **kwargs) -> forms.Field:
    """Return the input for a field of a schema that holds `value` at present."""
    if _is_secret(kind):
        return _secret_input(name, kind, value, kwargs)
    if kind["type"] in ("array", "set"):
        return _list_input(kind, value, kwargs)
    return _plain_input(name, kind, value, kwargs)


def _is_secret(kind: dict) -> bool:
    parts = (kind.get(part, {}) for part in ("elements", "values"))
    return any(part.get("encrypted") for part in (kind, *parts))


def _secret_input(name: str, kind: dict, value: Any, kwargs: dict) -> forms.Field:
    if kind["type"] == "string":
        return Secret(strip=False, **kwargs)
    open_parts = {
        part: {**kind[part], "encrypted": False}
        for part in ("elements", "values")
        if part in kind
    }
    inner = input_for(name, {**kind, **open_parts, "encrypted": False}, value)
    return SecretText(inner, **kwargs)


def _list_input(kind: dict, value: Any, kwargs: dict) -> forms.Field:
    elements = kind["elements"]
    is_certain = kind.get("required") or kind.get("default") is not None
    empty = [] if is_certain else None
    if "one_of" in elements:
        return Choices(_options(elements["one_of"], value or ()), empty, **kwargs)
    if elements["type"] in ("string", "number", "integer"):
        return Lines(empty, **kwargs)
    return JSON(**kwargs)


def _plain_input(name: str, kind: dict, value: Any, kwargs: dict) -> forms.Field:
    match kind["type"]:
        case "boolean":
            return Switch(**kwargs)
        case "string" | "number" | "integer" if "one_of" in kind:
            return Choice(_one_of(kind, value), **kwargs)
        case "string":
            is_long = name in LONG or (isinstance(value, str) and "\n" in value)
            return Block(**kwargs) if is_long else Input(**kwargs)
        case "number" | "integer" as number:
            mode = "numeric" if number == "integer" else "decimal"
            attrs = {"inputmode": mode, "class": "number"}
            return Input(widget=forms.TextInput(attrs=attrs), **kwargs)
        case "map" if kind["values"]["type"] in ("string", "number", "integer"):
            return Pairs(**kwargs)
    return JSON(**kwargs)


def _one_of(kind: dict, value: Any) -> list[tuple[str, str]]:
    options = _options(kind["one_of"], () if value is None else (value,))
    has_default = kind.get("required") or kind.get("default") is not None
    return options if has_default and value is not None else [("", "None"), *options]


def _options(known: list, present: Any) -> list[tuple[str, str]]:
    """Return the options, and what is stored although it is none of them."""
    texts = dict.fromkeys(plain(value) for value in (*known, *present))
    return [(text, text or "empty") for text in texts]
