"""A plugin's schema as the parts of a form: inputs, groups, and lists of groups.

Every part knows its place among the values. It reads what was changed there, and takes
the errors that the schema reports there. The names of inputs are those places, as the
Admin API's forms write them: `config.redis.host`.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from django import forms

from kongadmin.manager.templatetags.manager import shown
from kongadmin.plugins.inputs import input_for
from kongadmin.plugins.sorting import Sources
from kongadmin.plugins.words import PERIODS, explain_all, label_of, lines_of
from kongadmin.schema.paths import ABSENT

# Keys that stand side by side, in this order, how, and under which words.
TOGETHER = (
    (PERIODS, "periods", "Limits", "at most so many per"),
    (
        ("limit", "window_size"),
        "windows",
        "Limits",
        "a row without numbers is left out",
    ),
)
# Sources that one sorts.
IDENTITY_REALMS = "config.identity_realms"
KEY = "@name"
CLEAR = "@remove"
SELDOM = frozenset(
    "dictionary_name error_code error_message hide_client_headers instance_name"
    " lock_dictionary_name namespace protocols retry_after_jitter_max sync_rate"
    " counter_key disable_penalty compound_identifier consumer_groups"
    " enforce_consumer_groups throttling redis".split()
)


class Leaf:
    """One input."""

    is_group = False

    def __init__(self, form: forms.Form, name: str, kind: dict, value: Any) -> None:
        self.form, self.name, self.kind, self.value = form, name, kind, value
        self.key = name.rpartition(".")[2]
        help_text = kind.get("description", "")
        self.input = input_for(
            self.key, kind, value, label=label_of(self.key), help_text=help_text
        )
        self.label = self.input.label
        form.fields[name], form.initial[name] = self.input, value
        if self.can_be_removed:
            label = "Remove the stored one"
            form.fields[name + CLEAR] = forms.BooleanField(required=False, label=label)

    @property
    def field(self) -> forms.BoundField:
        return self.form[self.name]

    @property
    def can_be_removed(self) -> bool:
        is_kept = self.kind.get("required") or self.kind.get("auto")
        return self.input.secret and self.value is not None and not is_kept

    @property
    def removal(self) -> forms.BoundField | None:
        return self.form[self.name + CLEAR] if self.can_be_removed else None

    @property
    def is_required(self) -> bool:
        supplied = self.kind.get("auto") or self.kind.get("default") is not None
        return bool(self.kind.get("required")) and not supplied

    @property
    def default(self) -> str:
        """What the schema supplies, in words; nothing for nothing."""
        default = self.kind.get("default")
        if isinstance(default, bool):
            return "on" if default else "off"
        return "" if default in (None, [], {}) else shown(default)

    @property
    def hint(self) -> str:
        if self.input.secret and self.value is not None:
            return "stored; empty keeps it"
        if self.kind.get("auto") and self.value is None:
            return "made if left empty"
        return "required" if self.is_required else ""

    @property
    def note(self) -> str:
        """How to write a value that has parts."""
        return self.input.note

    @property
    def has_errors(self) -> bool:
        return bool(self.field.errors)

    def read(self) -> Any:
        """Return the new value, or ABSENT if it stays."""
        cleaned = self.form.cleaned_data
        if self.name in self.form.changed_data and self.name in cleaned:
            return self.input.merged(self.value, cleaned[self.name])
        return None if cleaned.get(self.name + CLEAR) else ABSENT

    def fill_in(self) -> None:
        """Put the value into what was sent, as if the input had been there already."""
        shown = self.input.prepare_value(self.value)
        texts = shown if isinstance(shown, list) else [shown]
        if self.value not in (None, False):
            self.form.data.setlist(self.name, texts)

    def place(self, errors: Any) -> None:
        for text in lines_of(errors):
            self.form.add_error(self.name, text)


class Group:
    """A record: inputs under one heading."""

    is_group = True
    shape = "record"

    def __init__(self, form: forms.Form, name: str, kind: dict, value: Any) -> None:
        self.form, self.name = form, name
        self.label = label_of(name.rpartition(".")[2])
        self.help_text = kind.get("description", "")
        self.errors: list[str] = []
        fields = [pair for field in kind["fields"] for pair in field.items()]
        self.parts = parts_of(form, name, fields, value)

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def items(self) -> list:
        """The parts, with those that belong together side by side."""
        return drawn_together(self.parts)

    @property
    def has_errors(self) -> bool:
        return bool(self.errors) or any(part.has_errors for part in self.parts)

    def read(self) -> Any:
        return values_of(self.parts) or ABSENT

    def place(self, errors: Any) -> None:
        if not isinstance(errors, dict):
            return self.report(lines_of(errors))
        self.report(explain_all(errors.get("@entity", ())))
        by_key = {part.key: part for part in self.parts}
        for key, inner in errors.items():
            if key in by_key:
                by_key[key].place(inner)
            elif key != "@entity":
                self.report([f"{label_of(key)}: {text}" for text in lines_of(inner)])
        return None

    def report(self, texts: list[str]) -> None:
        for text in texts:
            self.errors.append(text)
            self.form.add_error(None, f"{self.label}: {text}")

    @property
    def key(self) -> str:
        return self.name.rpartition(".")[2]


class Side:
    """Inputs that belong together, side by side; only a way to show them."""

    is_group = True
    key = ""

    def __init__(self, shape: str, label: str, hint: str, parts: list[Leaf]) -> None:
        self.shape, self.label, self.hint = shape, label, hint
        self.parts = self.items = parts


class Columns(Side):
    """Lists of which the elements belong together, as rows: inputs of one name each.

    There is always an empty row to fill in; an emptied one is gone.
    """

    def __init__(self, *args) -> None:
        super().__init__(*args)
        for part in self.parts:
            part.input.widget.beside = tuple(each.name for each in self.parts)

    @property
    def name(self) -> str:
        return self.parts[0].name

    @property
    def id(self) -> str:
        return f"id_{self.name}_rows"

    @property
    def is_longer(self) -> bool:
        """Whether a row was just asked for."""
        return self.form.is_bound and self.form.data.get("add") == self.name

    @property
    def rows(self) -> list[tuple[int, list[tuple[Leaf, str]]]]:
        """Return number and inputs, with their texts, of each row."""
        columns = [part.field.value().split("\n") for part in self.parts]
        texts = [row for row in zip_longest(*columns, fillvalue="") if any(row)]
        blank = [("",) * len(self.parts)] * (1 + self.is_longer)
        return [
            (number, list(zip(self.parts, row, strict=True)))
            for number, row in enumerate([*texts, *blank], 1)
        ]

    @property
    def form(self) -> forms.Form:
        return self.parts[0].form


class Rows(Group):
    """A list, or a map, of records: groups that one can add and remove."""

    shape = "rows"
    new: int | None = None  # the number of the row that was asked for

    def __init__(self, form: forms.Form, name: str, kind: dict, value: Any) -> None:
        self.form, self.name = form, name
        self.label, self.help_text = label_of(self.key), kind.get("description", "")
        self.errors = []
        self.is_map = kind["type"] == "map"
        self.kind = kind["values"] if self.is_map else kind["elements"]
        self.needs_one = int(bool(kind.get("required") and not kind.get("default")))
        keyed = (value or {}).items() if self.is_map else enumerate(value or ())
        self.stored = [(key, record or {}) for key, record in keyed]
        self.parts = [self.row(id) for id in self.wanted()]

    def wanted(self) -> list[int]:
        """Return the numbers of the rows on the page; new ones follow the stored."""
        if not self.form.is_bound:
            return list(range(len(self.stored) or self.needs_one))
        sent = self.form.data.getlist(self.name)
        ids = list(dict.fromkeys(int(id) for id in sent if id.isdecimal()))[:500]
        if self.form.data.get("add") == self.name:
            self.new = max([len(self.stored) - 1, *ids]) + 1
            ids.append(self.new)
        removed = self.form.data.get("remove")
        return [id for id in ids if f"{self.name}.{id}" != removed]

    def row(self, id: int) -> "Row":
        key, value = self.stored[id] if id < len(self.stored) else ("", {})
        row = Row(self.form, f"{self.name}.{id}", self.kind, value)
        row.number, row.label = id, f"{self.label} {id + 1}"
        if self.is_map:
            name = {"type": "string", "required": True, "description": ""}
            row.name_leaf = Leaf(self.form, f"{row.name}.{KEY}", name, key or None)
            row.name_leaf.input.label = row.name_leaf.label = "Name"
            row.parts.insert(0, row.name_leaf)
        if id == self.new:
            row.is_new = True
            for leaf in leaves_of(row.parts):
                leaf.fill_in()
        return row

    def read(self) -> Any:
        changes = [(row.number, values_of(row.parts)) for row in self.parts]
        is_same = [id for id, _ in changes] == list(range(len(self.stored)))
        if is_same and not any(change for _, change in changes):
            return ABSENT
        read = [self.read_row(id, change) for id, change in changes]
        return dict(read) if self.is_map else [record for _, record in read]

    def read_row(self, id: int, change: dict) -> tuple[Any, dict]:
        key, stored = self.stored[id] if id < len(self.stored) else ("", {})
        key = change.pop(KEY, key) if self.is_map else key
        return key, laid_over(stored, change)

    def place(self, errors: Any) -> None:
        """Take errors by position; of a map's rows each is judged once more alone.

        As in Kong, the error of a map does not say which of its keys it is about.
        """
        if isinstance(errors, dict):
            names = [row.name_leaf.field.value() for row in self.parts]
            errors = [self.form.errors_alone(self.name, name) for name in names]
        if isinstance(errors, list):
            for row, inner in zip(self.parts, errors, strict=False):
                if inner:
                    row.place(inner)
        else:
            self.report(lines_of(errors))

    @property
    def is_shorter(self) -> bool:
        """Whether a row has just been removed, and with it what had the focus."""
        removed = self.form.data.get("remove", "") if self.form.is_bound else ""
        return removed.startswith(f"{self.name}.")

    @property
    def is_doubled(self) -> bool:
        names = [row.name_leaf.field.value() for row in self.parts if self.is_map]
        return len(set(names)) < len(names)


class Row(Group):
    """One record of a list or map."""

    shape = "row"
    number = 0
    is_new = False
    name_leaf: Leaf | None = None


def part_of(
    form: forms.Form, name: str, kind: dict, value: Any
) -> Leaf | Group | Sources:
    """Return the part of a form that a field of a schema becomes."""
    if name == IDENTITY_REALMS:
        return Sources(form, name, kind, value)
    if kind["type"] == "record" and "fields" in kind:
        return Group(form, name, kind, value)
    inner = kind.get({"array": "elements", "map": "values"}.get(kind["type"], ""), {})
    if inner.get("type") == "record" and "fields" in inner:
        return Rows(form, name, kind, value)
    return Leaf(form, name, kind, value)


def parts_of(form: forms.Form, place: str, fields: list, values: Any) -> list:
    values = values if isinstance(values, dict) else {}
    return [
        part_of(form, f"{place}.{name}", kind, values.get(name, kind.get("default")))
        for name, kind in fields
        if kind["type"] != "foreign"
    ]


def values_of(parts: list) -> dict:
    """Return what was changed, by key."""
    read = {part.key: part.read() for part in parts}
    return {key: value for key, value in read.items() if value is not ABSENT}


def laid_over(stored: dict, change: dict) -> dict:
    """Return a stored record with a change laid over it, key by key."""
    merged = {**stored, **change}
    for key, new in change.items():
        if isinstance(new, dict) and isinstance(stored.get(key), dict):
            merged[key] = laid_over(stored[key], new)
    return merged


def drawn_together(parts: list) -> list:
    """Return the parts with those as one that are to be read together."""
    for keys, *words in TOGETHER:
        found = [p for key in keys for p in parts if p.key == key and not p.is_group]
        if len(found) > 1:
            place = min(map(parts.index, found))
            rest = [part for part in parts if part not in found]
            side = (Columns if "windows" in words else Side)(*words, found)
            parts = [*rest[:place], side, *rest[place:]]
    return parts


def rows_of(parts: list) -> Iterator[Rows]:
    """Return every list of records, those within records too."""
    for part in parts:
        if isinstance(part, Rows):
            yield part
        if part.is_group:
            yield from rows_of(part.parts)


def leaves_of(parts: list) -> Iterator[Leaf]:
    for part in parts:
        yield from leaves_of(part.parts) if part.is_group else (part,)
