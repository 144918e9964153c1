from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from consumers.models import Consumer, KeyAuth
from kongadmin.entities import Entity
from kongadmin.manager.forms import EntityForm
from kongadmin.schema import random_key

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
LONGEST_TTL = 100_000_000


class ConsumerForm(EntityForm):
    class Meta:
        model = Consumer
        fields = ("username", "custom_id", "tags")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["placeholder"] = "Enter a unique username"
        self.fields["custom_id"].widget.attrs["placeholder"] = (
            "Enter a unique custom ID"
        )

    def _post_clean(self) -> None:
        super()._post_clean()
        self.instance.prepare()


class KeyAuthForm(EntityForm):
    """A new key, or a change of one; a stored key is never sent back to the browser."""

    shown_as: ClassVar[dict[str, str]] = {"key": "own_key"}
    GENERATE, OWN = "generate", "own"
    NEVER, IN, KEEP = "never", "in", "keep"

    source = forms.ChoiceField(
        label="Key",
        choices=[(GENERATE, "Generate one (32 characters)"), (OWN, "Use my own")],
        widget=forms.RadioSelect,
        initial=GENERATE,
        required=False,
    )
    own_key = forms.CharField(
        label="Own key",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    expiry = forms.ChoiceField(
        label="Expires",
        choices=[(NEVER, "Never"), (IN, "After")],
        widget=forms.RadioSelect,
        initial=NEVER,
        required=False,
    )
    amount = forms.IntegerField(label="Amount", required=False, min_value=1, initial=30)
    unit = forms.ChoiceField(
        label="Unit", choices=[(u, u) for u in UNITS], initial="days", required=False
    )

    class Meta:
        model = KeyAuth
        fields = ("tags",)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["own_key"].label = "New key"
            self.fields["own_key"].help_text = "Leave empty to keep the key."
            self.fields["expiry"].choices = [
                (self.KEEP, "Keep as it is"),
                *self.fields["expiry"].choices,
            ]
            self.initial["expiry"] = self.KEEP

    def beside(self, stored: Entity) -> list[tuple[str, Any, Any]]:
        """Add the end, unless it stays; a key is never shown, so never compared."""
        pairs = super().beside(stored)
        mine = {self.NEVER: "never", self.IN: "after {amount} {unit}"}.get(
            self["expiry"].value()
        )
        if mine:
            chosen = {name: self[name].value() for name in ("amount", "unit")}
            pairs.append(("Expires", mine.format(**chosen), stored.expires_at))
        return pairs

    def clean(self) -> dict:
        """Hand key and end to the credential before it judges itself."""
        values = super().clean()
        self.choose_key(values)
        self.choose_end(values)
        return values

    def choose_key(self, values: dict) -> None:
        own, adding = values.get("own_key"), self.instance._state.adding
        if own and (not adding or values.get("source") != self.GENERATE):
            self.instance.key = own
        elif adding and values.get("source") == self.OWN:
            self.add_error("own_key", "Enter the key, or have one generated.")
        elif adding:
            self.instance.key = random_key()

    def choose_end(self, values: dict) -> None:
        if values.get("expiry") == self.NEVER:
            self.instance.expires_at = None
        elif values.get("expiry") == self.IN:
            seconds = (values.get("amount") or 0) * UNITS[values.get("unit") or "days"]
            if not 0 < seconds <= LONGEST_TTL:
                self.add_error("amount", "Choose a time of at most 1,157 days.")
            else:
                self.instance.expires_at = timezone.now() + timedelta(seconds=seconds)
