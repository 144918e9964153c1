"""Names as a field of a form: one a line of input, with those in use to choose from."""

from typing import Any

from django import forms
from django.template.loader import render_to_string

from groups.models import ConsumerGroup
from realms.models import Realm

BLANKS = 3
SUGGESTED = 100


class NamesWidget(forms.Widget):
    """An input for each name, and some empty ones; `suggested` are offered in all."""

    template_name = "components/names.html"
    suggested: tuple[str, ...] = ()

    def value_from_datadict(self, data, files, name: str) -> list[str]:
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict:
        context = super().get_context(name, value, attrs)
        context["names"] = [*(value or ()), *[""] * BLANKS]
        context["suggested"] = self.suggested
        return context

    def _render(self, template_name: str, context: dict, renderer=None) -> str:
        # Django's forms look for templates of their own only.
        return render_to_string(template_name, context)

    def id_for_label(self, id_: str, index=None) -> str:
        return f"{id_}_1"

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class NamesField(forms.Field):
    """A list of names, each once, in the order they were written."""

    widget = NamesWidget

    def __init__(self, **kwargs) -> None:
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> list[str]:
        return list(filter(None, value or ()))

    def to_python(self, value: list[str]) -> list[str]:
        names = (name.strip() for name in value or ())
        return list(dict.fromkeys(filter(None, names)))


def group_names() -> tuple[str, ...]:
    """Return names that consumer groups have, and those that realms give to them."""
    rows = ConsumerGroup.objects.order_by("-pk").values_list("name", flat=True)
    given = Realm.objects.ours().order_by("-pk")[:SUGGESTED]
    named = [name for realm in given for name in realm.consumer_groups]
    return tuple(sorted({*rows[: 5 * SUGGESTED], *named})[:SUGGESTED])
