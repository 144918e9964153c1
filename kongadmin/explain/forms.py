"""The form that describes a request: in its parts, or as a curl command."""

from typing import Any

from django import forms

from kongadmin.entities import Violation
from kongadmin.explain.described import read
from kongadmin.manager.words import in_words

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
# What a key may stand in: never put into a page again.
SECRET = ("curl", "headers", "body")
PLAIN = {"autocomplete": "off", "spellcheck": "false", "class": "mono"}


def area(rows: int, example: str) -> forms.Textarea:
    return forms.Textarea({**PLAIN, "rows": rows, "placeholder": example})


class RequestForm(forms.Form):
    """After `is_valid`, `values` is the description as SCHEMA has it."""

    curl = forms.CharField(
        label="curl command",
        required=False,
        widget=area(3, "curl -H 'apikey: …' http://localhost:8000/orders"),
        help_text="Pasted whole. What stands below does not matter then.",
    )
    method = forms.ChoiceField(
        label="Method", choices=[(name, name) for name in METHODS], required=False
    )
    uri = forms.CharField(
        label="Path",
        required=False,
        widget=forms.TextInput({**PLAIN, "placeholder": "/orders?page=2"}),
    )
    headers = forms.CharField(
        label="Headers",
        required=False,
        widget=area(3, "apikey: …"),
        help_text="One a line.",
    )
    body = forms.CharField(label="Body", required=False, widget=area(3, ""))
    client_ip = forms.CharField(
        label="Client address",
        required=False,
        widget=forms.TextInput({**PLAIN, "placeholder": "203.0.113.9"}),
    )
    service = forms.CharField(
        label="Service", required=False, widget=forms.TextInput(PLAIN)
    )
    route = forms.CharField(
        label="Route", required=False, widget=forms.TextInput(PLAIN)
    )
    values: dict[str, Any]

    def clean_headers(self) -> dict[str, list[str]]:
        """Return the values by header name."""
        headers: dict[str, list[str]] = {}
        lines = self.cleaned_data["headers"].splitlines()
        for number, line in enumerate(lines, 1):
            name, colon, value = line.partition(":")
            if colon and name.strip():
                headers.setdefault(name.strip(), []).append(value.strip())
            elif line.strip():
                raise forms.ValidationError(f"Line {number} is no “Name: value”.")
        return headers

    def clean(self) -> None:
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "curl" in given:
            names = ("curl", "client_ip", "service", "route")
            given = {name: given[name] for name in names if name in given}
        elif not self.errors:
            given.setdefault("uri", "/")
        try:
            self.values = read(given)
        except Violation as violation:
            for name, error in violation.fields.items():
                self.add_error(name if name in self.fields else None, worded(error))

    def emptied(self) -> "RequestForm":
        """Return the form to show again: without anything that may hold a key."""
        shown = {name: self.data.get(name, "") for name in self.fields}
        shown |= dict.fromkeys(SECRET, "")
        shown["uri"] = shown["uri"].partition("?")[0]
        return RequestForm(initial=shown)


def worded(error: Any) -> str:
    """Return what is wrong with a field, one thing where there are several."""
    if isinstance(error, dict):
        error = list(error.values())
    if isinstance(error, list):
        error = next(filter(None, error), "")
    text = in_words(error) if isinstance(error, str) else "This is not understood."
    return f"{text[:1].upper()}{text[1:]}"
