from django.contrib import admin

from kongadmin.admin import EntityAdmin
from kongadmin.plugins.models import Plugin


@admin.register(Plugin)
class PluginAdmin(EntityAdmin):
    list_display = ("name", "instance_name", "consumer", "enabled")
    list_select_related = ("consumer",)
    raw_id_fields = ("consumer",)
    exclude = ("scoped_to",)
