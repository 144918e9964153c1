from django.apps import AppConfig
from django.conf import settings

from kongadmin.environment import refuse


class PluginsConfig(AppConfig):
    name = "kongadmin.plugins"

    def ready(self) -> None:
        from kongadmin.plugins import api, core_entities
        from kongadmin.plugins.catalogue import plugin_schemas
        from kongadmin.schema.named import REGIONS

        REGIONS += [name for name in settings.REGIONS if name not in REGIONS]
        try:
            plugin_schemas()
        except ValueError as error:
            refuse(f"KONGADMIN_PLUGIN_SCHEMAS has a wrong schema: {error}.")
        api.register_plugins()
        core_entities.register_plugins()
