from typing import Any

from django import forms

from consumers.models import Consumer
from kongadmin.manager.forms import EntityForm
from kongadmin.manager.names import NamesField, group_names
from kongadmin.manager.paging import count_up_to
from realms.models import Realm


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

    def said(self) -> dict[str, Any]:
        """Return what is typed so far, as the API has it."""
        typed = self.typed()
        return {name: typed[name] for name in self._meta.fields}


class RealmConsumerForm(ConsumerForm):
    """A consumer of a realm, which names its groups and has a type."""

    type = forms.ChoiceField(label="Type", widget=forms.RadioSelect, required=False)
    consumer_groups = NamesField(
        label="Consumer groups",
        help_text="Names, besides those that the realm gives to everybody in it.",
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        kinds = Consumer.realm_schema.fields["type"]["one_of"]
        self.fields["type"].choices = [(kind, kind.capitalize()) for kind in kinds]
        self.fields["consumer_groups"].widget.suggested = group_names()
        self.initial |= {
            "type": self.instance.type,
            "consumer_groups": self.instance.consumer_groups,
        }

    def _post_clean(self) -> None:
        self.instance.type = self.cleaned_data.get("type") or "proxy"
        self.instance.consumer_groups = self.cleaned_data.get("consumer_groups", [])
        super()._post_clean()

    def said(self) -> dict[str, Any]:
        typed = self.typed()
        more = {name: typed[name] for name in ("type", "consumer_groups")}
        return super().said() | more | {"tags": typed["tags"] or []}


def consumer_form(consumer: Consumer, data=None) -> ConsumerForm:
    """Return the form of a consumer, filled in with `data` if there is any."""
    form = RealmConsumerForm if consumer.is_of_realm else ConsumerForm
    return form(data or None, instance=consumer)


class MoveForm(forms.Form):
    """Which realm a consumer goes to."""

    target = forms.ModelChoiceField(
        Realm.objects.none(), label="To the realm", empty_label=None
    )

    def __init__(self, consumer: Consumer, data=None) -> None:
        super().__init__(data)
        others = Realm.objects.ours().exclude(pk=consumer.scope_id).order_by("name")
        self.fields["target"].queryset = others
        self.has_choice = bool(count_up_to(others))
