from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from kongadmin.access.addresses import normal
from kongadmin.access.models import APIToken
from kongadmin.access.permissions import seen_by
from kongadmin.access.roles import (
    EDITOR,
    GRANTED,
    PER_CONTROL_PLANE,
    ROLES,
    SUPER_ADMIN,
    VIEWER,
    choices_of,
)
from realms.models import ControlPlane

KEEP = "keep"
DAYS = [("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "Never")]
LAST = "{} is the last active super admin. Make somebody else one first."


class AddressesField(forms.CharField):
    """IP addresses and networks, one a line or separated by commas; holds a list."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, list) else value or ""

    def to_python(self, value: Any) -> list[str]:
        texts = (value or "").replace(",", " ").split()
        return list(dict.fromkeys(map(normal, texts)))


class TokenForm(forms.ModelForm):
    """A new token, or a change of one: what for, how much, where, until when."""

    ALL, CHOSEN = "all", "chosen"

    reach = forms.ChoiceField(
        label="Control planes",
        choices=[(ALL, "All that its owner has"), (CHOSEN, "Only these")],
        widget=forms.RadioSelect,
        initial=ALL,
        required=False,
    )
    days = forms.ChoiceField(
        label="Expires after", choices=DAYS, required=False, initial="90"
    )
    allowed_addresses = AddressesField(
        label="Allowed addresses",
        required=False,
        help_text="IP addresses or networks, one a line. Empty: from anywhere.",
    )

    class Meta:
        model = APIToken
        fields = ("name", "role", "control_planes", "allowed_addresses", "enabled")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "role": forms.RadioSelect,
            "control_planes": forms.CheckboxSelectMultiple,
        }
        help_texts = {
            "name": "What it is for, such as the pipeline that will use it.",
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        owner = self.instance.user
        offered = ROLES if owner.is_superuser else GRANTED
        self.fields["role"].choices = choices_of(offered)
        self.fields["control_planes"].queryset = seen_by(
            owner, ControlPlane.objects.order_by("name")
        )
        if self.instance.pk is None:
            self.initial["role"] = VIEWER.name
            del self.fields["enabled"]
            return
        if self.instance.role == SUPER_ADMIN.name and offered is GRANTED:
            self.initial["role"] = next(iter(GRANTED))
        self.fields["days"].choices = [(KEEP, "Keep as it is"), *DAYS]
        self.initial["days"] = KEEP
        self.initial["reach"] = self.CHOSEN if self.instance.is_bound else self.ALL

    def clean(self) -> dict:
        values = super().clean()
        if values.get("reach") != self.CHOSEN:
            values["control_planes"] = []
        elif not values.get("control_planes"):
            self.add_error("control_planes", "Choose at least one control plane.")
        days = values.get("days")
        if days != KEEP:
            end = timezone.now() + timedelta(days=int(days)) if days else None
            self.instance.expires_at = end
        return values

    def create(self) -> tuple[APIToken, str]:
        """Store what was given as a new token; return it with its text."""
        token, values = self.instance, self.cleaned_data
        given = ("name", "role", "allowed_addresses")
        made, text = APIToken.issue(
            token.user,
            expires_at=token.expires_at,
            **{name: values[name] for name in given if name in values},
        )
        made.bind(values["control_planes"])
        return made, text

    def change(self) -> None:
        """Store what was given in the token that the form is about."""
        self.instance.save()
        self.instance.bind(self.cleaned_data["control_planes"])


class KubectlForm(TokenForm):
    """A new token for kubectl, in every control plane: objects belong to none yet."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        is_super = self.instance.user.is_superuser
        self.initial["name"] = "kubectl"
        self.initial["role"] = (SUPER_ADMIN if is_super else EDITOR).name
        for name in ("reach", "control_planes", "allowed_addresses"):
            del self.fields[name]


class PasswordForm(forms.Form):
    """A password for somebody else: made up and shown once, or given."""

    GENERATE, OWN = "generate", "own"

    source = forms.ChoiceField(
        label="Password",
        choices=[(GENERATE, "Generate one, shown once"), (OWN, "Choose one")],
        widget=forms.RadioSelect,
        initial=GENERATE,
        required=False,
    )
    password = forms.CharField(
        label="New password",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args, user, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    @property
    def is_generated(self) -> bool:
        return self.cleaned_data["source"] != self.OWN

    def clean(self) -> dict:
        values = super().clean()
        if not self.is_generated:
            self.judge(values.get("password"))
        return values

    def judge(self, password: str | None) -> None:
        if not password:
            self.add_error("password", "Enter the password, or have one generated.")
            return
        try:
            validate_password(password, self.user)
        except ValidationError as error:
            self.add_error("password", error)

    def set_password(self) -> str | None:
        """Give the user the password; return it if it was made up. Not stored yet."""
        generated = token_urlsafe(12) if self.is_generated else None
        self.user.set_password(generated or self.cleaned_data["password"])
        return generated


class UserForm(forms.ModelForm):
    """Somebody's name and roles: one for all control planes, and one for each."""

    class Meta:
        model = get_user_model()
        fields = ("username", "is_active", "is_superuser")
        labels = {"is_active": "May sign in", "is_superuser": SUPER_ADMIN.label}
        help_texts = {
            "username": "Letters, digits and @ . + - _ only.",
            "is_active": "",
            "is_superuser": SUPER_ADMIN.summary,
        }
        widgets = {
            "username": forms.TextInput(
                attrs={"autocomplete": "off", "autocapitalize": "none"}
            )
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.planes = [None, *ControlPlane.objects.order_by("name")]
        given = {}
        if self.instance.pk:
            given = dict(self.instance.grants.values_list("control_plane_id", "role"))
        for plane in self.planes:
            offered = PER_CONTROL_PLANE if plane else GRANTED
            self.fields[name_for(plane)] = forms.ChoiceField(
                label=str(plane or "Every control plane"),
                choices=[("", "No role"), *choices_of(offered)],
                required=False,
                initial=given.get(plane and plane.pk, ""),
            )

    @property
    def grants(self) -> list:
        """Return the rows of the table of roles."""
        return [self[name_for(plane)] for plane in self.planes]

    def clean(self) -> dict:
        values = super().clean()
        is_left = values.get("is_superuser") and values.get("is_active")
        if not is_left and is_last_super_admin(self.instance):
            field = "is_active" if values.get("is_superuser") else "is_superuser"
            self.add_error(field, LAST.format(self.instance))
        return values

    def save(self, commit: bool = True):
        """Store the user and what was given; only super admins use Django's admin."""
        self.instance.is_staff = self.instance.is_superuser
        user = super().save(commit)
        given = dict(user.grants.values_list("control_plane_id", "role"))
        for plane in self.planes:
            role = self.cleaned_data[name_for(plane)]
            if role == given.get(plane and plane.pk, ""):
                continue
            if role:
                user.grants.update_or_create(
                    control_plane=plane, defaults={"role": role}
                )
            else:
                user.grants.filter(control_plane=plane).delete()
        return user


def name_for(plane: ControlPlane | None) -> str:
    """Return the name of the form's field for the role in a control plane."""
    return f"role_{plane.pk.hex if plane else 'everywhere'}"


def is_last_super_admin(user) -> bool:
    """Say whether nobody could give roles any more without this user.

    Inside a transaction two who demote each other wait here, one for the other.
    """
    users = get_user_model().objects.filter(is_superuser=True, is_active=True)
    with transaction.atomic():
        return [*users.select_for_update()] == [user]
