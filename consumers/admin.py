from collections.abc import Callable

from django.contrib import admin

from consumers.credentials import DECLARED, CredentialType
from consumers.models import Consumer, LastUsed, OAuth2Token
from kongadmin.admin import EntityAdmin, ReadOnlyAdmin
from kongadmin.masks import mask


@admin.register(Consumer)
class ConsumerAdmin(EntityAdmin):
    list_display = ("__str__", "custom_id", "tags", "created_at")
    fields = (
        "id",
        "scope",
        "username",
        "custom_id",
        "tags",
        "created_at",
        "updated_at",
    )
    search_fields = ("username", "custom_id")

    def get_search_results(self, request, queryset, search_term):
        return queryset.matching(search_term), False


class CredentialAdmin(EntityAdmin):
    """Credentials are made in the Manager or by the API; here they are seen masked."""

    declared: CredentialType
    list_select_related = ("consumer",)

    def __init__(self, *args) -> None:
        super().__init__(*args)
        shown = [field_of(self.declared, name) for name in self.declared.columns]
        end = ("expires_at",) if self.declared.can_expire else ()
        self.list_display = (*shown, "consumer", *end, "created_at")
        every = [field_of(self.declared, name) for name in self.declared.fields]
        self.fields = ("id", "scope", "consumer", *every, *end, "tags")
        self.readonly_fields = (*EntityAdmin.readonly_fields, "consumer", *every)

    def has_add_permission(self, request) -> bool:
        return False


def field_of(declared: CredentialType, name: str) -> str | Callable:
    """Return a field as the admin shows it: a secret only masked."""
    if name not in declared.model.secret_fields:
        return name

    @admin.display(description=declared.label_of(name))
    def masked(credential) -> str:
        return credential.seen(name) or "none"

    return masked


for declared in DECLARED:
    face = {"declared": declared}
    name = f"{declared.model.__name__}Admin"
    admin.site.register(declared.model, type(name, (CredentialAdmin,), face))


@admin.register(OAuth2Token)
class OAuth2TokenAdmin(EntityAdmin):
    """Tokens are given by the gateway or the API; here they are only seen masked."""

    list_display = ("masked_token", "credential", "expires_at", "created_at")
    list_select_related = ("credential",)
    fields = (
        *("id", "scope", "credential", "masked_token", "masked_refresh_token"),
        *("authenticated_userid", "granted", "expires_at"),
    )
    readonly_fields = (
        *EntityAdmin.readonly_fields,
        *("credential", "masked_token", "masked_refresh_token"),
    )

    def has_add_permission(self, request) -> bool:
        return False

    @admin.display(description="Access token")
    def masked_token(self, token: OAuth2Token) -> str:
        return mask(token.access_token) or "none"

    @admin.display(description="Refresh token")
    def masked_refresh_token(self, token: OAuth2Token) -> str:
        return mask(token.refresh_token) or "none"


@admin.register(LastUsed)
class LastUsedAdmin(ReadOnlyAdmin):
    list_display = ("credential_id", "used_at")
    ordering = ("credential_id",)
