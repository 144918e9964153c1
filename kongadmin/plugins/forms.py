"""The form of any plugin, made from its schema; the schema alone judges."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.urls import reverse

from kongadmin import conflicts
from kongadmin.conflicts import Conflict
from kongadmin.entities import Entity, texts_of
from kongadmin.manager.forms import EntityForm
from kongadmin.plugins.kinds import kind_of
from kongadmin.plugins.models import Plugin, whole_schema
from kongadmin.plugins.targets import Target, allowed, scope_in_words
from kongadmin.plugins.tree import (
    SELDOM,
    Group,
    Leaf,
    Rows,
    drawn_together,
    leaves_of,
    part_of,
    rows_of,
    values_of,
)
from kongadmin.plugins.words import explain_all, label_of, limits_of, lines_of
from kongadmin.schema.paths import ABSENT, look_up, with_value

EVERYONE = "everyone"
# Names that the plugin's own fields do not take: they have their places.
APPLIES_TO = "applies_to"


def name_field(target: Target) -> forms.CharField:
    """Return a field for a name, which suggests some while one types."""
    place = f"{target.field}-names"
    attrs = {
        "list": place,
        "hx-get": reverse("plugins:names", args=[target.field]),
        "hx-trigger": "input changed delay:200ms",
        "hx-target": f"#{place}",
        "spellcheck": "false",
    }
    widget = forms.TextInput(attrs=attrs)
    help_text = f"{target.keys_text}, or the ID."
    label = target.noun.capitalize()
    return forms.CharField(
        label=label, help_text=help_text, widget=widget, required=False
    )


class PluginForm(EntityForm):
    """A new plugin, or a change of one.

    `owner` is the consumer or group the plugin is fixed to. `main` and `more` are the
    parts in the schema's order, the seldom-used ones apart.
    """

    class Meta:
        model = Plugin
        fields = ()

    def __init__(self, *args, owner: Entity | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        if self.is_bound and "add" in self.data:
            self.data = self.data.copy()  # what a new row has by default is added
        self.schema = whole_schema(self.instance.name)
        self.is_new = self.instance._state.adding
        self.stored = self.defaults() if self.is_new else self.instance.to_dict()
        self.initial["tags"] = self.stored["tags"]
        self.targets = [] if owner else allowed(self.schema)
        self.sent: dict = {}
        self.values = self.values_with({})
        self.add_targets()
        self.add_parts()

    def defaults(self) -> dict:
        """Return what a plugin of this kind has if nothing is said."""
        return self.schema.fill({"name": self.instance.name})

    # Parts

    def add_parts(self) -> None:
        kinds = self.schema.fields
        self.switch = self.part("enabled", kinds["enabled"])
        fields = [pair for each in kinds["config"]["fields"] for pair in each.items()]
        self.config = [
            self.part(f"config.{name}", kind, self.stored["config"].get(name))
            for name, kind in fields
        ]
        self.around = [
            self.part(name, kinds[name]) for name in ("protocols", "instance_name")
        ]
        parts = [*self.config, *self.around]
        self.main = drawn_together([p for p in parts if p.key not in SELDOM])
        self.more = [part for part in parts if part.key in SELDOM]

    def part(self, name: str, kind: dict, *value: Any) -> Leaf | Group:
        [stored] = value or [self.stored[name]]
        if self.is_new and kind.get("auto"):
            stored = None  # it is made when the plugin is, so there is none to show
        return part_of(self, name, kind, stored)

    @property
    def bound_targets(self) -> list[tuple[Target, forms.BoundField]]:
        return [(target, self[target.field]) for target in self.targets]

    @property
    def more_labels(self) -> str:
        """Name what is there to be unfolded."""
        labels = [*(part.label for part in self.more), "Tags"]
        return ", ".join(labels[:4]) + " …" * (len(labels) > 4)

    @property
    def is_more_open(self) -> bool:
        """Whether what is folded away holds an error, or a row that is asked for."""
        asked = [self.data.get(name, "") for name in ("add", "remove")]
        return bool(self["tags"].errors) or any(
            part.has_errors or any(name.startswith(part.name) for name in asked)
            for part in self.more
        )

    @property
    def groups(self) -> Iterator[Rows]:
        return rows_of(self.config)

    # Whom it applies to

    def add_targets(self) -> None:
        """Offer what the schema allows, in words; names are typed or suggested."""
        if not self.targets:
            return
        choices = [(EVERYONE, "Everyone")]
        choices += [(target.field, f"One {target.noun}") for target in self.targets]
        self.fields[APPLIES_TO] = forms.ChoiceField(
            label="Applies to", choices=choices, widget=forms.RadioSelect
        )
        self.initial[APPLIES_TO] = EVERYONE
        for target in self.targets:
            present = getattr(self.instance, target.field)
            if present:
                self.initial[APPLIES_TO] = target.field
                self.initial[target.field] = str(present)
            self.fields[target.field] = name_field(target)

    def read_targets(self) -> dict:
        """Return the references that change; an unknown name is an error there."""
        names = {APPLIES_TO, *(target.field for target in self.targets)}
        if not names & set(self.changed_data):
            return {}
        chosen, wanted = self.cleaned_data.get(APPLIES_TO), {}
        for target in self.targets:
            found = self.find_target(target) if target.field == chosen else None
            wanted[target.field] = found and {"id": str(found.pk)}
        return {n: value for n, value in wanted.items() if value != self.stored[n]}

    def find_target(self, target) -> Entity | None:
        text = self.cleaned_data.get(target.field, "")
        found = target.find(self.instance.scope, text) if text else None
        if found is None:
            unknown = f"There is no {target.noun} {text}."
            missing = f"Name the {target.noun}, or choose Everyone."
            self.add_error(target.field, unknown if text else missing)
        return found

    # Values

    def change(self) -> dict:
        """Return what was changed, in Kong's terms and types."""
        change = values_of([self.switch, *self.around])
        config = values_of(self.config)
        if config:
            change["config"] = config
        if "tags" in self.changed_data:
            change["tags"] = self.cleaned_data.get("tags")
        return self.schema.infer(change) | self.read_targets()

    def _post_clean(self) -> None:
        """Lay what was changed over what there is, and let the schema judge."""
        change = self.sent = self.change()
        self.values = values = self.values_with(change)
        for rows in self.groups:
            if rows.is_doubled:
                rows.report(["Two have the same name."])
        problems = self.schema.errors(values, updating=not self.is_new)
        texts = texts_of(problems)
        self.place(problems)
        if texts and not self.errors:
            self.say(explain_all(texts))  # nothing that is refused goes unsaid
        if not self.errors:
            self.instance.assign(
                values if self.is_new else {n: values[n] for n in change}
            )
            self.instance.prepare()
            self.validate_unique()

    def values_with(self, change: dict) -> dict:
        """Return the plugin with a change, in Kong's terms."""
        if not self.is_new:
            return self.schema.fill(self.schema.merge(self.stored, change))
        base = {"name": self.instance.name, **self.fixed()}
        return self.schema.fill(base | change)

    def fixed(self) -> dict:
        """Return the reference to whom the form is fixed to."""
        if self.owner is None:
            return {}
        field = self.owner.schema.name.removesuffix("s")
        return {field: {"id": str(self.owner.pk)}}

    # Errors

    def place(self, errors: dict) -> None:
        """Say the schema's errors where they belong."""
        self.say(explain_all(errors.pop("@entity", ())))
        config = errors.pop("config", {})
        if not isinstance(config, dict):
            self.say(lines_of(config))
            config = {}
        else:
            self.say(explain_all(config.pop("@entity", ())))
        parts = {part.key: part for part in [*self.config, *self.around, self.switch]}
        for name, inner in [*config.items(), *errors.items()]:
            if name in parts:
                parts[name].place(inner)
            elif name in self.fields:
                for text in lines_of(inner):
                    self.add_error(name, text)
            else:
                self.say([f"{label_of(name)}: {text}" for text in lines_of(inner)])

    def errors_alone(self, name: str, key: str) -> Any:
        """Return what is wrong with a map if it has that key and no other."""
        path = name.split(".")
        alone = {key: look_up(self.values, [*path, key])}
        errors = self.schema.errors(with_value(self.values, path, alone))
        found = look_up(errors, path)
        return None if ABSENT in (alone[key], found) else found

    def say(self, texts: list[str]) -> None:
        for text in texts:
            self.add_error(None, text)

    def leave_unjudged(self) -> None:
        """Show again what was sent without saying what is wrong with it."""
        self._errors = ErrorDict(renderer=self.renderer)
        self.cleaned_data = {}

    def validate_unique(self) -> None:
        for conflict in conflicts.all_of(self.instance):
            self.explain(conflict)

    def explain(self, conflict: Conflict) -> None:
        """Name the plugin that is in the way, and remember it for a link."""
        holder = conflict.holder
        if "instance_name" in conflict.values:
            self.holders["instance_name"] = holder
            whom = scope_in_words(holder)
            text = f"{kind_of(holder.name).title} for {whom} is called so already."
            self.add_error("instance_name", text)
        elif holder is None:
            self.add_error(None, "Whom it should apply to is gone.")
        else:
            self.holders[""] = holder
            title = kind_of(holder.name).title
            whom = scope_in_words(holder)
            self.add_error(None, f"{title} applies to {whom} already.")

    # What others show of it

    @property
    def limits(self) -> list[str]:
        """The limits in words, as they are filled in."""
        return limits_of(self.instance.name, self.values["config"])

    def beside(self, stored: Entity) -> list[tuple[str, Any, Any]]:
        """Return label, own and stored value of each input that differs; no secret."""
        leaves = leaves_of([self.switch, *self.config, *self.around])
        secret = {leaf.name for leaf in leaves if leaf.input.secret}
        return [
            (bound.label, bound.value(), bound.field.prepare_value(bound.initial))
            for bound in self.visible_fields()
            if bound.name in self.changed_data and bound.name not in secret
        ]
