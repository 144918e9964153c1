"""Where keys are looked up, as a part of key-auth's form: a list one can sort.

Each source is one hidden input, so the order of the inputs is the order of the list:
who drags one, or presses a button without JavaScript, sends the same.
"""

from dataclasses import dataclass, field
from typing import Any

from django import forms

from kongadmin.plugins.sources import (
    name_of,
    order_in_words,
    realms_named,
    sources_of,
    warnings,
)
from kongadmin.plugins.words import label_of, lines_of
from kongadmin.schema.paths import ABSENT
from realms.models import ControlPlane, Realm

KEYS = ("scope", "id", "region")
CHOSEN = "@add"
MOST_REALMS = 500
STEPS = {"up": -1, "down": 1}


def written(source: dict) -> str:
    """Return a source as the text of its input: scope, id and region."""
    return "|".join(source.get(key) or "" for key in KEYS)


def read_source(text: str) -> dict:
    parts = [*text.split("|"), "", ""]
    return {key: part or None for key, part in zip(KEYS, parts, strict=False)}


@dataclass(slots=True)
class Source:
    """One line of the list; `focus` names the button that was just pressed there."""

    number: int
    text: str
    label: str
    is_first: bool
    is_last: bool
    focus: str = ""
    errors: list[str] = field(default_factory=list)


class Sources:
    """The list of sources: moved, removed and added to by buttons of the form."""

    is_group = True
    shape = "sources"

    def __init__(self, form: forms.Form, name: str, kind: dict, value: Any) -> None:
        self.form, self.name = form, name
        self.label, self.help_text = label_of(self.key), kind.get("description", "")
        self.parts: list = []  # it has no inputs that the form knows
        self.errors: list[str] = []
        stored = sources_of({self.key: value})
        self.stored = [{key: source.get(key) for key in KEYS} for source in stored]
        self.plane = ControlPlane.with_id(form.instance.scope_id)
        self.moved, self.focus = -1, ""
        # What is sent begins with an empty text, so that no source is a list as well.
        sent = form.data.getlist(name) if form.is_bound else []
        self.is_sent = bool(sent)
        texts = self.changed([*filter(None, sent)]) if sent else map(written, stored)
        self.texts = [*texts]
        self.sources = [read_source(text) for text in self.texts]
        self.realms = realms_named(self.sources)
        self.lines = [self.line(number) for number in range(len(self.texts))]

    @property
    def key(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    # What a button asks for

    def changed(self, texts: list[str]) -> list[str]:
        data = self.form.data
        if data.get("add") == self.name:
            chosen = data.get(self.name + CHOSEN, "")
            self.moved = len(texts)
            return list(dict.fromkeys([*texts, *filter(None, [chosen])]))
        name, _, number = data.get("remove", "").rpartition(".")
        if name == self.name and number.isdecimal():
            return texts[: int(number)] + texts[int(number) + 1 :]
        name, _, wish = data.get("move", "").partition(" ")
        return self.reordered(texts, wish) if name == self.name and wish else texts

    def reordered(self, texts: list[str], wish: str) -> list[str]:
        number, _, way = wish.partition(" ")
        here = int(number) if number.isdecimal() else len(texts)
        there = here + STEPS.get(way, 0)
        if here < len(texts) and 0 <= there < len(texts):
            texts = [*texts]
            texts.insert(there, texts.pop(here))
            self.moved, self.focus = there, way
        return texts

    # What is shown

    def line(self, number: int) -> Source:
        last = len(self.texts) - 1
        label = name_of(self.sources[number], self.realms, "this control plane")
        line = Source(number, self.texts[number], label, number == 0, number == last)
        if number == self.moved:
            # The button that was pressed may have nowhere left to go.
            ends = {0: "down", last: "up"}
            line.focus = ends.get(number, self.focus or "up") if last else "remove"
        return line

    @property
    def is_shorter(self) -> bool:
        """Whether a line has just been removed, and with it what had the focus."""
        return self.is_sent and self.form.data.get("remove", "").startswith(self.name)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Return what can be added: realms that allow the control plane, and itself."""
        rows = Realm.objects.in_region(self.plane.region).order_by("name")
        realms = [realm for realm in rows[:MOST_REALMS] if realm.allows(self.plane.pk)]
        found = [("cp||", "This control plane")]
        found += [(f"realm|{realm.pk}|", f"Realm {realm}") for realm in realms]
        there = {(s["scope"], (s["id"] or "").lower()) for s in self.sources}
        return [
            (text, label)
            for text, label in found
            if tuple((text.split("|"))[:2]) not in there
        ]

    @property
    def sentence(self) -> str:
        return order_in_words(self.sources, self.realms)

    @property
    def warnings(self) -> list[str]:
        return warnings(self.sources, self.realms, self.plane)

    # Values and errors

    def read(self) -> Any:
        """Return the new list, or ABSENT if it stays."""
        is_same = self.sources == self.stored
        return ABSENT if is_same or not self.is_sent else self.sources

    @property
    def has_errors(self) -> bool:
        return bool(self.errors) or any(line.errors for line in self.lines)

    def place(self, errors: Any) -> None:
        """Take errors by position."""
        if not isinstance(errors, list):
            self.errors += lines_of(errors)
            errors = []
        for line, wrong in zip(self.lines, errors, strict=False):
            line.errors += lines_of(wrong) if wrong else []
        for text in [*self.errors, *(t for line in self.lines for t in line.errors)]:
            self.form.add_error(None, f"{self.label}: {text}")
