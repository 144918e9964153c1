"""The credential types, one declaration each.

Routes, forms, tabs, decK names and masks all derive from this registry.
"""

from dataclasses import dataclass

from consumers.models import Credential, KeyAuth


@dataclass(frozen=True, slots=True)
class CredentialType:
    """How one type is called, in the API and by people."""

    kind: str
    model: type[Credential]
    path: str
    nested_path: str
    label: str
    noun: str

    @property
    def button(self) -> str:
        return f"New {self.noun}"


CREDENTIALS = {
    declared.kind: declared
    for declared in [
        CredentialType(
            kind="key-auth",
            model=KeyAuth,
            path="key-auths",
            nested_path="key-auth",
            label="Key Authentication",
            noun="Key Auth Credential",
        ),
    ]
}
