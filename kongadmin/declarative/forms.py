"""The forms that say what to import, and what to export how."""

import shlex
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from kongadmin.declarative.exporting import Secrets, writable_formats
from kongadmin.declarative.formats import FORMATS, Columns, Format, recognise
from kongadmin.declarative.models import Import
from kongadmin.declarative.pieces import PIECE
from kongadmin.declarative.verbs import Mode
from kongadmin.manager.forms import TagsField

BEGINNING = 1 << 16
PLAIN = {"autocomplete": "off", "spellcheck": "false", "class": "mono"}
MODES = [
    (Mode.APPLY, "Add and change: what the document does not mention stays"),
    (Mode.SYNC, "Synchronize: what the document does not mention is deleted"),
]
SECRETS = [
    (Secrets.PLACEHOLDERS, 'Placeholders such as ${{ env "DECK_…" }}, without values'),
    (Secrets.MASKED, "Masked, to be looked at: nothing can be imported from it"),
]
REVEALING = [
    (Secrets.WITH_VALUES, "Placeholders, and a .env with their values: a ZIP of both"),
    (Secrets.CLEAR, "In clear"),
]


def readable_formats() -> list[Format]:
    return [format for format in FORMATS.values() if format.read]


class ImportForm(forms.Form):
    """A document, as a file or pasted, and how to take it.

    `refusal` says why what was brought could not even be received.
    """

    file = forms.FileField(
        label="File", required=False, allow_empty_file=True, max_length=255
    )
    text = forms.CharField(
        label="Or paste it",
        required=False,
        strip=False,
        widget=forms.Textarea({**PLAIN, "rows": 8}),
    )
    format = forms.ChoiceField(label="Format", required=False)
    mode = forms.ChoiceField(
        label="What it means", choices=MODES, widget=forms.RadioSelect
    )
    tags = TagsField(
        label="Select tags",
        help_text="Given to all that is imported; a synchronization deletes nothing "
        "that lacks them. Separate tags with commas.",
    )
    environment = forms.CharField(
        label="Values of placeholders",
        required=False,
        strip=False,
        widget=forms.Textarea(
            {**PLAIN, "rows": 4, "placeholder": "DECK_ALEX_KEYAUTH_KEY=…"}
        ),
        help_text="The .env of an export. Kept encrypted, and never shown again.",
    )

    def __init__(self, *args: Any, refusal: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusal = refusal
        named = [(format.name, format.label) for format in readable_formats()]
        self.fields["format"].choices = [("", "Recognise it"), *named]
        self.initial = {"mode": Mode.APPLY, **self.initial}

    def clean_environment(self) -> dict[str, str]:
        try:
            return dict(variables(self.cleaned_data["environment"]))
        except ValueError as error:
            raise ValidationError("Write one NAME=value a line.") from error

    def clean(self) -> None:
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("text")
        if self.refusal:
            raise ValidationError(self.refusal)
        if "file" in self.errors:
            return
        if not file and not text:
            raise ValidationError("Choose a file, drop one, or paste a document.")
        if file and text:
            raise ValidationError("This is a file and a pasted document: take one.")
        name = self.cleaned_data.get("format")
        found = FORMATS[name] if name else recognise(self.beginning, self.filename)
        if found is None or found.read is None:
            known = ", ".join(format.label for format in readable_formats())
            self.add_error("format", f"This looks like none of these: {known}.")
        self.found = found

    @property
    def filename(self) -> str:
        file = self.cleaned_data.get("file")
        return file.name if file else ""

    @property
    def beginning(self) -> str:
        return b"".join(self.pieces(BEGINNING))[:BEGINNING].decode(errors="replace")

    @property
    def columns(self) -> Columns | None:
        """What the headings of a table mean; None for what is no table."""
        return self.found.columns and self.found.columns(self.beginning)

    def pieces(self, most: int | None = None) -> Iterator[bytes]:
        """Yield the document, or only its beginning."""
        file = self.cleaned_data.get("file")
        if not file:
            yield self.cleaned_data["text"].encode(errors="surrogatepass")
            return
        file.seek(0)
        if most is not None:
            yield file.read(most)
            return
        yield from file.chunks(PIECE)

    def keep(self, scope, actor: str) -> Import:
        """Store what was brought, to be planned."""
        given = self.cleaned_data
        tags = given["tags"]
        record = Import.objects.create(
            scope_id=scope.pk,
            actor=actor,
            format=self.found.name,
            filename=self.filename,
            mode=given["mode"],
            options={"select_tags": tags} if tags else {},
        )
        record.keep_document(self.pieces())
        if given["environment"]:
            record.keep_environment(given["environment"])
        return record


def variables(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values of a .env; ValueError for what is none."""
    for word in shlex.split(text, comments=True):
        name, sign, value = word.removeprefix("export").strip().partition("=")
        if sign:
            yield name, value
        elif name:
            raise ValueError(f"{name} has no value")


class ColumnsForm(forms.Form):
    """What each column of a table means."""

    def __init__(self, columns: Columns, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headings = list(columns.meant)
        names = dict.fromkeys([*columns.known, *filter(None, columns.meant.values())])
        choices = [("", "Leave it out"), *((name, name) for name in names)]
        for number, (heading, meant) in enumerate(columns.meant.items()):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=heading, choices=choices, required=False, initial=meant
            )

    @property
    def meant(self) -> dict[str, str]:
        return {
            heading: self.cleaned_data[f"column-{number}"]
            for number, heading in enumerate(self.headings)
        }


class ExportForm(forms.Form):
    """How to export; secrets in clear are offered only to those who may have them."""

    format = forms.ChoiceField(label="Format", widget=forms.RadioSelect)
    secrets = forms.ChoiceField(label="Secrets", widget=forms.RadioSelect)
    tags = TagsField(label="Only what has these tags")
    with_id = forms.BooleanField(
        label="With IDs",
        required=False,
        help_text="So that everything has the same ID where it is imported.",
    )

    def __init__(self, *args: Any, may_reveal: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        formats = writable_formats()
        self.fields["format"].choices = [(f.name, f.label) for f in formats]
        self.fields["secrets"].choices = SECRETS + (REVEALING if may_reveal else [])
        self.initial = {
            "format": "deck",
            "secrets": Secrets.PLACEHOLDERS,
            **self.initial,
        }
