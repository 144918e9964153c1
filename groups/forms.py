import json
from typing import Any, Self

from django import forms

from groups.limits import UNITS, limits_in_words, whole
from groups.models import ConsumerGroup, Override
from kongadmin.entities import Violation, texts_of
from kongadmin.manager.forms import EntityForm
from kongadmin.manager.words import in_words

MOST_ROWS = 100


class ConsumerGroupForm(EntityForm):
    class Meta:
        model = ConsumerGroup
        fields = ("name", "tags")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["name"]
        name.required = False  # the schema says so, once
        name.widget.attrs |= {
            "placeholder": "Enter a unique name for this consumer group",
            "required": True,
        }

    def said(self) -> dict[str, Any]:
        """Return what is typed so far, as the API has it."""
        typed = self.typed()
        return {name: typed[name] for name in self._meta.fields}


class NumberField(forms.Field):
    """A number as JSON has it; whether there has to be one is for the schema to say."""

    widget = forms.NumberInput

    def __init__(self, **kwargs) -> None:
        super().__init__(required=False, **kwargs)
        self.widget.attrs |= {"step": "any", "inputmode": "decimal"}

    def to_python(self, value: Any) -> int | float | str | None:
        text = (value or "").strip()
        try:
            return json.loads(text, parse_constant=str) if text else None
        except ValueError:
            return text


class WindowForm(forms.Form):
    """One limit and the time it is for."""

    limit = NumberField(label="Limit")
    amount = NumberField(label="Window", initial=1)
    unit = forms.ChoiceField(
        label="Unit", choices=[(u, u) for u in UNITS], initial="minutes", required=False
    )

    @property
    def seconds(self) -> Any:
        """The window's length; what is no number stays as it is."""
        amount = self.cleaned_data.get("amount")
        if isinstance(amount, int | float):
            return amount * UNITS[self.cleaned_data.get("unit") or "minutes"]
        return amount


WindowFormSet = forms.formset_factory(
    WindowForm, extra=0, min_num=1, max_num=MOST_ROWS, absolute_max=MOST_ROWS
)
# How the schema's terms are shown: the lists as rows, the rest as fields.
ROW_FIELDS = {"limit": "limit", "window_size": "amount"}


class OverrideForm(EntityForm):
    """The limits of a group as rows of limit and window, so that none lacks the other.

    `windows` are the rows. The version of an override that is not there is NEW.
    """

    NEW = "new"

    tags = None
    window_type = forms.ChoiceField(
        label="Window type",
        choices=[
            ("sliding", "Sliding: counts what lies behind, at any moment"),
            ("fixed", "Fixed: counts anew when a window begins"),
        ],
        widget=forms.RadioSelect,
        initial="sliding",
        required=False,
    )
    retry_after_jitter_max = NumberField(
        label="Jitter of Retry-After",
        help_text="Up to so many seconds are added at random, so that not everybody "
        "who was refused comes back at once.",
        initial=0,
    )

    class Meta:
        model = Override
        fields = ()

    def __init__(
        self,
        data=None,
        *,
        instance: Override,
        initial: dict | None = None,
        rows: list[dict] | None = None,
    ) -> None:
        super().__init__(data, instance=instance)
        config = instance.config or {}
        stored = {name: config[name] for name in config if name in self.fields}
        self.initial |= stored | {"version": self.stored_version} | (initial or {})
        rows = rows_of(config) if rows is None else rows
        self.windows = WindowFormSet(data, initial=rows, prefix="window")

    def with_rows(self, rows: list[dict], focus: int) -> Self:
        """Return the form as it is filled in, unjudged, with other rows."""
        values = {name: self[name].value() for name in self.fields}
        form = type(self)(instance=self.instance, initial=values, rows=rows)
        form.windows.forms[focus].fields["limit"].widget.attrs["autofocus"] = True
        return form

    def with_row_added(self) -> Self:
        return self.with_rows([*self.typed_rows, {}], focus=-1)

    def with_row_removed(self, place: str) -> Self:
        """Return the form without the row at `place`, a number as it was sent."""
        rows = self.typed_rows
        places = [str(number) for number in range(len(rows))]
        at = places.index(place) if place in places else len(rows)
        return self.with_rows(rows[:at] + rows[at + 1 :], focus=max(at - 1, 0))

    @property
    def stored_version(self) -> str:
        return self.NEW if self.instance._state.adding else self.instance.etag

    @property
    def is_stale(self) -> bool:
        return self.data.get("version") not in (None, "", self.stored_version)

    @property
    def typed_rows(self) -> list[dict]:
        """The rows as they were typed, readable or not."""
        return [
            {name: form[name].value() for name in form.fields}
            for form in self.windows.forms
        ]

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        """Every error as (id of the input, name, text), from top to bottom."""
        fields = [(f"Row {n}", form) for n, form in enumerate(self.windows.forms, 1)]
        return [
            (bound.id_for_label or bound.auto_id, f"{row} {bound.label}".strip(), text)
            for row, form in [*fields, ("", self)]
            for bound in form.visible_fields()
            for text in bound.errors
        ]

    def is_valid(self) -> bool:
        return super().is_valid() and not self.faults

    def _post_clean(self) -> None:
        """Let the override judge itself, and say what is wrong in the rows."""
        for text in self.windows.non_form_errors():
            self.add_error(None, text)
        self.instance.config = self.config()
        try:
            self.instance.clean()
        except Violation as violation:
            self.show(violation.fields)

    def config(self) -> dict:
        values = self.cleaned_data
        jitter = values.get("retry_after_jitter_max")
        return {
            "limit": [form.cleaned_data.get("limit") for form in self.windows.forms],
            "window_size": [form.seconds for form in self.windows.forms],
            "window_type": values.get("window_type") or "sliding",
            "retry_after_jitter_max": 0 if jitter is None else jitter,
        }

    def said(self) -> dict[str, Any]:
        """Return the limits that can be read of what is typed so far."""
        if not self.is_bound:
            return self.instance.config or {}
        self.is_valid()
        config = self.config()
        pairs = zip(config["limit"], config["window_size"], strict=True)
        whole = [
            pair for pair in pairs if all(isinstance(n, int | float) for n in pair)
        ]
        rows = {"limit": [n for n, _ in whole], "window_size": [n for _, n in whole]}
        return config | rows

    def show(self, fields: dict) -> None:
        """Put each error where it belongs: into its row, at its field, or on top."""
        config = fields.get("config")
        for name, errors in config.items() if isinstance(config, dict) else ():
            if name in ROW_FIELDS and isinstance(errors, list):
                rows = zip(self.windows.forms, errors, strict=False)
                for form, text in [(form, text) for form, text in rows if text]:
                    form.add_error(ROW_FIELDS[name], in_words(text))
            else:
                for text in texts_of(errors):
                    self.add_error(self.field_for(name), in_words(text))
        for text in texts_of({k: v for k, v in fields.items() if k != "config"}):
            self.add_error(None, in_words(text))

    def beside(self, stored: Override) -> list[tuple[str, Any, Any]]:
        config = stored.config or {}
        theirs = limits_in_words(config) if config else "no override"
        name = "retry_after_jitter_max"
        jitter = self[name]
        pairs = [
            ("Limits", self.words, theirs),
            (jitter.label, str(jitter.value() or 0), str(config.get(name, 0))),
        ]
        return [pair for pair in pairs if pair[1] != pair[2]]

    @property
    def words(self) -> str:
        """The limits as they are typed, if they can be read."""
        return limits_in_words(self.config()) if self.is_valid() else "not to be read"


def rows_of(config: dict) -> list[dict]:
    pairs = zip(config.get("limit", ()), config.get("window_size", ()), strict=False)
    return [
        {"limit": limit, **dict(zip(("amount", "unit"), whole(size), strict=True))}
        for limit, size in pairs
    ]
