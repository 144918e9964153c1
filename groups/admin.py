from django.contrib import admin

from groups.models import ConsumerGroup, Membership, Override
from kongadmin.admin import EntityAdmin


@admin.register(ConsumerGroup)
class ConsumerGroupAdmin(EntityAdmin):
    list_display = ("name", "tags", "created_at")
    fields = ("id", "scope", "name", "tags", "created_at", "updated_at")
    search_fields = ("name",)

    def get_search_results(self, request, queryset, search_term):
        return queryset.matching(search_term), False


@admin.register(Membership)
class MembershipAdmin(EntityAdmin):
    """Who joins, joins in the Manager or by the API, where both are of one scope."""

    list_display = ("__str__", "created_at")
    list_select_related = ("consumer", "consumer_group")
    fields = ("id", "scope", "consumer", "consumer_group", "created_at")
    readonly_fields = (*EntityAdmin.readonly_fields, "consumer", "consumer_group")

    def has_add_permission(self, request) -> bool:
        return False


@admin.register(Override)
class OverrideAdmin(EntityAdmin):
    list_display = ("__str__", "config", "created_at")
    list_select_related = ("consumer_group",)
    fields = ("id", "scope", "consumer_group", "config", "created_at", "updated_at")
    readonly_fields = (*EntityAdmin.readonly_fields, "consumer_group")

    def has_add_permission(self, request) -> bool:
        return False
