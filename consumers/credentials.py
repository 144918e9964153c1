"""The credential types, one declaration each.

Routes, forms, tabs, decK names and masks all derive from this registry. What a value
must be like stands in the type's schema.
"""

from dataclasses import dataclass

from django.conf import settings

from consumers.models import (
    ACL,
    JWT,
    BasicAuth,
    Consumer,
    Credential,
    HMACAuth,
    KeyAuth,
    KeyAuthEnc,
    MTLSAuth,
    OAuth2,
)


@dataclass(frozen=True, slots=True)
class CredentialType:
    """How one type is called, in the API and by people; `kind` is its plugin.

    `word` is what one of them is in a sentence, `purpose` what it is for, and `loss`
    what happens once it is gone ("{}" is its consumer). A person fills in `fields`, in
    that order, and a list shows `columns`, of which the first names it. For the fields
    in `suggests` a form offers what others have. `is_used` says whether requests are
    accepted for it, so that it has a last use.
    """

    kind: str
    model: type[Credential]
    path: str
    nested_path: str
    label: str
    noun: str
    word: str
    purpose: str
    loss: str
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    suggests: tuple[str, ...] = ()
    is_used: bool = True
    is_enterprise: bool = False

    @property
    def button(self) -> str:
        return f"New {self.noun}"

    @property
    def name_field(self) -> str:
        """The field that tells one from all others of a consumer."""
        return self.model.endpoint_key or self.fields[0]

    @property
    def is_secret(self) -> bool:
        """Say whether what names a credential of the type is itself the secret."""
        return self.name_field in self.model.secret_fields

    @property
    def can_expire(self) -> bool:
        return self.model.schema.ttl

    def label_of(self, name: str) -> str:
        """Return what people call a field."""
        return self.model._meta.get_field(name).verbose_name

    @property
    def headings(self) -> list[str]:
        """The columns' headings; the id stands in the first one too."""
        first, *others = map(self.label_of, self.columns)
        return [f"{first} and ID", *others]

    def loss_of(self, consumer: Consumer) -> str:
        return self.loss.format(consumer)


DECLARED = [
    CredentialType(
        kind="acl",
        model=ACL,
        path="acls",
        nested_path="acls",
        label="ACL",
        noun="ACL Credential",
        word="ACL group",
        purpose="A group that the plugin acl lets in, or keeps out.",
        loss="{} leaves this group at once: what only the group may call refuses it.",
        fields=("group",),
        columns=("group",),
        suggests=("group",),
        is_used=False,
    ),
    CredentialType(
        kind="basic-auth",
        model=BasicAuth,
        path="basic-auths",
        nested_path="basic-auth",
        label="Basic Authentication",
        noun="Basic Auth Credential",
        word="basic auth credential",
        purpose="A username and a password, sent with each request.",
        loss="Requests of {} with this username and password are refused at once.",
        fields=("username", "password"),
        columns=("username", "password"),
    ),
    CredentialType(
        kind="hmac-auth",
        model=HMACAuth,
        path="hmac-auths",
        nested_path="hmac-auth",
        label="HMAC Authentication",
        noun="HMAC Credential",
        word="HMAC credential",
        purpose="A username, and a secret that requests are signed with.",
        loss="Requests of {} signed with this secret are refused at once.",
        fields=("username", "secret"),
        columns=("username", "secret"),
    ),
    CredentialType(
        kind="jwt",
        model=JWT,
        path="jwts",
        nested_path="jwt",
        label="JWT",
        noun="JWT Credential",
        word="JWT credential",
        purpose="An issuer of tokens, and what their signatures are verified with.",
        loss="Requests of {} with tokens of this issuer are refused at once.",
        fields=("key", "algorithm", "secret", "rsa_public_key"),
        columns=("key", "algorithm", "secret"),
    ),
    CredentialType(
        kind="key-auth",
        model=KeyAuth,
        path="key-auths",
        nested_path="key-auth",
        label="Key Authentication",
        noun="Key Auth Credential",
        word="key",
        purpose="A key, sent with each request in a header or in the query.",
        loss="Requests of {} with this key are refused at once.",
        fields=("key",),
        columns=("key",),
    ),
    CredentialType(
        kind="oauth2",
        model=OAuth2,
        path="oauth2",
        nested_path="oauth2",
        label="OAuth 2.0 Authentication",
        noun="OAuth 2.0 Credential",
        word="OAuth 2.0 client",
        purpose="A client that gets access tokens, for itself or for its users.",
        loss="This client of {} gets no more tokens; those it has end at once.",
        fields=(
            *("name", "client_id", "client_secret", "hash_secret"),
            *("client_type", "redirect_uris"),
        ),
        columns=("name", "client_id", "client_secret"),
    ),
    CredentialType(
        kind="key-auth-enc",
        model=KeyAuthEnc,
        path="key-auths-enc",
        nested_path="key-auth-enc",
        label="Key Authentication, Encrypted",
        noun="Encrypted Key Auth Credential",
        word="encrypted key",
        purpose="A key as the plugin key-auth-enc takes it.",
        loss="Requests of {} with this key are refused at once.",
        fields=("key",),
        columns=("key",),
        is_enterprise=True,
    ),
    CredentialType(
        kind="mtls-auth",
        model=MTLSAuth,
        path="mtls-auths",
        nested_path="mtls-auth",
        label="Mutual TLS Authentication",
        noun="Mutual TLS Credential",
        word="certificate name",
        purpose="The name in a client certificate, checked by the plugin mtls-auth.",
        loss="Requests of {} with this certificate are refused at once.",
        fields=("subject_name",),
        columns=("subject_name",),
        is_enterprise=True,
    ),
]

CREDENTIALS = {
    declared.kind: declared
    for declared in DECLARED
    if settings.IS_ENTERPRISE or not declared.is_enterprise
}
