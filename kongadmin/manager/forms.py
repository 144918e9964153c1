"""What the forms of all entities share: tags, errors in words, and stale edits."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from kongadmin import conflicts
from kongadmin.changes import Change
from kongadmin.conflicts import Conflict
from kongadmin.entities import Entity
from kongadmin.manager.code import Secret, is_live
from kongadmin.manager.render import CONFLICT, REFUSED, render_page
from kongadmin.manager.words import in_words


class TagsField(forms.CharField):
    """Tags as one line, separated by commas; the entity holds a list, or None."""

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("label", "Tags")
        kwargs.setdefault("help_text", "Separate tags with commas.")
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> str:
        return ", ".join(value) if isinstance(value, list) else value or ""

    def to_python(self, value: Any) -> list[str] | None:
        tags = [tag.strip() for tag in (value or "").split(",")]
        return list(dict.fromkeys(filter(None, tags))) or None


class EntityForm(forms.ModelForm):
    """Carries values to an entity and lets the entity judge them.

    `version` is the entity tag the person saw; `holders` maps a field to the entity
    that already has its value.
    """

    shown_as: ClassVar[dict[str, str]] = {}

    tags = TagsField()
    version = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.holders: dict[str, Entity] = {}
        if not self.instance._state.adding:
            self.initial["version"] = self.instance.etag
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def _update_errors(self, errors: ValidationError) -> None:
        """Say Kong's errors in a person's words, at the fields they are about."""
        for name, texts in errors.message_dict.items():
            for text in texts:
                self.add_error(self.field_for(name), in_words(text))

    def field_for(self, name: str) -> str | None:
        """Return the form's field for a field of the entity, if it has one."""
        name = self.shown_as.get(name, name)
        return name if name in self.fields else None

    def validate_unique(self) -> None:
        """Find every holder of a wanted value, so that all are named at once."""
        if not self.errors:
            for conflict in conflicts.all_of(self.instance):
                if not conflict.make_way():
                    self.explain(conflict)

    def validate_constraints(self) -> None:
        """The schema has judged; the database has the last word."""

    def explain(self, conflict: Conflict) -> None:
        """Name who has the value already, and remember them for a link."""
        owner = getattr(conflict.holder, "consumer", conflict.holder)
        # What is unique within its consumer is explained at the other field.
        fields = {self.field_for(name) for name in conflict.values}
        for field in sorted(fields - {None}) or [None]:
            self.holders[field or ""] = owner
            self.add_error(field, f"{owner} has this already.")

    def save_or_explain(self) -> Entity | None:
        """Save; None when somebody was quicker, which is then said at the field."""
        try:
            return self.save()
        except Conflict as conflict:
            self.explain(conflict)
        return None

    @property
    def secret_names(self) -> list[str]:
        """The fields whose values leave the browser only to be saved."""
        return [name for name, field in self.fields.items() if is_secret(field)]

    def typed(self) -> dict[str, Any]:
        """Return what is entered so far, judged by nobody, a secret as a Secret."""
        return {name: self._typed(name) for name in self.fields}

    def _typed(self, name: str) -> Any:
        bound, field = self[name], self.fields[name]
        if self.is_bound and not field.disabled:
            text = bound.data
        else:
            text = field.prepare_value(bound.initial)
        if is_secret(field):
            return Secret(name) if text and self.is_bound else None
        try:
            return field.clean(text)
        except ValidationError:
            return text or None

    @property
    def is_stale(self) -> bool:
        """Say whether the entity changed since the person saw it."""
        seen = self.data.get("version")
        is_new = self.instance._state.adding
        return bool(seen) and not is_new and seen != self.instance.etag

    def beside(self, stored: Entity) -> list[tuple[str, Any, Any]]:
        """Return label, own value and stored value of every field that differs."""
        pairs = []
        for name in self._meta.fields:
            field, mine = self[name], self[name].value() or ""
            theirs = field.field.prepare_value(getattr(stored, name)) or ""
            if mine.strip() != theirs:
                pairs.append((field.label, mine, theirs))
        return pairs


def is_secret(field: forms.Field) -> bool:
    is_hidden = isinstance(field.widget, forms.PasswordInput)
    return is_hidden or getattr(field, "secret", False)


def stale_context(form: EntityForm, stored: Entity) -> dict:
    """Return what one needs to choose between one's own values and another's."""
    rows = Change.objects.filter(subject_id=stored.parent_id or stored.pk)
    return {
        "is_stale": True,
        "change": rows.filter(entity_id=stored.pk).order_by("-id").first(),
        "differing": form.beside(stored),
    }


def is_saved(request: HttpRequest, form: EntityForm) -> bool:
    """Save what somebody sent, unless it is wrong, stale or only to be seen as code."""
    if is_live(request) or form.is_stale:
        return False
    return form.is_valid() and form.save_or_explain() is not None


def render_form(
    request: HttpRequest,
    template: str,
    form: EntityForm,
    context: dict,
    stored: Entity | None = None,
) -> HttpResponse:
    """Show a form that was not saved: what is wrong, or is stale beside `stored`.

    While somebody types, show only what the form is as code.
    """
    part, status = "form", REFUSED if form.is_bound else 200
    if is_live(request):
        part, status = "code", 200
    elif form.is_stale:
        status, context = CONFLICT, context | stale_context(form, stored)
    return render_page(request, template, part, {"form": form, **context}, status)
