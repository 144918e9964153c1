from django.contrib import admin

from kongadmin.admin import ActingAdmin, ReadOnlyAdmin
from realms.models import ControlPlane, Realm, Scope


@admin.register(ControlPlane)
class ControlPlaneAdmin(ActingAdmin):
    list_display = ("name", "comment", "created_at")
    ordering = ("name",)
    actions = None

    def get_readonly_fields(self, request, obj=None):
        return ("name",) if obj and obj.is_default else ()

    def has_delete_permission(self, request, obj=None) -> bool:
        """The default control plane stays."""
        may = super().has_delete_permission(request, obj)
        return may and not (obj and obj.is_default)


@admin.register(Realm)
class RealmAdmin(ActingAdmin):
    list_display = ("name", "region", "ttl", "negative_ttl", "created_at")
    readonly_fields = ("region", "created_at", "updated_at")
    ordering = ("region", "name")
    actions = None


@admin.register(Scope)
class ScopeAdmin(ReadOnlyAdmin):
    ordering = ("id",)
