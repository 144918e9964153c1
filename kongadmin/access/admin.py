from django.contrib import admin

from kongadmin.access.models import APIToken, SignInFailure
from kongadmin.admin import ReadOnlyAdmin


@admin.register(APIToken)
class APITokenAdmin(admin.ModelAdmin):
    """Tokens are issued in the Manager, where they are shown once."""

    list_display = ("name", "user", "hint", "enabled", "expires_at", "last_used_at")
    list_select_related = ("user",)
    readonly_fields = ("user", "hint", "created_at", "last_used_at")
    ordering = ("id",)

    def has_add_permission(self, request) -> bool:
        return False


@admin.register(SignInFailure)
class SignInFailureAdmin(ReadOnlyAdmin):
    list_display = ("at", "username", "address")
    ordering = ("-at",)
