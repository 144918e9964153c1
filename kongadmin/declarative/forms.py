"""The forms that say what to import, and what to export how."""

from typing import Any

from django import forms

from kongadmin.declarative.exporting import Secrets, writable_formats
from kongadmin.manager.forms import TagsField

PLACEHOLDERS = "Placeholders"
SECRETS = [
    (Secrets.PLACEHOLDERS, 'Placeholders such as ${{ env "DECK_…" }}, without values'),
    (Secrets.MASKED, "Masked, to be looked at: nothing can be imported from it"),
]
REVEALING = [
    (Secrets.WITH_VALUES, "Placeholders, and a .env with their values: a ZIP of both"),
    (Secrets.CLEAR, "In clear"),
]


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
            "format": formats[0].name if formats else "",
            "secrets": Secrets.PLACEHOLDERS,
            **self.initial,
        }
