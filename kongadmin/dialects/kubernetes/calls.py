"""What a request asks: which objects, and the options of its query."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest

from kongadmin.dialects.kubernetes.errors import bad_request, no_such_path
from kongadmin.dialects.kubernetes.kinds import Kind
from kongadmin.dialects.kubernetes.selectors import Selector, read_fields, read_labels
from kongadmin.fields import can_store

STRICT, WARN, IGNORE = VALIDATIONS = ("Strict", "Warn", "Ignore")
FIELDS = frozenset({"metadata.name", "metadata.namespace"})
LONGEST_MANAGER = 128
YES = ("true", "1")


@dataclass(slots=True)
class Call:
    """One request about objects of a kind; `warnings` are sent with its answer.

    Without a namespace it is about all of them, or the kind has none. `seen` is the
    version of the object as it was last looked at, `repeated` the fields that the body
    says twice.
    """

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    agent: str = ""
    warnings: list[str] = field(default_factory=list)
    seen: str = ""
    repeated: list[str] = field(default_factory=list)

    def given(self, name: str) -> str:
        """Return an option of the query, "" if it is not there."""
        value = self.arguments.get(name, "")
        if not isinstance(value, str):
            return ""
        if not can_store(value):
            raise bad_request(f"{name}: Invalid value: no text may be like that")
        return value

    def is_set(self, name: str) -> bool:
        return self.given(name).lower() in YES

    @property
    def is_dry_run(self) -> bool:
        value = self.given("dryRun")
        if value not in ("", "All"):
            raise bad_request(f"dryRun: Unsupported value: {value!r}")
        return value == "All"

    @property
    def validation(self) -> str:
        value = self.given("fieldValidation") or WARN
        if value not in VALIDATIONS:
            known = ", ".join(VALIDATIONS)
            raise bad_request(f"fieldValidation must be one of {known}")
        return value

    def check(self) -> None:
        """Refuse options that say what they cannot, whether or not they matter."""
        _ = self.is_dry_run, self.validation

    @property
    def manager(self) -> str:
        """Return who is writing: kubectl-edit, say, or the program's name."""
        named = self.given("fieldManager") or self.agent.partition("/")[0]
        return named[:LONGEST_MANAGER] or "unknown"

    @property
    def labels(self) -> Selector:
        return read_labels(self.given("labelSelector"))

    @property
    def fields(self) -> Selector:
        known = FIELDS if self.kind.is_custom else FIELDS | {"type"}
        return read_fields(self.given("fieldSelector"), known)

    def number(self, name: str) -> int:
        """Return an option that is a number, 0 where it is not given."""
        text = self.given(name)
        if not (text == "" or (text.isdecimal() and text.isascii() and len(text) < 19)):
            raise bad_request(f"{name}: Invalid value: {text!r}: must be a number")
        return int(text or 0)


def read_call(request: HttpRequest, kind: Kind, **place: Any) -> Call:
    """Return what a request asks of a kind, at the place that its path names."""
    given = {name: unquote(value) for name, value in place.items() if value}
    if not all(map(can_store, given.values())):
        raise no_such_path()
    agent = request.META.get("HTTP_USER_AGENT", "")
    call = Call(kind, **given, arguments=request.arguments, agent=agent)
    call.check()
    return call
