"""The forms of realms and control planes. What a value must be like, the models say."""

import re
from typing import Any, ClassVar

from django import forms

from kongadmin.entities import Violation
from kongadmin.manager.forms import EntityForm
from kongadmin.manager.names import NamesField, group_names
from realms.code import PLANE_FIELDS, allowing
from realms.models import EVERY, ControlPlane, Place, Realm, refused_name

EVERYONE, LISTED = "every", "listed"
MOST_PLANES = 500
ADDRESS = re.compile(r"(?P<protocol>[\w+.-]+)://(?P<host>[^/:\s]+):(?P<port>\d{1,5})/?")


class PlaceForm(EntityForm):
    """What the forms of realms and control planes share."""

    tags = None

    def beside(self, stored: Place) -> list[tuple[str, Any, Any]]:
        """Return label, own value and stored value of every field that differs."""
        theirs = type(self)(instance=stored)
        pairs = [
            (field.label, said(field.value()), said(theirs[field.name].value()))
            for field in self.visible_fields()
        ]
        return [pair for pair in pairs if pair[1] != pair[2]]

    def judge(self) -> None:
        """Let the place judge itself, and look for others of its name."""
        try:
            self.instance.clean()
        except Violation as violation:
            self._update_errors(violation)
        self.validate_unique()


def said(value: Any) -> str:
    """Return a value of a form as text to compare and to show."""
    if isinstance(value, list):
        return ", ".join(map(str, filter(None, value)))
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


class RealmForm(PlaceForm):
    """A new realm, or a change of one."""

    access = forms.ChoiceField(
        label="Control planes that may use it",
        choices=[
            (LISTED, "Only those chosen here"),
            (EVERYONE, "Every one, new ones too"),
        ],
        widget=forms.RadioSelect,
        initial=LISTED,
    )
    planes = forms.MultipleChoiceField(
        label="Chosen control planes",
        help_text="With none chosen, no control plane can use the realm.",
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    consumer_groups = NamesField(
        label="Consumer groups",
        help_text="Names that every consumer of the realm has besides its own. In each "
        "control plane they mean the consumer groups of these names.",
    )

    shown_as: ClassVar = {
        "allow_all_control_planes": "access",
        "allowed_control_planes": "planes",
    }

    class Meta:
        model = Realm
        fields = ("name", "ttl", "negative_ttl")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        realm = self.instance
        self.fields["planes"].choices = choosable(realm)
        self.fields["consumer_groups"].widget.suggested = group_names()
        for name in ("ttl", "negative_ttl"):
            self.fields[name].widget.attrs |= {"min": 5, "max": 525_600}
        self.initial |= {
            "access": EVERYONE if realm.allow_all_control_planes else LISTED,
            "planes": [id_ for id_ in realm.allowed_control_planes if id_ != EVERY],
            "consumer_groups": realm.consumer_groups,
        }

    def _post_clean(self) -> None:
        given = self.cleaned_data
        self.instance.assign(
            {name: given[name] for name in self._meta.fields if name in given}
            | {"consumer_groups": given.get("consumer_groups", [])}
            | self.chosen()
        )
        self.judge()

    def said(self) -> dict[str, Any]:
        """Return what is typed so far, as the API has it."""
        typed = self.typed()
        names = (*self._meta.fields, "consumer_groups")
        everyone = typed["access"] == EVERYONE
        values = {name: typed[name] for name in names}
        return values | allowing(everyone, typed["planes"] or [])

    def chosen(self) -> dict:
        """Return who may use the realm; a wildcard that stays is left as it is."""
        everyone = self.cleaned_data.get("access") == EVERYONE
        if everyone and EVERY in self.instance.allowed_control_planes:
            return {}
        return {
            "allow_all_control_planes": everyone,
            "allowed_control_planes": self.cleaned_data.get("planes", []),
        }


def choosable(realm: Realm) -> list[tuple[str, str]]:
    """Return the control planes that a realm may allow: id and name."""
    planes = ControlPlane.objects.in_region(realm.region).order_by("name")
    rows = planes.values_list("pk", "name")[:MOST_PLANES]
    return [(str(pk), name) for pk, name in rows]


class LabelsField(forms.CharField):
    """Labels as lines of `name: value`."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> str:
        if not isinstance(value, dict):
            return value or ""
        return "\n".join(f"{name}: {text}" for name, text in value.items())

    def to_python(self, value: str) -> dict[str, str]:
        pairs = [line.partition(":") for line in (value or "").splitlines()]
        return {name.strip(): text.strip() for name, _, text in pairs if name.strip()}


class URLsField(forms.CharField):
    """Where proxies listen, an address a line; stored are its parts."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> str:
        if not isinstance(value, list):
            return value or ""
        return "\n".join("{protocol}://{host}:{port}".format(**url) for url in value)

    def to_python(self, value: str) -> list[dict]:
        lines = [line.strip() for line in (value or "").splitlines()]
        return [parts_of(line) for line in lines if line]


def parts_of(address: str) -> dict:
    found = ADDRESS.fullmatch(address)
    if found is None:
        raise forms.ValidationError(f"{address}: write it as https://host:443.")
    return {**found.groupdict(), "port": int(found["port"])}


class PlaneForm(PlaceForm):
    """A new control plane, or a change of one; what kind it is stays."""

    description = forms.CharField(
        label="Description",
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    labels = LabelsField(
        label="Labels",
        help_text="One per line, as name: value.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        required=False,
    )
    proxy_urls = URLsField(
        label="Proxy URLs",
        help_text="Where clients reach its gateways, one per line, at most five: "
        "https://api.example.com:443",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        required=False,
    )
    auth_type = forms.ChoiceField(
        label="Gateways prove themselves by",
        choices=[
            ("pinned_client_certs", "Certificates that are pinned"),
            ("pki_client_certs", "Certificates of a PKI"),
        ],
        widget=forms.RadioSelect,
        initial="pinned_client_certs",
    )
    cluster_type = forms.ChoiceField(
        label="Cluster type",
        help_text="What kind of gateways it is for. It stays as it is made.",
        required=False,
    )

    class Meta:
        model = ControlPlane
        fields = ("name",)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        plane = self.instance
        kinds = plane.konnect_schema.fields["cluster_type"]["one_of"]
        kinds = dict.fromkeys([*kinds, plane.cluster_type])
        self.fields["cluster_type"].choices = [(kind, kind) for kind in kinds]
        self.fields["cluster_type"].disabled = not plane._state.adding
        self.fields["name"].disabled = not plane._state.adding and plane.is_default
        names = ("description", "labels", "proxy_urls", "auth_type", "cluster_type")
        self.initial |= {name: getattr(plane, name) for name in names}

    def said(self) -> dict[str, Any]:
        """Return what is typed so far, as the API has it."""
        typed = self.typed()
        return {name: typed[name] for name in PLANE_FIELDS if name in typed}

    def _post_clean(self) -> None:
        given = self.cleaned_data
        if (name := given.get("name")) and (why := refused_name(self.instance, name)):
            self.add_error("name", why[:1].upper() + why[1:] + ".")
        for name in self.fields.keys() & given.keys() - {"version"}:
            setattr(self.instance, name, given[name])
        self.judge()
