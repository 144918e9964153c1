"""Forms of credentials: one class, which the type's declaration and schema fill in."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Field
from django.forms import BoundField
from django.utils import timezone

from consumers.credentials import CREDENTIALS, CredentialType
from consumers.models import MOST_KEYS, Credential
from consumers.models.realm_keys import is_full
from kongadmin.entities import Entity, Violation
from kongadmin.manager.code import Secret
from kongadmin.manager.forms import EntityForm

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
LONGEST_TTL = 100_000_000
LONG_TEXT = 10_000
FEW = 3
NEWEST, SUGGESTED = 500, 50
GENERATE, OWN = "generate", "own"
TOO_MANY = f"A consumer of a realm has at most {MOST_KEYS} of a type."
NEVER, IN, KEEP = "never", "in", "keep"
# Kong's errors about a whole credential that are about one field to a person, and
# those that only repeat what stands at a field.
ABOUT = {
    "all or none of these fields must be set: 'hash_secret', 'client_secret'": (
        "client_secret"
    )
}
REPEATED = "failed conditional validation"


class LinesField(forms.CharField):
    """A list of texts, one a line; the entity holds a list, or None."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, list) else value or ""

    def to_python(self, value: Any) -> list[str] | None:
        return [
            line.strip() for line in (value or "").splitlines() if line.strip()
        ] or None


class LongTextField(forms.CharField):
    """Text of several lines that end as in files, not as browsers send them."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if text else None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the form; `part` names the template's way to show it.

    What may be made up has a `source` to choose, and `kind` is the part of its own
    value. `suggested` are values that others have.
    """

    part: str
    field: BoundField
    kind: str
    source: BoundField | None
    suggested: list[str]

    @property
    def hint(self) -> str:
        return "optional" if isinstance(self.field.field, LinesField) else ""


def input_for(name: str, rules: dict, model_field: Field) -> tuple[str, forms.Field]:
    """Return how a field of a schema is shown, and the field that reads it."""
    common = {
        "label": model_field.verbose_name,
        "help_text": rules["description"],
        "required": False,
    }
    if "one_of" in rules:
        return choices_for(rules, common)
    if rules["type"] == "boolean":
        return "check", forms.BooleanField(**common)
    if rules["type"] == "array":
        common["help_text"] += " One a line."
        return "text", LinesField(widget=forms.Textarea(attrs={"rows": 3}), **common)
    if rules.get("encrypted"):
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        return "secret", forms.CharField(widget=widget, strip=False, **common)
    if rules["len_max"] > LONG_TEXT:
        attrs = {"rows": 8, "spellcheck": "false", "class": "mono"}
        return "text", LongTextField(widget=forms.Textarea(attrs=attrs), **common)
    return "text", forms.CharField(empty_value=None, **common)


def choices_for(rules: dict, common: dict) -> tuple[str, forms.Field]:
    """Return radio buttons for few values, a menu for more."""
    is_short = len(rules["one_of"]) <= FEW
    field = forms.ChoiceField(
        choices=[(value, value) for value in rules["one_of"]],
        widget=forms.RadioSelect if is_short else forms.Select,
        initial=rules["default"],
        **common,
    )
    return "choices" if is_short else "text", field


def expiry_fields(is_new: bool) -> dict[str, forms.Field]:
    keep = [] if is_new else [(KEEP, "Keep as it is")]
    return {
        "expiry": forms.ChoiceField(
            label="Expires",
            choices=[*keep, (NEVER, "Never"), (IN, "After")],
            widget=forms.RadioSelect,
            initial=NEVER if is_new else KEEP,
            required=False,
        ),
        "amount": forms.IntegerField(
            label="Amount", required=False, min_value=1, initial=30
        ),
        "unit": forms.ChoiceField(
            label="Unit",
            choices=[(unit, unit) for unit in UNITS],
            initial="days",
            required=False,
        ),
    }


class CredentialForm(EntityForm):
    """A new credential, or a change of one; a stored secret is never sent back.

    What may be made up is made up by the schema, as for every client: `made` holds it
    by its label, in clear, once the form is valid.
    """

    credential_type: ClassVar[CredentialType]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.is_new: bool = self.instance._state.adding
        self.schema = self.instance.schema
        self.made: dict[str, str] = {}
        self.parts: dict[str, str] = {}
        tags = self.fields.pop("tags")
        for name in self.credential_type.fields:
            self.add(name, self.schema.fields[name])
        if self.schema.ttl:
            self.fields |= expiry_fields(self.is_new)
        self.fields["tags"] = tags
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")
        self.suggest()

    def add(self, name: str, rules: dict) -> None:
        """Add the input for one field, and for what may be made up the choice of it."""
        model_field = self.instance._meta.get_field(name)
        part, field = input_for(name, rules, model_field)
        can_be_made = bool(rules.get("auto"))
        if self.is_new and can_be_made:
            self.fields[f"{name}_source"] = forms.ChoiceField(
                label=field.label,
                help_text=field.help_text,
                choices=[
                    (GENERATE, "Generate one (32 characters)"),
                    (OWN, "Use my own"),
                ],
                widget=forms.RadioSelect,
                initial=GENERATE,
                required=False,
            )
            field.label, field.help_text = f"Own {label_inside(field.label)}", ""
        elif not self.is_new and part == "secret":
            field.label = f"New {label_inside(field.label)}"
            field.help_text = "Leave empty to keep what is stored."
        else:
            needed = rules.get("required") and rules.get("default") is None
            field.required = bool(needed or can_be_made)
        if not self.is_new and part != "secret":
            self.initial[name] = getattr(self.instance, name)
        self.fields[name], self.parts[name] = field, part

    def suggest(self) -> None:
        """Offer what the control plane's newest credentials have; one query each."""
        self.suggestions = {}
        for name in self.credential_type.suggests:
            rows = type(self.instance).objects.filter(scope_id=self.instance.scope_id)
            newest = rows.order_by("-pk").values_list(name, flat=True)[:NEWEST]
            self.suggestions[name] = list(dict.fromkeys(newest))[:SUGGESTED]
            self.fields[name].widget.attrs["list"] = f"{name}-suggested"

    @property
    def rows(self) -> list[Row]:
        """The fields of the type, as the template goes through them."""
        return [self.row(name, part) for name, part in self.parts.items()]

    def row(self, name: str, part: str) -> Row:
        source = self[f"{name}_source"] if f"{name}_source" in self.fields else None
        suggested = self.suggestions.get(name, [])
        return Row("made" if source else part, self[name], part, source, suggested)

    @property
    def can_generate(self) -> bool:
        return any(row.source for row in self.rows)

    def clean(self) -> dict:
        values = super().clean()
        for name in self.parts:
            wants_own = values.get(f"{name}_source") == OWN
            if wants_own and not values.get(name) and name not in self.errors:
                label = label_inside(self.fields[f"{name}_source"].label)
                self.add_error(name, f"Enter the {label}, or have one generated.")
        self.choose_end(values)
        if self.is_new and is_full(self.instance):
            self.add_error(None, TOO_MANY)
        return values

    def choose_end(self, values: dict) -> None:
        if values.get("expiry") == NEVER:
            self.instance.expires_at = None
        elif values.get("expiry") == IN:
            seconds = (values.get("amount") or 0) * UNITS[values.get("unit") or "days"]
            if 0 < seconds <= LONGEST_TTL:
                self.instance.expires_at = timezone.now() + timedelta(seconds=seconds)
            else:
                self.add_error("amount", "Choose a time of at most 1,157 days.")

    def _post_clean(self) -> None:
        """Let the schema judge what was entered, then the credential take it over."""
        stored = {} if self.is_new else self.instance.to_dict()
        stored.pop("ttl", None)
        sent = self.sent(stored)
        values = self.schema.fill(self.schema.merge(stored, sent))
        errors = self.schema.errors(
            values, updating=not self.is_new, patch=sent, stored=stored or None
        )
        if errors:
            self._update_errors(Violation(errors))
        elif not self.errors:
            self.take_over(values, sent)
            self.validate_unique()

    def sent(self, stored: dict) -> dict:
        """Return what a client would send to the same end, in Kong's terms."""
        entered = {name: self.cleaned_data.get(name) for name in [*self.parts, "tags"]}
        given = {
            name: value
            for name, value in entered.items()
            if not self.is_left_out(name, value)
        }
        changed = {n for n, value in given.items() if value != stored.get(n)}
        if not self.is_new:
            for names in self.schema.tied:
                changed |= names if names & changed else set()
            given = {name: value for name, value in given.items() if name in changed}
        return {**given, "consumer": {"id": str(self.instance.consumer_id)}}

    def said(self) -> tuple[dict[str, Any], set[str]]:
        """Return what is typed so far, as the API has it, and what requests leave out.

        What has to be there and is not yet is left to a variable.
        """
        typed = self.typed()
        values = {name: typed[name] for name in [*self.parts, "tags"]}
        empty = {name for name in self.parts if not values[name]}
        made = {n for n in self.parts if typed.get(f"{n}_source") == GENERATE}
        kept = set() if self.is_new else self.stored_secrets() & empty
        needed = {name for name in empty if self.fields[name].required}
        values |= {name: Secret(name) for name in made | kept | needed}
        unsent = made | kept
        for tied in self.schema.tied:
            unsent |= tied if tied & unsent else set()
        if self.schema.ttl:
            self.say_end(typed, values, unsent)
        was = {} if self.is_new else self.instance.__dict__
        return {n: v for n, v in values.items() if v or was.get(n)}, unsent

    def stored_secrets(self) -> set[str]:
        names = self.instance.secret_fields
        return {name for name in names if getattr(self.instance, name) is not None}

    def say_end(self, typed: dict, values: dict, unsent: set[str]) -> None:
        if typed["expiry"] == IN and isinstance(typed["amount"], int):
            values["ttl"] = typed["amount"] * UNITS.get(typed["unit"], 1)
        elif typed["expiry"] == KEEP and self.instance.expires_at:
            values["ttl"] = self.instance.to_dict()["ttl"]
            unsent.add("ttl")

    def is_left_out(self, name: str, value: Any) -> bool:
        """Say whether a field is to be made up, to get its default, or to stay."""
        if self.is_new:
            return self.cleaned_data.get(f"{name}_source") == GENERATE or not value
        return self.parts.get(name) == "secret" and not value

    def take_over(self, values: dict, sent: dict) -> None:
        """Hand the values to the credential, and remember what was made up."""
        names = values.keys() - {"id", "created_at"} if self.is_new else sent.keys()
        self.instance.assign({name: values[name] for name in names})
        self.made = {
            label_inside(self.credential_type.label_of(name)): values[name]
            for name in self.parts
            if self.is_new and self.schema.fields[name].get("auto") and name not in sent
        }

    def _update_errors(self, errors: ValidationError) -> None:
        """Put what is about one field there; a field with an error needs no more."""
        told: dict[str, list[str]] = {}
        for name, texts in errors.message_dict.items():
            for text in texts:
                place = ABOUT.get(text, name) if name == NON_FIELD_ERRORS else name
                if not text.startswith(REPEATED) and place not in self.errors:
                    told.setdefault(place, []).append(text)
        super()._update_errors(ValidationError(told))

    def beside(self, stored: Entity) -> list[tuple[str, Any, Any]]:
        """Return what differs; a secret is never shown, so never compared."""
        pairs = []
        for name in [*self.parts, "tags"]:
            field, mine = self[name], self[name].value() or ""
            theirs = field.field.prepare_value(getattr(stored, name)) or ""
            if self.parts.get(name) != "secret" and str(mine).strip() != str(theirs):
                pairs.append((field.label, mine, theirs))
        return pairs + self.ends_beside(stored)

    def ends_beside(self, stored: Entity) -> list[tuple[str, Any, Any]]:
        """Return both ends, unless the stored one stays."""
        if not self.schema.ttl or self["expiry"].value() not in (NEVER, IN):
            return []
        chosen = {name: self[name].value() for name in ("amount", "unit")}
        mine = {NEVER: "never", IN: "after {amount} {unit}".format(**chosen)}
        return [("Expires", mine[self["expiry"].value()], stored.expires_at)]


def label_inside(label: str) -> str:
    """Return a label as it stands in a sentence: `Client ID` becomes `client ID`."""
    return label[:1].lower() + label[1:]


@cache
def form_class(kind: str) -> type[CredentialForm]:
    """Return the form of one type of credentials."""
    declared = CREDENTIALS[kind]
    meta = type("Meta", (), {"model": declared.model, "fields": ("tags",)})
    name = f"{declared.model.__name__}Form"
    return type(name, (CredentialForm,), {"credential_type": declared, "Meta": meta})


def form_for(
    declared: CredentialType, credential: Credential, data: Any
) -> CredentialForm:
    """Return the form of a credential, filled in with `data` if there is any."""
    return form_class(declared.kind)(data, instance=credential)
