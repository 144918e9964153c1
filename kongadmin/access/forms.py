from datetime import timedelta

from django import forms
from django.utils import timezone

DAYS = [("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "Never")]


class TokenForm(forms.Form):
    """A name for a new API token, and when it ends."""

    name = forms.CharField(
        max_length=100,
        help_text="What it is for, such as the pipeline that will use it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days = forms.ChoiceField(
        label="Expires after", choices=DAYS, required=False, initial="90"
    )

    @property
    def expires_at(self):
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None
