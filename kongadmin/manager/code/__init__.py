"""As code: what one would write instead of clicking, in five languages."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.html import escape
from django.utils.safestring import SafeString

from kongadmin.manager.code import curl, deck, kubectl, python, terraform
from kongadmin.manager.code.acts import Act, Secret, Thing, Verb
from kongadmin.manager.code.writing import (
    HCL,
    INSIDE_JSON,
    PYTHON,
    SECRET,
    SHELL,
    YAML,
    Quoting,
)

__all__ = ["Act", "Panel", "Secret", "Thing", "Verb", "as_code", "is_live"]

COOKIE = "kongadmin_code"


@dataclass(frozen=True, slots=True)
class Language:
    """How acts are written in it; `unsaid` holds a sentence for what cannot be."""

    name: str
    label: str
    write: Callable[[Act], str]
    variable: Callable[[str], str]
    quotings: tuple[Quoting, ...]
    unsaid: dict

    def why_not(self, act: Act) -> str:
        """Return the sentence that says why it has no word for the act, or ""."""
        keys = (
            (act.verb, act.kind),
            (act.place, act.kind),
            *(act.place, act.verb, act.kind),
        )
        found = (self.unsaid[key] for key in keys if key in self.unsaid)
        return act.unsaid.get(self.name) or next(found, "")


def language(name: str, label: str, module, *quotings: Quoting) -> Language:
    unsaid = getattr(module, "UNSAID", {})
    return Language(name, label, module.write, module.variable, quotings, unsaid)


LANGUAGES = [
    language("curl", "curl", curl, SHELL),
    language("deck", "decK", deck, YAML),
    language("kubectl", "kubectl", kubectl, YAML),
    language("terraform", "Terraform", terraform, HCL),
    language("python", "Python", python, PYTHON),
]


@dataclass(frozen=True, slots=True)
class Said:
    """An act in one language: `text`, or why not."""

    language: Language
    act: Act
    is_open: bool

    @property
    def why_not(self) -> str:
        return self.language.why_not(self.act)

    @property
    def text(self) -> str:
        """The text, its secrets as variables."""
        found = self.language.write(self.act)
        return SECRET.sub(lambda secret: self.variable(secret[1]), found)

    @property
    def html(self) -> SafeString:
        """The same; each variable is an element that knows its field."""
        parts = SECRET.split(self.language.write(self.act))
        parts[::2] = map(escape, parts[::2])
        parts[1::2] = map(self._element, parts[1::2])
        return SafeString("".join(parts))

    def variable(self, field: str) -> str:
        return self.language.variable(Secret(field).variable)

    def _element(self, field: str) -> str:
        text = escape(self.variable(field))
        return f'<var data-secret="{escape(field)}">{text}</var>'

    @property
    def quoting(self) -> str:
        """How the page's script quotes a secret that is typed, as JSON."""
        inside = (INSIDE_JSON,) if self.is_in_json else ()
        return json.dumps([each.as_data for each in (*inside, *self.language.quotings)])

    @property
    def is_in_json(self) -> bool:
        return self.language.name == "curl" and self.act.is_konnect


@dataclass(frozen=True, slots=True)
class Panel:
    """An act in every language; the one that was read last is open."""

    act: Act
    chosen: str
    id: str = "code"

    @property
    def languages(self) -> list[Said]:
        return [Said(each, self.act, each.name == self.chosen) for each in LANGUAGES]


def as_code(request: HttpRequest, act: Act, id: str = "code") -> Panel:
    """Return an act as the page shows it; `id` tells panels of one page apart."""
    names = [each.name for each in LANGUAGES]
    chosen = request.COOKIES.get(COOKIE, "")
    return Panel(act, chosen if chosen in names else names[0], id)


def is_live(request: HttpRequest) -> bool:
    """Say whether a form was sent only to be seen as code, while somebody types."""
    return request.method == "POST" and "preview" in request.POST
