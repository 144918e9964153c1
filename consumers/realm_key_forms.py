"""The form of a realm's key: made up here, or brought along; told once either way."""

from typing import Any, ClassVar

from django import forms

from consumers.credential_forms import GENERATE, OWN, TOO_MANY, Row
from consumers.models import KeyAuth, issue_key
from consumers.models.realm_keys import LEGACY, NEW, is_full
from kongadmin.entities import Violation
from kongadmin.manager.code import Secret
from kongadmin.manager.forms import EntityForm


class RealmKeyForm(EntityForm):
    """A new key of a realm's consumer; `made` holds it in clear once it is stored."""

    can_generate = True
    shown_as: ClassVar = {"secret": "key", "type": "key_source"}

    key_source = forms.ChoiceField(
        label="Key",
        help_text="Only its digest is kept: nobody can read it again.",
        choices=[
            (GENERATE, "New: generate one, shown once"),
            (OWN, "Legacy: bring one along"),
        ],
        widget=forms.RadioSelect,
        initial=GENERATE,
        required=False,
    )
    key = forms.CharField(
        label="Own key",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        required=False,
    )

    class Meta:
        model = KeyAuth
        fields = ("tags",)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.made: dict[str, str] = {}
        self.order_fields(["key_source", "key", "tags"])

    @property
    def rows(self) -> list[Row]:
        return [Row("made", self["key"], "secret", self["key_source"], [])]

    @property
    def sent(self) -> dict[str, Any]:
        """What a client would send to the same end, in Konnect's terms."""
        given = self.cleaned_data
        is_own = given.get("key_source") == OWN
        return {
            "type": LEGACY if is_own else NEW,
            "secret": (given.get("key") or None) if is_own else None,
            "tags": given.get("tags") or [],
        }

    def said(self) -> tuple[dict[str, Any], set[str]]:
        """Return what is typed so far, in Konnect's terms; requests say all of it."""
        typed = self.typed()
        is_own = typed["key_source"] == OWN
        values = {"type": LEGACY, "secret": Secret("key")} if is_own else {"type": NEW}
        return values | ({"tags": typed["tags"]} if typed["tags"] else {}), set()

    def _post_clean(self) -> None:
        if errors := KeyAuth.realm_schema.errors(self.sent):
            self._update_errors(Violation(errors))
        elif is_full(self.instance):
            self.add_error(None, TOO_MANY)

    def save(self) -> KeyAuth:
        sent = self.sent
        key, secret = issue_key(self.instance.consumer, sent["secret"], sent["tags"])
        if sent["type"] == NEW:
            self.made = {"key": secret}
        return key
