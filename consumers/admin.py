from django.contrib import admin

from consumers.models import Consumer, KeyAuth, LastUsed
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


@admin.register(KeyAuth)
class KeyAuthAdmin(EntityAdmin):
    """Keys are made in the Manager or by the API; here they are only seen masked."""

    list_display = ("masked_key", "consumer", "expires_at", "created_at")
    list_select_related = ("consumer",)
    raw_id_fields = ("consumer",)
    fields = ("id", "scope", "consumer", "masked_key", "expires_at", "tags")
    readonly_fields = (*EntityAdmin.readonly_fields, "consumer", "masked_key")

    def has_add_permission(self, request) -> bool:
        return False

    @admin.display(description="Key")
    def masked_key(self, key: KeyAuth) -> str:
        return mask(key.key) or "none"


@admin.register(LastUsed)
class LastUsedAdmin(ReadOnlyAdmin):
    list_display = ("credential_id", "used_at")
    ordering = ("credential_id",)
