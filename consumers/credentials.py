"""The credential types, one declaration each.

Routes, forms, tabs, decK names and masks all derive from this registry.
"""

from dataclasses import dataclass

from django.conf import settings

from consumers.models import (
    ACL,
    JWT,
    BasicAuth,
    Credential,
    HMACAuth,
    KeyAuth,
    KeyAuthEnc,
    MTLSAuth,
    OAuth2,
)


@dataclass(frozen=True, slots=True)
class CredentialType:
    """How one type is called, in the API and by people; `kind` is its plugin."""

    kind: str
    model: type[Credential]
    path: str
    nested_path: str
    label: str
    noun: str
    is_enterprise: bool = False

    @property
    def button(self) -> str:
        return f"New {self.noun}"


DECLARED = [
    CredentialType(
        kind="acl",
        model=ACL,
        path="acls",
        nested_path="acls",
        label="ACL",
        noun="ACL Credential",
    ),
    CredentialType(
        kind="basic-auth",
        model=BasicAuth,
        path="basic-auths",
        nested_path="basic-auth",
        label="Basic Authentication",
        noun="Basic Auth Credential",
    ),
    CredentialType(
        kind="hmac-auth",
        model=HMACAuth,
        path="hmac-auths",
        nested_path="hmac-auth",
        label="HMAC Authentication",
        noun="HMAC Credential",
    ),
    CredentialType(
        kind="jwt",
        model=JWT,
        path="jwts",
        nested_path="jwt",
        label="JWT",
        noun="JWT Credential",
    ),
    CredentialType(
        kind="key-auth",
        model=KeyAuth,
        path="key-auths",
        nested_path="key-auth",
        label="Key Authentication",
        noun="Key Auth Credential",
    ),
    CredentialType(
        kind="key-auth-enc",
        model=KeyAuthEnc,
        path="key-auths-enc",
        nested_path="key-auth-enc",
        label="Key Authentication, Encrypted",
        noun="Encrypted Key Auth Credential",
        is_enterprise=True,
    ),
    CredentialType(
        kind="mtls-auth",
        model=MTLSAuth,
        path="mtls-auths",
        nested_path="mtls-auth",
        label="Mutual TLS Authentication",
        noun="Mutual TLS Credential",
        is_enterprise=True,
    ),
    CredentialType(
        kind="oauth2",
        model=OAuth2,
        path="oauth2",
        nested_path="oauth2",
        label="OAuth 2.0 Authentication",
        noun="OAuth 2.0 Credential",
    ),
]

CREDENTIALS = {
    declared.kind: declared
    for declared in DECLARED
    if settings.IS_ENTERPRISE or not declared.is_enterprise
}
