import json

from django.contrib import admin

from kongadmin.admin import EntityAdmin
from kongadmin.plugins.models import Plugin


@admin.register(Plugin)
class PluginAdmin(EntityAdmin):
    """Plugins are configured in the Manager or by the API; secrets are masked here."""

    list_display = ("name", "instance_name", "consumer", "enabled")
    list_select_related = ("consumer",)
    raw_id_fields = ("consumer",)
    exclude = ("scoped_to", "config")
    readonly_fields = (*EntityAdmin.readonly_fields, "name", "configuration")

    @admin.display
    def configuration(self, plugin: Plugin) -> str:
        return json.dumps(plugin.masked_config, indent=2, ensure_ascii=False)

    def has_add_permission(self, request) -> bool:
        return False
